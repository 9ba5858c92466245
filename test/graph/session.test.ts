import { describe, expect, it } from "vitest";
import type { Graph } from "../../src/graph/graph.ts";
import { GraphError } from "../../src/graph/operator.ts";
import { Session } from "../../src/graph/session.ts";
import { add, conv2d, full, gradients, maxPool2d, memory, mul, relu, scope, ShapeError, sum, type Tensor, tensor, zeros } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { randomArray } from "../array.ts";
import { checkClose, toTensor } from "../check.ts";
import { floats, graphOf, integers, node, value, withOutputs } from "./build.ts";

const w1 = floats([8, 3, 3, 3], 1), w2 = floats([8, 8, 3, 3], 2);

// Two convolutions, a residual connection, a pooling.
const residual = graphOf([
  node("Conv", ["x", "w1"], ["a"], { pads: [1, 1, 1, 1] }),
  node("Relu", ["a"], ["b"]),
  node("Conv", ["b", "w2"], ["c"], { pads: [1, 1, 1, 1] }),
  node("Add", ["c", "b"], ["d"]),
  node("Relu", ["d"], ["e"]),
  node("MaxPool", ["e"], ["y"], { kernel_shape: [2, 2], strides: [2, 2] }),
], { w1, w2 }, ["n", 3, "h", "w"]);

// A session, which keeps transformed filters, may choose another algorithm than the operations.
function expected(x: Tensor, algorithm: "auto" | "gemm" = "auto"): Float32Array {
  const options = { padding: 1, ...(algorithm === "gemm" ? { algorithm } : {}) };
  return scope(() => {
    const [first, second] = [w1, w2].map(({ data, shape }) => tensor(data, shape)) as [Tensor, Tensor];
    const b = relu(conv2d(x, first, options));
    return maxPool2d(relu(add(conv2d(b, second, options), b)), 2).data();
  });
}

const random = (shape: number[], seed = 5): Tensor => toTensor(randomArray(shape, seed));

describe("a session", () => {
  it("computes what the operations compute, for every shape that is fed, again and again", () => {
    const session = new Session(residual, onnxOperators);
    for (const [n, h, w] of [[2, 8, 8], [1, 12, 7], [2, 8, 8], [3, 5, 5], [1, 9, 9], [1, 6, 8], [2, 8, 8]] as const) {
      for (const seed of [5, 6]) {
        scope(() => {
          const x = random([n, 3, h, w], seed);
          checkClose("y", session.run({ x })["y"]!.data(), expected(x), 72);
        });
      }
    }
    session.dispose();
  });

  it("that is first run while gradients are recorded is a constant of the value, and leaves nothing behind", () => {
    const session = new Session(residual, onnxOperators);
    scope(() => {
      const x = random([1, 3, 8, 8]), gain = tensor([2]);
      const y = expected(x);
      scope(() => session.run({ x }));
      session.dispose();
      const before = memory();
      const { value, grads } = gradients(() => sum(mul(session.run({ x })["y"] as Tensor, gain)), [gain]);
      const total = y.reduce((most, one) => most + one, 0);
      checkClose("value", [value], [2 * total], y.length);
      checkClose("gradient", grads.get(gain)!.data(), [total], y.length);
      checkClose("y", scope(() => session.run({ x })["y"]!.data()), y, 72);
      grads.get(gain)!.dispose();
      session.dispose();
      expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
    });
  });

  it("that is exact has the sums of the operations, and weights as large as in the file", () => {
    const plain = new Session(residual, onnxOperators), exact = new Session(residual, onnxOperators, { exact: true });
    scope(() => {
      const x = random([1, 3, 24, 24]);
      plain.run({ x });
      expect(exact.run({ x })["y"]!.data()).toEqual(expected(x, "gemm"));
    });
    expect(exact.memory().weights).toBe((8 * 3 * 9 + 8 * 8 * 9) * 4);
    expect(plain.memory().weights).toBeGreaterThan(exact.memory().weights);
    plain.dispose();
    exact.dispose();
  });

  it("takes inputs in either order of storage", () => {
    const session = new Session(residual, onnxOperators);
    scope(() => {
      const x = random([2, 3, 8, 8]);
      const rows = tensor(x.data(), [2, 3, 8 * 8]);
      const plain = rows.alias([2, 3, 8, 8], "rowMajor");
      checkClose("y", session.run({ x: plain })["y"]!.data(), expected(x), 72);
    });
    session.dispose();
  });

  it("leaves the memory as it was", () => {
    const before = memory();
    const session = new Session(residual, onnxOperators);
    const x = random([2, 3, 8, 8]);
    session.run({ x })["y"]!.dispose();
    const planned = memory();
    for (let i = 0; i < 1000; i++) session.run({ x })["y"]!.dispose();
    expect(memory()).toEqual(planned);
    x.dispose();
    session.dispose();
    expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
  });

  it("runs on bound memory without copying", () => {
    const session = new Session(residual, onnxOperators);
    const bound = session.bind({ x: [2, 3, 8, 8] });
    scope(() => {
      for (const seed of [5, 6]) {
        const x = random([2, 3, 8, 8], seed);
        bound.input("x").set(x.data());
        bound.run();
        checkClose("y", bound.output("y"), expected(x), 72);
        // The input stays as it was written.
        bound.run();
        checkClose("y", bound.output("y"), expected(x), 72);
      }
    });
    expect(() => bound.input("z")).toThrow(/no "z" among x/);
    expect(() => session.bind()).toThrow(/the shape of input "x" is free \(\[n, 3, h, w\]\)/);
    session.dispose();
  });

  it("binds memory in the kernels' own order", () => {
    const session = new Session(residual, onnxOperators);
    const bound = session.bind({ x: [2, 3, 8, 8] }, { layout: "channelsLast" });
    scope(() => {
      const x = random([2, 3, 8, 8]);
      bound.input("x").set(x.view());
      bound.run();
      const y = session.run({ x })["y"]!;
      expect([x.layout, y.layout]).toEqual(["channelsLast", "channelsLast"]);
      expect(bound.output("y")).toEqual(y.view());
    });
    expect(() => session.bind({ x: [2, 3, 8, 8] }, { layout: "NHWC" as "rowMajor" })).toThrow(/layout must be rowMajor or channelsLast, got/);
    session.dispose();
  });

  it("keeps what is bound while other shapes come and go", () => {
    const session = new Session(residual, onnxOperators);
    const bound = session.bind({ x: [1, 3, 8, 8] });
    scope(() => {
      const x = random([1, 3, 8, 8]);
      bound.input("x").set(x.data());
      for (let size = 9; size < 18; size++) session.run({ x: random([1, 3, size, size]) });
      bound.run();
      checkClose("y", bound.output("y"), expected(x), 72);
    });
    session.dispose();
  });

  it("tells where the time goes, and what runs", () => {
    const session = new Session(residual, onnxOperators);
    scope(() => {
      const profile = session.profile({ x: random([1, 3, 32, 32]) });
      expect(profile.map(({ op }) => op)).toEqual(["Conv", "Relu", "Conv", "Add", "Relu", "MaxPool"]);
      expect(profile[0]!.outputShapes).toEqual([[1, 8, 32, 32]]);
      for (const { op, ms, gflops } of profile) expect([ms >= 0, gflops > 0]).toEqual([true, op === "Conv"]);
      expect(session.explain()).toMatch(/Conv {2}Conv_\d+ {2}\[1, 8, 32, 32\] {2}x, w1 -> a {2}pads=1,1,1,1/);
    });
    session.dispose();
  });

  it("does not write over what is read later", () => {
    // b is read again behind the sum, and the input by the last node.
    const graph = graphOf([
      node("Relu", ["x"], ["a"]), node("Neg", ["a"], ["b"]), node("Exp", ["b"], ["c"]), node("Add", ["c", "b"], ["d"]),
      node("Mul", ["d", "b"], ["e"]), node("Sub", ["e", "x"], ["y"]),
    ], {}, ["n"]);
    const session = new Session(graph, onnxOperators);
    scope(() => {
      const x = random([37]);
      const values = Array.from(x.data(), (v) => {
        const b = Math.fround(-Math.max(v, 0));
        return Math.fround(Math.fround((Math.fround(Math.exp(b)) + b) * b) - v);
      });
      const y = session.run({ x })["y"]!.data();
      values.forEach((value, i) => expect(y[i]).toBeCloseTo(value, 5));
    });
    session.dispose();
  });

  it("does not write over what an operator that makes nothing has handed on", () => {
    const pool = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    const graph = graphOf([node("Relu", ["x"], ["a"]), node("Max", ["a"], ["b"]), node("MaxPool", ["b"], ["y"], pool)], {}, [1, 2, "h", "w"]);
    const session = new Session(graph, onnxOperators);
    scope(() => {
      const x = random([1, 2, 9, 7]);
      expect(session.run({ x })["y"]!.data()).toEqual(maxPool2d(relu(x), 3, { stride: 1, padding: 1 }).data());
    });
    session.dispose();
  });

  it("refuses to run on bound memory that was given back", () => {
    const session = new Session(residual, onnxOperators);
    const bound = session.bind({ x: [1, 3, 8, 8] });
    session.dispose();
    expect(() => bound.run()).toThrow(/disposed/);
    expect(() => bound.input("x")).toThrow(/disposed/);
  });

  it("keeps what it made of shapes for as long as a plan that reads it, and gives it back", () => {
    // The unit matrix is known with the shape of x, without reading x.
    const session = new Session(graphOf([node("EyeLike", ["x"], ["e"]), node("Add", ["x", "e"], ["y"])], {}), onnxOperators);
    scope(() => {
      const before = memory();
      for (const n of [3, 4, 3]) expect(scope(() => session.run({ x: zeros([n, n]) })["y"]!.data()[1])).toBe(0);
      // One matrix and one view of x for each plan: what nobody holds, the garbage collector would free.
      expect(memory().tensors).toBe(before.tensors + 4);
      session.dispose();
      expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
    });
  });

  it("keeps a constant that an operator hands on for the plans that read it, when one of them goes", () => {
    // No training: the filters are handed on as they are, though not before the shape of x is known.
    const session = new Session(withOutputs(graphOf([
      node("Size", ["x"], ["size"]),
      node("Less", ["size", "none"], ["training"]),
      node("Dropout", ["w", "ratio", "training"], ["v"]),
      node("Conv", ["x", "v"], ["y"], { pads: [1, 1, 1, 1] }),
    ], { w: floats([3, 3, 3, 3], 1), ratio: value(0.5), none: integers([0]) }), "y", "v"), onnxOperators);
    scope(() => {
      const x = random([1, 3, 6, 6]), before = memory();
      const run = (): Float32Array => scope(() => session.run({ x })["y"]!.data() as Float32Array);
      const y = run();
      // More shapes than are kept, but for the first, which is always used again.
      for (const n of [2, 3, 4, 5, 6, 7]) {
        scope(() => void session.run({ x: random([n, 3, 6, 6]) }));
        // Whoever takes memory now gets what was given back.
        scope(() => {
          for (const size of [81, 162, 216, 256, 432, 1000, 2000]) full([size], NaN);
          expect(run()).toEqual(y);
        });
      }
      session.dispose();
      expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
    });
  });

  it("hands inputs and constants on", () => {
    const graph: Graph = { ...graphOf([node("Identity", ["x"], ["y"]), node("Shape", ["x"], ["s"])], { c: integers([4, 2]) }, ["n", 2]) };
    const outputs = ["y", "s", "c"].map((name) => ({ name, dtype: name === "y" ? "float32" as const : "int64" as const, shape: undefined }));
    const session = new Session({ ...graph, outputs }, onnxOperators);
    scope(() => {
      const { y, s, c } = session.run({ x: tensor([[1, 2], [3, 4], [5, 6]]) });
      expect([y!, s!, c!].map((one) => [...one.data()])).toEqual([[1, 2, 3, 4, 5, 6], [3, 2], [4, 2]]);
    });
    session.dispose();
  });

  it("computes as it comes what depends on values", () => {
    // Which elements are not 0 decides how many there are.
    const graph = graphOf([
      node("Relu", ["x"], ["a"]), node("NonZero", ["a"], ["i"]), node("Transpose", ["i"], ["j"]), node("GatherND", ["a", "j"], ["g"]), node("Exp", ["g"], ["y"]),
    ], {}, ["n"]);
    const session = new Session(graph, onnxOperators);
    for (const values of [[1, -1, 2, 0], [-1, -2, -3, 5], [-1, -1, -1, -1]]) {
      scope(() => {
        const y = session.run({ x: tensor(values) })["y"]!;
        expect([...y.data()]).toEqual(values.filter((value) => value > 0).map((value) => expect.closeTo(Math.exp(value), 3)));
      });
    }
    const before = memory();
    scope(() => void session.run({ x: tensor([1, 2, 3, -1]) }));
    expect(memory()).toEqual(before);
    expect(() => session.bind({ x: [4] })).toThrow(/NonZero, Transpose, GatherND, Exp depend on what a run computes; use run/);
    session.dispose();
  });

  it("refuses wrong inputs by name", () => {
    const session = new Session(residual, onnxOperators);
    scope(() => {
      const x = random([1, 3, 8, 8]);
      expect(() => session.run({})).toThrow(/run: input "x" must be a tensor, got undefined/);
      expect(() => session.run({ x, z: x })).toThrow(/run: the model has no input "z"; it has x/);
      expect(() => session.run({ x: tensor(new Int32Array(192), [1, 3, 8, 8]) as unknown as Tensor })).toThrow(/input "x" is float32, got a tensor of int32/);
      expect(() => session.run({ x: random([1, 4, 8, 8]) })).toThrow(ShapeError);
      expect(() => session.run({ x: random([1, 4, 8, 8]) })).toThrow(/input "x" must have shape \[n, 3, h, w\], it has \[1, 4, 8, 8\]/);
    });
    session.dispose();
  });

  it("names the node that refuses what reaches it, and stays usable", () => {
    const graph = graphOf([node("MaxPool", ["x"], ["y"], { kernel_shape: [5, 5] })], {}, ["n", 1, "h", "w"]);
    const session = new Session(graph, onnxOperators);
    scope(() => {
      const before = memory();
      expect(() => session.run({ x: random([1, 1, 4, 9]) })).toThrow(GraphError);
      expect(() => session.run({ x: random([1, 1, 4, 9]) })).toThrow(/^MaxPool "MaxPool_\d+": .*5.*4/);
      expect(memory().blocks).toBe(before.blocks + 2);
      expect(session.run({ x: random([1, 1, 6, 9]) })["y"]!.shape).toEqual([1, 1, 2, 5]);
    });
    session.dispose();
  });
});
