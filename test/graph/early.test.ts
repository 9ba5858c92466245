import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Graph } from "../../src/graph/graph.ts";
import { Session } from "../../src/graph/session.ts";
import { full, memory, type MemoryReport, scope, tensor, zeros } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { checkClose } from "../check.ts";
import { floats, graphOf, integers, node, value } from "./build.ts";

let before: MemoryReport;
beforeEach(() => void (before = memory()));
afterEach(() => expect(memory()).toEqual({ ...before, capacity: expect.any(Number) }));

function ofIntegers(graph: Graph, dtype: "uint8" | "int64" | "bool"): Graph {
  return { ...graph, inputs: [{ name: "x", dtype, shape: undefined }] };
}

/** How many nodes a run computes without a plan. */
function asItComes(session: Session): string[] {
  return session.explain().split("\n").filter((line) => line.includes("as it comes")).map((line) => line.split(" ")[0]!);
}

describe("a model that is fed integers", () => {
  it("keeps a constant that is handed on because of them", () => {
    // Not training: the result is the constant itself, which the plan reads too.
    const graph = graphOf([
      node("Dropout", ["w", "ratio", "training"], ["v"]),
      node("Add", ["x", "w"], ["s"]),
      node("Add", ["s", "v"], ["y"]),
    ], { w: floats([50], 1), ratio: value(0.5) });
    const session = new Session({ ...graph, inputs: [...graph.inputs, { name: "training", dtype: "bool", shape: undefined }] }, onnxOperators);
    scope(() => {
      const x = zeros([50]), training = tensor(Uint8Array.of(0), []);
      for (let i = 0; i < 3; i++) {
        expect(scope(() => session.run({ x, training })["y"]!.data())).toEqual(floats([50], 1).data.map((one) => 2 * one));
        // What was given back holds something else now.
        for (let k = 0; k < 5; k++) full([50], NaN);
      }
    });
    session.dispose();
  });

  it("plans what is behind a cast: pictures of bytes, the channels last", () => {
    const w = floats([4, 3, 3, 3], 1);
    const graph = ofIntegers(graphOf([
      node("Transpose", ["x"], ["t"], { perm: [0, 3, 1, 2] }),
      node("Cast", ["t"], ["c"], { to: 1 }),
      node("Div", ["c", "scale"], ["d"]),
      node("Conv", ["d", "w"], ["y"]),
    ], { w, scale: { dtype: "float32", shape: [], data: Float32Array.of(255) } }), "uint8");
    const session = new Session(graph, onnxOperators);
    for (const [n, h] of [[1, 6], [2, 5], [1, 6]] as const) {
      scope(() => {
        const pixels = Uint8Array.from({ length: n * h * 7 * 3 }, (_, i) => (i * 37 + h) % 256);
        const y = session.run({ x: tensor(pixels, [n, h, 7, 3]) })["y"]!;
        expect(y.shape).toEqual([n, 4, h - 2, 5]);
        const expected = Array.from({ length: n * 4 * (h - 2) * 5 }, (_, i) => {
          const j = i % 5, k = Math.floor(i / 5) % (h - 2), o = Math.floor(i / 5 / (h - 2)) % 4, sample = Math.floor(i / 20 / (h - 2));
          let sum = 0;
          for (let c = 0; c < 3; c++) for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) {
            sum += (w.data[((o * 3 + c) * 3 + a) * 3 + b]! * pixels[((sample * h + k + a) * 7 + j + b) * 3 + c]!) / 255;
          }
          return sum;
        });
        checkClose("y", y.data(), Float32Array.from(expected), 27);
      });
    }
    expect(asItComes(session)).toEqual(["Transpose", "Cast"]);
    session.dispose();
  });

  it("plans what is behind an embedding, and keeps shapes of tokens as part of the plan", () => {
    const table = floats([9, 4], 2), w = floats([4, 4], 3);
    const graph = ofIntegers(graphOf([
      node("Gather", ["table", "x"], ["e"]),
      node("Shape", ["x"], ["s"]),
      node("Concat", ["s", "halves"], ["t"], { axis: 0 }),
      node("Reshape", ["e", "t"], ["r"]),
      node("Cast", ["x"], ["same"], { to: 7 }),
      node("Equal", ["same", "nothing"], ["isPadding"]),
      node("Where", ["isPadding", "zero", "one"], ["mask"]),
      node("Unsqueeze", ["mask", "last"], ["wide"]),
      node("MatMul", ["e", "w"], ["m"]),
      node("Mul", ["m", "wide"], ["masked"]),
      node("Reshape", ["masked", "t"], ["p"]),
      node("Add", ["p", "r"], ["y"]),
    ], {
      table, w, halves: integers([2, 2]), nothing: { dtype: "int64", shape: [], data: Float64Array.of(0) }, last: integers([-1]),
      zero: { dtype: "float32", shape: [], data: Float32Array.of(0) }, one: { dtype: "float32", shape: [], data: Float32Array.of(1) },
    }), "int64");
    const session = new Session({ ...graph, outputs: [...graph.outputs, { name: "isPadding", dtype: "bool", shape: undefined }] }, onnxOperators);
    for (const tokens of [[3, 0, 8], [1, 2, 4], [5, 0], [7, 7, 7]]) {
      scope(() => {
        const { y, isPadding } = session.run({ x: tensor(Int32Array.from(tokens), [1, tokens.length]) });
        expect(y!.shape).toEqual([1, tokens.length, 2, 2]);
        expect(Array.from(isPadding!.data())).toEqual(tokens.map((token) => Number(token === 0)));
        checkClose("y", y!.data(), Float32Array.from(tokens.flatMap((token) => [0, 1, 2, 3].map((j) => {
          let sum = table.data[token * 4 + j]!;
          if (token !== 0) for (let k = 0; k < 4; k++) sum += table.data[token * 4 + k]! * w.data[k * 4 + j]!;
          return sum;
        }))), 8);
      });
    }
    expect(asItComes(session)).not.toContain("MatMul");
    expect(asItComes(session)).not.toContain("Reshape");
    session.dispose();
  });

  it("refuses a token that the table does not have, and goes on", () => {
    const graph = ofIntegers(graphOf([node("Gather", ["table", "x"], ["y"])], { table: floats([3, 2]) }), "int64");
    const session = new Session(graph, onnxOperators);
    const x = tensor(Int32Array.of(3)), y = tensor(Int32Array.of(2));
    expect(() => session.run({ x })).toThrow(/Gather.*3/);
    session.run({ x: y })["y"]!.dispose();
    for (const one of [x, y]) one.dispose();
    session.dispose();
  });
});
