import { describe, expect, it } from "vitest";
import type { Attribute, Graph } from "../../src/graph/graph.ts";
import { poolFirst } from "../../src/graph/passes/poolFirst.ts";
import { Session } from "../../src/graph/session.ts";
import { scope } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { randomArray } from "../array.ts";
import { checkClose, toTensor } from "../check.ts";
import { floats, graphOf, node } from "./build.ts";

const half = { kernel_shape: [2, 2], strides: [2, 2] };

interface Case {
  conv?: Record<string, Attribute>;
  pool?: Record<string, Attribute>;
  filters?: number[];
  op?: string;
}

function graph({ conv = {}, pool = half, filters = [6, 4, 1, 1], op = "AveragePool" }: Case): Graph {
  return graphOf([
    node("Conv", ["x", "w", "b"], ["a"], conv),
    node(op, ["a"], ["y"], op.startsWith("Global") ? {} : pool),
  ], { w: floats(filters, 1), b: floats([filters[0]!], 2) }, [2, 4, 9, 10]);
}

function run(one: Graph): Float32Array {
  return scope(() => {
    const session = new Session(one, onnxOperators);
    const y = session.run({ x: toTensor(randomArray([2, 4, 9, 10], 3)) })["y"]!.data() as Float32Array;
    session.dispose();
    return y;
  });
}

const operators = (one: Graph): string[] => one.nodes.map(({ op }) => op);

describe("poolFirst", () => {
  it.each<Case>([
    {},
    { op: "GlobalAveragePool" },
    { pool: { kernel_shape: [3, 2], strides: [2, 3], auto_pad: "VALID" } },
    { pool: { ...half, pads: [0, 0, 0, 0], count_include_pad: 1 } },
    { conv: { group: 2, strides: [1, 1], pads: [0, 0, 0, 0] }, filters: [6, 2, 1, 1] },
  ])("moves the mean before the convolution: %o", (one) => {
    const plain = graph(one), moved = poolFirst(plain);
    expect(operators(moved)).toEqual(operators(plain).reverse());
    checkClose("y", run(moved), run(plain), 4 * 9 * 10);
  });

  it.each<Case>([
    { pool: { kernel_shape: [2, 2] } },
    { pool: { ...half, pads: [1, 1, 1, 1] } },
    { pool: { ...half, auto_pad: "SAME_UPPER" } },
    { pool: { ...half, ceil_mode: 1 } },
    { op: "MaxPool" },
    { conv: { strides: [2, 1] } },
    { conv: { pads: [1, 0, 0, 0] } },
    { filters: [6, 4, 1, 3] },
  ])("leaves alone what would be another mean, or no cheaper: %o", (one) => {
    const plain = graph(one);
    expect(poolFirst(plain)).toBe(plain);
  });

  it("leaves a convolution that others read", () => {
    const plain = graph({});
    const shared = { ...plain, outputs: [...plain.outputs, { name: "a", dtype: "float32" as const, shape: undefined }] };
    expect(poolFirst(shared)).toBe(shared);
  });
});
