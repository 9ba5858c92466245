import { afterEach, beforeEach, expect, test } from "vitest";
import { GraphError } from "../../src/graph/operator.ts";
import { Session } from "../../src/graph/session.ts";
import { optimise } from "../../src/graph/optimise.ts";
import { type DType, memory, type MemoryReport, Random, scope, type Tensor, tensor } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { checkOperators, readOnnx } from "../../src/onnx/read.ts";
import { encodeModel, type ModelSpec } from "./encode.ts";

// Mutated files: whatever comes of them, it is an error of this package, or a result.

let before: MemoryReport;
beforeEach(() => void (before = memory()));
afterEach(() => expect(memory()).toEqual({ ...before, capacity: expect.any(Number) }));

const x = { shape: [1, 2, 5, 5] } as const;
const floats = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(i + 1));

const models: Record<string, ModelSpec> = {
  network: {
    inputs: { x },
    outputs: ["y"],
    initializers: {
      w: { shape: [4, 2, 3, 3], data: floats(72) },
      b: { shape: [4], data: floats(4) },
      shape: { type: "int64", shape: [2], data: [0, -1] },
      v: { shape: [3, 36], data: floats(108) },
    },
    nodes: [
      { op: "Conv", name: "conv", inputs: ["x", "w", "b"], outputs: ["c"], attributes: { pads: [1, 1, 1, 1], kernel_shape: [3, 3] } },
      { op: "Relu", inputs: ["c"], outputs: ["r"] },
      { op: "MaxPool", inputs: ["r"], outputs: ["p"], attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 } },
      { op: "Reshape", inputs: ["p", "shape"], outputs: ["f"] },
      { op: "Gemm", inputs: ["f", "v"], outputs: ["g"], attributes: { transB: 1, alpha: { float: 0.5 } } },
      { op: "Softmax", inputs: ["g"], outputs: ["y"], attributes: { axis: -1 } },
    ],
  },
  shapes: {
    inputs: { x },
    outputs: ["y", "n"],
    initializers: {
      start: { type: "int64", shape: [1], data: [2] }, end: { type: "int64", shape: [1], data: [9] },
        pads: { type: "int64", shape: [8], data: [0, 0, 1, 2, 0, 0, 0, 1] },
      two: { type: "int64", shape: [1], data: [2] }, empty: { shape: [0], data: [] },
    },
    nodes: [
      { op: "Shape", inputs: ["x"], outputs: ["s"] },
      { op: "Slice", inputs: ["s", "start", "end"], outputs: ["hw"] },
      { op: "Mul", inputs: ["hw", "two"], outputs: ["size"] },
      { op: "Constant", outputs: ["nc"], attributes: { value: { tensor: { type: "int64", shape: [2], data: [1, 2] } } } },
      { op: "Concat", inputs: ["nc", "size"], outputs: ["sizes"], attributes: { axis: 0 } },
      { op: "Resize", inputs: ["x", "empty", "empty", "sizes"], outputs: ["z"], attributes: { mode: "linear" } },
      { op: "Pad", inputs: ["z", "pads"], outputs: ["q"], attributes: { mode: "reflect" } },
      { op: "ReduceMean", inputs: ["q", "start"], outputs: ["y"], attributes: { keepdims: 0 } },
      { op: "Range", inputs: ["a", "b", "d"], outputs: ["n"] },
      { op: "Constant", outputs: ["a"], attributes: { value_int: 0 } },
      { op: "Constant", outputs: ["b"], attributes: { value_int: 5 } },
      { op: "Constant", outputs: ["d"], attributes: { value_int: 2 } },
    ],
  },
  functions: {
    inputs: { x },
    outputs: ["y"],
    functions: [{
      name: "Twice", domain: "own", inputs: ["a"], outputs: ["b"],
      nodes: [{ op: "Add", inputs: ["a", "a"], outputs: ["t"] }, { op: "Identity", inputs: ["t"], outputs: ["b"] }],
    }],
    nodes: [
      { op: "Twice", domain: "own", inputs: ["x"], outputs: ["t"] },
      { op: "Constant", outputs: ["c"], attributes: { value: { tensor: { type: "bool", shape: [], data: [1] } } } },
      { op: "If", inputs: ["c"], outputs: ["y"], attributes: {
        then_branch: { graph: { nodes: [{ op: "Neg", inputs: ["t"], outputs: ["n"] }], outputs: ["n"] } },
        else_branch: { graph: { nodes: [{ op: "Abs", inputs: ["t"], outputs: ["m"] }], outputs: ["m"] } },
      } },
    ],
  },
};

// More, for a long run: FUZZ=20000.
const rounds = Number((globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env["FUZZ"] ?? 1500);

test.each(Object.keys(models))("mutations of %s", (name) => {
  const random = new Random(name.length);
  const draw = (below: number): number => Math.floor(random.uniform() * below);
  const original = encodeModel(models[name]!);
  expect(attempt(original)).toBe("ran");
  const seen = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    let bytes = original.slice();
    for (let count = 1 + draw(3); count > 0; count--) {
      const at = draw(bytes.length);
      switch (draw(5)) {
        case 0: bytes[at] = draw(256); break;
        case 1: bytes[at] = bytes[at]! ^ (1 << draw(8)); break;
        case 2: bytes = bytes.slice(0, at + 1); break;
        case 3: bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + draw(8))]); break;
        // Large numbers.
        default: bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + draw(9)));
      }
    }
    const outcome = attempt(bytes);
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  }
  expect(seen.get("refused")).toBeGreaterThan(rounds / 4);
  expect(Object.prototype).not.toHaveProperty("polluted");
});

function attempt(bytes: Uint8Array): string {
  const start = Date.now();
  try {
    const graph = readOnnx(bytes);
    checkOperators(graph, onnxOperators);
    const session = new Session(optimise(graph, onnxOperators).graph, onnxOperators);
    try {
      scope(() => {
        const feeds: Record<string, Tensor<DType>> = {};
        for (const { name, shape = [] } of session.inputs) {
          const lengths = shape.map((length) => (typeof length === "number" && length < 1000 ? length : 2));
          const size = lengths.reduce((a, b) => a * b, 1);
          if (size > 1e5) return;
          feeds[name] = tensor(Float32Array.from({ length: size }, (_, i) => Math.cos(i)), lengths);
        }
        session.run(feeds);
      });
    } finally {
      session.dispose();
    }
    return "ran";
  } catch (error) {
    // What is fed may not be what a mutated model wants.
    const typed = error instanceof GraphError || (error instanceof Error && /^(run|out of memory)/.test(error.message));
    if (!typed) throw error;
    return "refused";
  } finally {
    expect(Date.now() - start).toBeLessThan(5000);
  }
}
