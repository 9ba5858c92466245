import { expect, it } from "vitest";
import { add, conv2d, maxPool2d, memory, relu, scope, type Tensor, tensor } from "../../src/index.ts";
import { randomArray } from "../array.ts";
import { toTensor } from "../check.ts";
import type { Constant, Graph, GraphNode } from "../../src/graph/graph.ts";
import type { Operator, Operators } from "../../src/graph/operator.ts";
import { Session } from "../../src/graph/session.ts";
import { Value } from "../../src/graph/value.ts";

// A session that keeps transformed filters may choose another algorithm than one call does: this one is the same in both.
const options = { padding: 1, algorithm: "gemm" } as const;
const randn = (shape: number[]): Tensor => toTensor(randomArray(shape, shape.length));
const node = (op: string, inputs: string[], outputs: string[]): GraphNode => ({ op, domain: "", name: op, inputs, outputs, attributes: new Map() });
const table: Record<string, Operator> = {
  Conv: ({ inputs: [x, w] }) => Value.of(conv2d(x!.tensor(), w!.tensor(), options)),
  Relu: ({ inputs: [x] }) => Value.of(relu(x!.tensor())),
  Add: ({ inputs: [x, y] }) => Value.of(add(x!.tensor(), y!.tensor())),
  MaxPool: ({ inputs: [x] }) => Value.of(maxPool2d(x!.tensor(), 2)),
};
const operators: Operators = new Map([["", new Map(Object.entries(table))]]);

it("runs as the operations do", () => {
  const w1 = randn([8, 3, 3, 3]), w2 = randn([8, 8, 3, 3]);
  const constant = (w: Tensor): Constant => ({ dtype: "float32", shape: w.shape, data: w.data() });
  const graph: Graph = {
    name: "g", opset: 13,
    nodes: [node("Conv", ["x", "w1"], ["a"]), node("Relu", ["a"], ["b"]), node("Conv", ["b", "w2"], ["c"]), node("Add", ["c", "b"], ["d"]),
      node("Relu", ["d"], ["e"]), node("MaxPool", ["e"], ["y"])],
    inputs: [{ name: "x", dtype: "float32", shape: ["n", 3, "h", "w"] }],
    outputs: [{ name: "y", dtype: "float32", shape: undefined }],
    constants: new Map([["w1", constant(w1)], ["w2", constant(w2)]]),
  };
  const session = new Session(graph, operators);
  for (const size of [8, 12, 8]) {
    const x = randn([2, 3, size, size]);
    const expected = scope(() => {
      const b = relu(conv2d(x, w1, options));
      return maxPool2d(relu(add(conv2d(b, w2, options), b)), 2).data();
    });
    const y = session.run({ x })["y"]!;
    expect(Array.from(y.data())).toEqual(Array.from(expected));
    y.dispose(); x.dispose();
  }
  console.log(session.memory(), memory());
  session.dispose();
  console.log(memory());
});
