// All passes together, on graphs that nobody drew.

import { expect, it } from "vitest";
import type { Constant, GraphNode } from "../../src/graph/graph.ts";
import { optimise } from "../../src/graph/optimise.ts";
import { Random } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { floats, graphOf, integers, node, positive, value, withOutputs } from "./build.ts";
import { passed } from "./passed.ts";

const around = { pads: [1, 1, 1, 1] };

// Nodes that take a map of 4 channels and give one.
function draw(random: Random, known: string[], constants: Record<string, Constant>, nodes: GraphNode[]): string {
  const make = (op: string, inputs: string[], attributes = {}): string => {
    const name = `v${nodes.length}`;
    nodes.push(node(op, inputs, [name], attributes));
    return name;
  };
  const add = (constant: Constant): string => {
    const name = `c${Object.keys(constants).length}`;
    constants[name] = constant;
    return name;
  };
  const any = (): string => known[random.integer(known.length)]!;
  const from = random.integer(3) === 0 ? any() : known.at(-1)!, seed = random.integer(1000);
  switch (random.integer(14)) {
    case 0: case 1: return make("Conv", [from, add(floats([4, 4, 3, 3], seed))], around);
    case 2: return make("Conv", [from, add(floats([4, 4, 3, 3], seed)), add(floats([4], seed))], around);
    case 3: return make("Conv", [from, add(floats([4, 1, 1, 1], seed))], { group: 4 });
    case 4: return make("ConvTranspose", [from, add(floats([4, 2, 3, 3], seed))], { group: 2, pads: [1, 1, 1, 1] });
    case 5: return make("BatchNormalization", [from, ...[positive, floats, floats, positive].map((fill, i) => add(fill([4], seed + i)))]);
    case 6: return make(["Add", "Sub", "Mul", "Div"][seed % 4]!, [from, add(seed % 8 < 4 ? positive([4, 1, 1], seed) : value(0.5))]);
    case 7: return make("Add", [from, any()]);
    case 8: return make("Add", [any(), from]);
    case 9: return make("Mul", [from, make("Sigmoid", [from])]);
    case 10: return make("Identity", [seed % 2 ? from : make("Dropout", [from])]);
    case 11: return make("Conv", [make("Pad", [from, add(integers([0, 0, 1, 1, 0, 0, 1, 1]))]), add(floats([4, 4, 3, 3], seed))]);
    case 12: return make("Mul", [from, make("HardSigmoid", [from], { alpha: 1 / 6, beta: 0.5 })]);
    default: return make(["Relu", "LeakyRelu", "Sigmoid", "HardSwish", "Tanh"][seed % 5]!, [from]);
  }
}

it("passes leave the results of random graphs as they are", () => {
  const fused = new Set<string>();
  for (let seed = 0; seed < 150; seed++) {
    const random = new Random(seed), known = ["x"], nodes: GraphNode[] = [], constants: Record<string, Constant> = {};
    for (let i = 0; i < 12; i++) known.push(draw(random, known, constants, nodes));
    const outputs = [...new Set([known.at(-1)!, known[1 + random.integer(12)]!])];
    const graph = withOutputs(graphOf(nodes, constants), ...outputs);
    try {
      const after = passed((one) => optimise(one, onnxOperators).graph, graph, [1, 4, 5, 4]);
      for (const { op, domain } of after.nodes) if (domain !== "") fused.add(op);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  expect(fused).toContain("Conv");
});
