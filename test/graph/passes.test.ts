// Each pass by itself: the same results with other nodes, and the cases where it must leave the graph alone.

import { describe, expect, it } from "vitest";
import type { Constant, GraphNode } from "../../src/graph/graph.ts";
import { foldConstants } from "../../src/graph/passes/foldConstants.ts";
import { foldScale } from "../../src/graph/passes/foldScale.ts";
import { fuseEpilogue } from "../../src/graph/passes/fuseEpilogue.ts";
import { placePadding } from "../../src/graph/passes/placePadding.ts";
import { removeIdentities } from "../../src/graph/passes/removeIdentities.ts";
import { Session } from "../../src/graph/session.ts";
import { scope } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { randomArray } from "../array.ts";
import { toTensor } from "../check.ts";
import { floats, graphOf, integers, node, positive, value, withOutputs } from "./build.ts";
import { ops, type Pass, passed } from "./passed.ts";

/** A case: nodes, the constants that they read, the operators behind the pass; the shape of the input. */
type PassCase = readonly [name: string, nodes: GraphNode[], constants: Record<string, Constant>, after: string, shape?: number[]];

function table(pass: Pass, cases: readonly PassCase[]): void {
  for (const [name, nodes, constants, after, shape] of cases) {
    it(name, () => {
      expect(ops(passed(pass, graphOf(nodes, constants), shape))).toBe(after);
    });
  }
}

const around = { pads: [1, 1, 1, 1] };
const conv = (from: string, to: string, w = "w", ...rest: string[]): GraphNode => node("Conv", [from, w, ...rest], [to], around);
const w = floats([4, 4, 3, 3], 1), b = floats([4], 2);

describe("removeIdentities", () => {
  table(removeIdentities, [
    ["drops chains of them", [node("Identity", ["x"], ["a"]), node("Identity", ["a"], ["b"]), node("Relu", ["b"], ["y"])], {}, "Relu"],
    ["renames every reader", [
      node("Relu", ["x"], ["r"]), node("Identity", ["r"], ["a"]), node("Add", ["a", "r"], ["b"]), node("Mul", ["b", "a"], ["y"]),
    ], {}, "Relu Add Mul"],
    ["keeps the name of an output", [
      node("Identity", ["x"], ["a"]), node("Relu", ["a"], ["b"]), node("Identity", ["b"], ["y"]),
    ], {}, "Relu Identity"],
    ["drops dropout", [
      node("Dropout", ["x"], ["a"], { ratio: 0.5 }), node("Dropout", ["a", "ratio", "no"], ["b", ""]), node("Relu", ["b"], ["y"]),
    ], { ratio: value(0.5), no: { dtype: "bool", shape: [], data: Float64Array.of(0) } }, "Relu"],
    ["keeps dropout whose mask is read", [
      node("Dropout", ["x"], ["a", "mask"]), node("Cast", ["mask"], ["m"], { to: 1 }), node("Mul", ["a", "m"], ["y"]),
    ], {}, "Dropout Cast Mul"],
    ["leaves constants to other passes", [node("Identity", ["c"], ["d"]), node("Add", ["x", "d"], ["y"])], { c: b }, "Add", [2, 4]],
  ]);

  it("keeps dropout in training", () => {
    const yes: Constant = { dtype: "bool", shape: [], data: Float64Array.of(1) };
    for (const training of ["yes", "x"]) {
      const graph = graphOf([node("Dropout", ["x", "ratio", training], ["a"]), node("Relu", ["a"], ["y"])], { ratio: value(0.5), yes });
      expect(ops(removeIdentities(graph))).toBe("Dropout Relu");
    }
  });

  it("keeps an output behind which nodes read on", () => {
    const graph = graphOf([node("Relu", ["x"], ["a"]), node("Identity", ["a"], ["z"]), node("Neg", ["z"], ["y"])], {});
    expect(ops(passed(removeIdentities, withOutputs(graph, "y", "z")))).toBe("Relu Identity Neg");
  });
});

describe("foldConstants", () => {
  table(foldConstants, [
    ["computes what reads constants alone, chains too", [
      node("Mul", ["c", "c"], ["d"]), node("Exp", ["d"], ["e"]), node("Add", ["x", "e"], ["y"]),
    ], { c: floats([5]) }, "Add"],
    ["shapes", [
      node("Concat", ["i", "j"], ["s"], { axis: 0 }), node("Reshape", ["x", "s"], ["y"]),
    ], { i: integers([0]), j: integers([-1]) }, "Reshape"],
    ["optional inputs that are left out", [
      node("Clip", ["c", "", "m"], ["d"]), node("Add", ["x", "d"], ["y"]),
    ], { c: floats([5]), m: value(0.1) }, "Add"],
    ["nothing that reads an input", [node("Shape", ["x"], ["s"]), node("Reshape", ["x", "s"], ["y"])], {}, "Shape Reshape"],
    ["an output that is constant", [node("Exp", ["c"], ["y"])], { c: floats([3]) }, ""],
  ]);

  it("leaves what differs from run to run, and what it does not know", () => {
    const nodes = [node("RandomNormal", [], ["r"], { shape: [5] }), node("Unheard", ["c"], ["u"]), node("Add", ["u", "r"], ["y"])];
    expect(ops(foldConstants(graphOf(nodes, { c: floats([5]) }), onnxOperators))).toBe("RandomNormal Unheard Add");
  });
});

const statistics = { gamma: positive([4], 3), beta: floats([4], 4), mean: floats([4], 5), variance: positive([4], 6) };
const norm = (from: string, to: string, attributes = {}): GraphNode => {
  return node("BatchNormalization", [from, "gamma", "beta", "mean", "variance"], [to], attributes);
};

describe("foldScale", () => {
  table(foldScale, [
    ["normalisation into a convolution", [conv("x", "a"), norm("a", "y", { epsilon: 0.01 })], { w, ...statistics }, "Conv"],
    ["with a bias", [conv("x", "a", "w", "b"), norm("a", "y")], { w, b, ...statistics }, "Conv"],
    ["a chain", [
      conv("x", "a"), norm("a", "c"), node("Mul", ["c", "s"], ["d"]), node("Add", ["t", "d"], ["y"]),
    ], { w, ...statistics, s: floats([4, 1, 1], 7), t: floats([1, 4, 1, 1], 8) }, "Conv"],
    ["one number for all channels", [
      conv("x", "a"), node("Mul", ["s", "a"], ["c"]), node("Sub", ["t", "c"], ["d"]), node("Div", ["d", "s"], ["y"]),
    ], { w, s: value(0.5), t: value(3) }, "Conv"],
    ["terms and factors on either side", [
      conv("x", "a", "w", "b"), node("Sub", ["a", "t"], ["c"]), node("Sub", ["t", "c"], ["d"]), node("Div", ["d", "s"], ["e"]),
      node("Add", ["e", "t"], ["y"]),
    ], { w, b, t: floats([4, 1, 1], 7), s: positive([1, 4, 1, 1], 8) }, "Conv"],
    ["groups", [node("Conv", ["x", "w"], ["a"], { group: 2 }), norm("a", "y")], { w: floats([4, 2, 3, 3]), ...statistics }, "Conv"],
    ["a depthwise convolution", [
      node("Conv", ["x", "w"], ["a"], { group: 4 }), norm("a", "y"),
    ], { w: floats([4, 1, 3, 3]), ...statistics }, "Conv"],
    ["one axis", [node("Conv", ["x", "w"], ["a"]), norm("a", "y")], { w: floats([4, 3, 3]), ...statistics }, "Conv", [2, 3, 9]],
    ["a transposed convolution", [
      node("ConvTranspose", ["x", "w", "b"], ["a"], { strides: [2, 2] }), norm("a", "y"),
    ], { w, b, ...statistics }, "ConvTranspose"],
    ["a transposed convolution of groups", [
      node("ConvTranspose", ["x", "w"], ["a"], { group: 2 }), norm("a", "y"),
    ], { w: floats([4, 2, 3, 3]), ...statistics }, "ConvTranspose"],
    ["a transposed depthwise convolution", [
      node("ConvTranspose", ["x", "w"], ["a"], { group: 4 }), node("Mul", ["a", "s"], ["y"]),
    ], { w: floats([4, 1, 2, 2]), s: floats([4, 1, 1], 7) }, "ConvTranspose"],
    ["a matrix product", [
      node("Gemm", ["x", "w", "b"], ["a"]), norm("a", "c"), node("Add", ["c", "t"], ["y"]),
    ], { w: floats([7, 4]), b, ...statistics, t: floats([1, 4], 7) }, "Gemm", [3, 7]],
    ["a matrix product, transposed", [
      node("Gemm", ["x", "w"], ["a"], { transB: 1 }), node("Mul", ["a", "s"], ["y"]),
    ], { w: floats([4, 7]), s: floats([4], 7) }, "Gemm", [3, 7]],
    ["a matrix product with one number as bias", [
      node("Gemm", ["x", "w", "b"], ["a"]), node("Mul", ["a", "s"], ["y"]),
    ], { w: floats([7, 4]), b: value(0.5), s: floats([4], 7) }, "Gemm", [3, 7]],
    // Not:
    ["no bias that differs between rows", [
      node("Gemm", ["x", "w", "b"], ["a"]), node("Mul", ["a", "s"], ["y"]),
    ], { w: floats([7, 4]), b: floats([4, 1]), s: floats([4], 7) }, "Gemm Mul", [4, 7]],
    ["no bias that is a matrix", [
      node("Gemm", ["x", "w", "b"], ["a"]), node("Mul", ["a", "s"], ["y"]),
    ], { w: floats([7, 4]), b: floats([3, 4]), s: floats([4], 7) }, "Gemm Mul", [3, 7]],
    ["no product with alpha", [
      node("Gemm", ["x", "w"], ["a"], { alpha: 0.5 }), node("Mul", ["a", "s"], ["y"]),
    ], { w: floats([7, 4]), s: floats([4], 7) }, "Gemm Mul", [3, 7]],
    ["no quotient of a constant", [conv("x", "a"), node("Div", ["s", "a"], ["y"])], { w, s: value(2) }, "Conv Div"],
    ["no factor along another axis", [conv("x", "a"), node("Mul", ["a", "s"], ["y"])], { w, s: floats([1, 1, 6, 1]) }, "Conv Mul"],
    ["no factor along the last axis, of as many numbers as channels", [
      conv("x", "a"), node("Mul", ["a", "s"], ["y"]),
    ], { w, s: floats([4]) }, "Conv Mul", [2, 4, 6, 4]],
    ["no factor that makes the result larger", [
      conv("x", "a"), node("Mul", ["a", "s"], ["y"]),
    ], { w: floats([1, 4, 3, 3]), s: floats([1, 4, 1, 1]) }, "Conv Mul"],
    ["no factor of higher rank", [conv("x", "a"), node("Mul", ["a", "s"], ["y"])], { w, s: floats([1, 1, 1, 1, 1]) }, "Conv Mul"],
    ["nothing that another node reads", [
      conv("x", "a"), norm("a", "c"), node("Add", ["c", "a"], ["y"]),
    ], { w, ...statistics }, "Conv BatchNormalization Add"],
    ["nothing into computed filters", [
      node("Neg", ["x"], ["w"]), node("Conv", ["x", "w"], ["a"]), node("Mul", ["a", "s"], ["y"]),
    ], { s: value(2) }, "Neg Conv Mul", [2, 2, 3, 3]],
    ["nothing into a computed bias", [
      node("ReduceMean", ["x", "axes"], ["m"], { keepdims: 0 }), conv("x", "a", "w", "m"), node("Mul", ["a", "s"], ["y"]),
    ], { w, axes: integers([0, 2, 3]), s: value(2) }, "ReduceMean Conv Mul"],
    ["no product with itself", [conv("x", "a"), node("Mul", ["a", "a"], ["y"])], { w }, "Conv Mul"],
  ]);

  it("leaves what is an output, and filters that others read", () => {
    const graph = graphOf([conv("x", "a"), norm("a", "y"), conv("x", "z")], { w, ...statistics });
    expect(ops(passed(foldScale, withOutputs(graph, "y", "a", "z")))).toBe("Conv BatchNormalization Conv");
    const after = passed(foldScale, withOutputs(graph, "y", "z"));
    expect(ops(after)).toBe("Conv Conv");
    expect(after.constants.get("w")).toBe(w);
    expect([...after.constants.keys()].sort()).toEqual(["w", "y:bias", "y:filters"]);
  });

  it("leaves malformed nodes to be refused", () => {
    const scale = node("Mul", ["a", "s"], ["y"]);
    for (const group of [-1, 0, 0.5, 3, 2 ** 40]) {
      const graph = graphOf([node("ConvTranspose", ["x", "w"], ["a"], { group }), scale], { w, s: value(2) });
      expect(ops(foldScale(graph))).toBe("ConvTranspose Mul");
    }
    const empty: Constant = { dtype: "float32", shape: [2 ** 40, 0, 3, 3], data: new Float32Array(0) };
    expect(ops(foldScale(graphOf([node("Conv", ["x", "w"], ["a"]), scale], { w: empty, s: value(2) })))).toBe("Conv Mul");
    expect(ops(foldScale(graphOf([conv("x", "a", "w", "b"), scale], { w, b: floats([3]), s: value(2) })))).toBe("Conv Mul");
  });
});

describe("placePadding", () => {
  const pads = integers([0, 0, 1, 2, 0, 0, 3, 0]), zero = value(0);
  const pad = (attributes = {}, ...rest: string[]): GraphNode => node("Pad", ["x", "p", ...rest], ["a"], attributes);
  table(placePadding, [
    ["zeros into a convolution", [pad(), node("Conv", ["a", "w"], ["y"])], { p: pads, w }, "Conv"],
    ["beside the convolution's own", [
      pad({}, "z"), node("Conv", ["a", "w", "b"], ["y"], { pads: [2, 0, 1, 1], strides: [2, 1] }),
    ], { p: pads, w, b, z: zero }, "Conv"],
    ["in front of groups and dilations", [
      pad(), node("Conv", ["a", "w"], ["y"], { group: 2, dilations: [2, 1], auto_pad: "VALID" }),
    ], { p: pads, w: floats([4, 2, 3, 3]) }, "Conv"],
    ["one axis", [pad(), node("Conv", ["a", "w"], ["y"])], { p: integers([0, 0, 2, 0, 0, 1]), w: floats([4, 3, 3]) }, "Conv", [2, 3, 9]],
    // Not:
    ["no other numbers", [pad({}, "z"), node("Conv", ["a", "w"], ["y"])], { p: pads, w, z: value(1) }, "Pad Conv"],
    ["no mirrored border", [pad({ mode: "reflect" }), node("Conv", ["a", "w"], ["y"])], { p: pads, w }, "Pad Conv"],
    ["nothing that is cut off", [pad(), node("Conv", ["a", "w"], ["y"])], { p: integers([0, 0, 1, 1, 0, 0, -1, 1]), w }, "Pad Conv"],
    ["no further channels", [
      pad(), node("Conv", ["a", "w"], ["y"]),
    ], { p: integers([0, 1, 1, 1, 0, 0, 1, 1]), w: floats([4, 5, 3, 3]) }, "Pad Conv"],
    ["no further pictures", [pad(), node("Conv", ["a", "w"], ["y"])], { p: integers([0, 0, 1, 1, 1, 0, 1, 1]), w }, "Pad Conv"],
    ["nothing where padding follows from the size", [
      pad(), node("Conv", ["a", "w"], ["y"], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
    ], { p: pads, w }, "Pad Conv"],
    ["nothing that another node reads", [
      pad(), node("Conv", ["a", "w"], ["c"], { pads: [1, 1, 1, 1] }), node("Add", ["a", "c"], ["y"]),
    ], { p: pads, w }, "Pad Conv Add"],
    ["no border of computed width", [
      node("Shape", ["x"], ["s"]), node("Concat", ["s", "s"], ["t"], { axis: 0 }), node("Sub", ["t", "t"], ["u"]),
      node("Pad", ["x", "u"], ["a"]), node("Conv", ["a", "w"], ["y"]),
    ], { w }, "Shape Concat Sub Pad Conv"],
    ["nothing into a pooling", [pad(), node("MaxPool", ["a"], ["y"], { kernel_shape: [2, 2] })], { p: pads }, "Pad MaxPool"],
    ["nothing into a transposed convolution", [pad(), node("ConvTranspose", ["a", "w"], ["y"])], { p: pads, w }, "Pad ConvTranspose"],
  ]);
});

describe("fuseEpilogue", () => {
  const w2 = floats([4, 4, 3, 3], 9), three = value(3), six = value(6), sixth = value(1 / 6), zero = value(0);
  const sixthSlope = { alpha: 1 / 6, beta: 0.5 };
  const after = (...nodes: GraphNode[]): GraphNode[] => [conv("x", "a", "w", "b"), ...nodes];
  const constants = { w, b, zero, three, six, sixth };
  table(fuseEpilogue, [
    ["relu", after(node("Relu", ["a"], ["y"])), constants, "+Conv"],
    ["clip", after(node("Clip", ["a", "zero", "three"], ["y"])), constants, "+Conv"],
    ["clip below alone", after(node("Clip", ["a", "sixth"], ["y"])), constants, "+Conv"],
    ["clip above alone", after(node("Clip", ["a", "", "sixth"], ["y"])), constants, "+Conv"],
    ["clip with exchanged limits", after(node("Clip", ["a", "three", "zero"], ["y"])), constants, "+Conv"],
    ["leaky relu", after(node("LeakyRelu", ["a"], ["y"], { alpha: 0.2 })), constants, "+Conv"],
    ["leaky relu by default", after(node("LeakyRelu", ["a"], ["y"])), constants, "+Conv"],
    ["sigmoid", after(node("Sigmoid", ["a"], ["y"])), constants, "+Conv"],
    ["silu", after(node("Sigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["y"])), constants, "+Conv"],
    ["silu, the other way round", after(node("Sigmoid", ["a"], ["s"]), node("Mul", ["s", "a"], ["y"])), constants, "+Conv"],
    ["hardsigmoid", after(node("HardSigmoid", ["a"], ["y"], sixthSlope)), constants, "+Conv"],
    ["hardswish", after(node("HardSwish", ["a"], ["y"])), constants, "+Conv"],
    ["hardswish as a gate", after(node("HardSigmoid", ["a"], ["s"], sixthSlope), node("Mul", ["a", "s"], ["y"])), constants, "+Conv"],
    ["hardswish as a quotient", after(
      node("Add", ["a", "three"], ["s"]), node("Clip", ["s", "zero", "six"], ["t"]), node("Mul", ["a", "t"], ["u"]),
      node("Div", ["u", "six"], ["y"]),
    ), constants, "+Conv"],
    ["hardswish as a product", after(
      node("Add", ["three", "a"], ["s"]), node("Clip", ["s", "zero", "six"], ["t"]), node("Mul", ["t", "a"], ["u"]),
      node("Mul", ["sixth", "u"], ["y"]),
    ), constants, "+Conv"],
    ["hardswish with the quotient in the gate", after(
      node("Add", ["a", "three"], ["s"]), node("Clip", ["s", "zero", "six"], ["t"]), node("Div", ["t", "six"], ["u"]),
      node("Mul", ["a", "u"], ["y"]),
    ), constants, "+Conv"],
    ["a residual", after(node("Add", ["a", "x"], ["y"])), constants, "+Conv"],
    ["a residual on the left, and an activation", after(node("Add", ["x", "a"], ["c"]), node("Relu", ["c"], ["y"])), constants, "+Conv"],
    ["a residual, and a gate", after(
      node("Add", ["x", "a"], ["c"]), node("Sigmoid", ["c"], ["s"]), node("Mul", ["c", "s"], ["y"]),
    ), constants, "+Conv"],
    ["two convolutions into one sum", [
      conv("x", "a"), conv("x", "c", "w2"), node("Add", ["a", "c"], ["d"]), node("Relu", ["d"], ["y"]),
    ], { w, w2 }, "Conv +Conv"],
    ["two convolutions into one sum, one with an activation", [
      conv("x", "a"), conv("x", "c", "w2"), node("Relu", ["a"], ["e"]), node("Add", ["c", "e"], ["y"]),
    ], { w, w2 }, "+Conv +Conv"],
    ["a sum that the earlier of two reads later", [
      conv("x", "a"), conv("x", "c", "w2"), node("Relu", ["c"], ["e"]), node("Add", ["a", "e"], ["y"]),
    ], { w, w2 }, "+Conv +Conv"],
    ["blocks in a row", [
      conv("x", "a"), node("Relu", ["a"], ["c"]), conv("c", "d", "w2"), node("Add", ["d", "x"], ["e"]), node("Relu", ["e"], ["f"]),
      conv("f", "g"), node("Add", ["f", "g"], ["y"]),
    ], { w, w2 }, "+Conv +Conv +Conv"],
    ["a broadcast residual", [
      node("GlobalAveragePool", ["x"], ["g"]), conv("x", "a"), node("Add", ["g", "a"], ["c"]), node("Relu", ["c"], ["y"]),
    ], { w }, "GlobalAveragePool +Conv"],
    ["a residual that is larger", [
      node("GlobalAveragePool", ["x"], ["g"]), conv("g", "a"), node("Add", ["a", "x"], ["c"]), node("Relu", ["c"], ["y"]),
    ], { w }, "GlobalAveragePool +Conv"],
    ["a product with its own input as residual", [
      node("Gemm", ["x", "w", "b"], ["a"], { transB: 1 }), node("Add", ["a", "x"], ["c"]), node("Relu", ["c"], ["y"]),
    ], { w: floats([4, 4]), b }, "+Gemm", [3, 4]],
    ["a product with factors", [
      node("Gemm", ["x", "w", "b"], ["a"], { alpha: 0.5, beta: 2 }), node("Relu", ["a"], ["y"]),
    ], { w: floats([7, 4]), b }, "+Gemm", [3, 7]],
    ["a product whose bias differs between rows", [
      node("Gemm", ["x", "w", "b"], ["a"]), node("Relu", ["a"], ["y"]),
    ], { w: floats([7, 4]), b: floats([3, 1]) }, "+Gemm", [3, 7]],
    ["the bias of a product", [
      node("MatMul", ["x", "w"], ["a"]), node("Add", ["a", "b"], ["y"]),
    ], { w: floats([7, 4]), b }, "+MatMul", [2, 3, 7]],
    ["the bias of a product, a residual, an activation", [
      node("MatMul", ["x", "w"], ["a"]), node("Add", ["b", "a"], ["c"]), node("Add", ["x", "c"], ["d"]), node("Relu", ["d"], ["y"]),
    ], { w: floats([4, 4]), b }, "+MatMul", [2, 3, 4]],
    ["one number as the bias of a product", [
      node("MatMul", ["x", "w"], ["a"]), node("Add", ["a", "b"], ["y"]),
    ], { w: floats([7, 4]), b: floats([1]) }, "+MatMul", [2, 3, 7]],
    ["a bias that makes the product wider", [
      node("MatMul", ["x", "w"], ["a"]), node("Add", ["a", "b"], ["c"]), node("Relu", ["c"], ["y"]),
    ], { w: floats([7, 1]), b }, "+MatMul", [2, 3, 7]],
    ["products of many matrices", [
      node("MatMul", ["x", "w"], ["a"]), node("Add", ["a", "b"], ["c"]), node("Relu", ["c"], ["y"]),
    ], { w: floats([2, 7, 4]), b }, "+MatMul", [2, 3, 7]],
    ["a product of vectors", [node("MatMul", ["x", "w"], ["a"]), node("Relu", ["a"], ["y"])], { w: floats([7, 4]) }, "+MatMul", [7]],
    // Not:
    ["no limits that are computed", [
      node("ReduceMax", ["x"], ["m"], { keepdims: 0 }), conv("x", "a"), node("Clip", ["a", "", "m"], ["y"]),
    ], { w }, "ReduceMax Conv Clip"],
    ["no value that is read twice", after(node("Relu", ["a"], ["r"]), node("Sub", ["a", "r"], ["y"])), constants, "Conv Relu Sub"],
    ["no gate whose own value is read", after(
      node("Sigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["c"]), node("Add", ["c", "s"], ["y"]),
    ), constants, "Conv Sigmoid Mul Add"],
    ["no gate that a third node reads", after(
      node("Sigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["c"]), node("Add", ["c", "a"], ["y"]),
    ), constants, "Conv Sigmoid Mul Add"],
    ["no gate of another slope", after(
      node("HardSigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["y"]),
    ), constants, "Conv HardSigmoid Mul"],
    ["no hardswish with other limits", after(
      node("Add", ["a", "three"], ["s"]), node("Clip", ["s", "zero", "three"], ["t"]), node("Mul", ["a", "t"], ["u"]),
      node("Div", ["u", "six"], ["y"]),
    ), constants, "Conv Add Clip Mul Div"],
    ["no hardswish with another divisor", after(
      node("Add", ["a", "three"], ["s"]), node("Clip", ["s", "zero", "six"], ["t"]), node("Mul", ["a", "t"], ["u"]),
      node("Div", ["u", "three"], ["y"]),
    ), constants, "Conv Add Clip Mul Div"],
    ["no quotient of six", after(
      node("Add", ["a", "three"], ["s"]), node("Clip", ["s", "one", "six"], ["t"]), node("Div", ["six", "t"], ["u"]),
      node("Mul", ["a", "u"], ["y"]),
    ), { ...constants, one: value(1) }, "Conv Add Clip Div Mul"],
    ["no square", after(node("Mul", ["a", "a"], ["y"])), constants, "Conv Mul"],
    ["no double", after(node("Add", ["a", "a"], ["y"])), constants, "Conv Add"],
    ["no constant map as a residual", after(node("Add", ["a", "m"], ["y"])), { ...constants, m: floats([1, 4, 6, 5]) }, "Conv Add"],
    ["nothing behind a pooling", [node("MaxPool", ["x"], ["a"], { kernel_shape: [2, 2] }), node("Relu", ["a"], ["y"])], {}, "MaxPool Relu"],
  ]);

  it("keeps the values that are outputs", () => {
    const graph = graphOf([conv("x", "a"), node("Add", ["a", "x"], ["c"]), node("Relu", ["c"], ["y"])], { w });
    expect(ops(passed(fuseEpilogue, withOutputs(graph, "y", "a")))).toBe("Conv Add Relu");
    expect(ops(passed(fuseEpilogue, withOutputs(graph, "y", "c")))).toBe("+Conv Relu");
    expect(ops(passed(fuseEpilogue, graph))).toBe("+Conv");
    const gate = graphOf([conv("x", "a"), node("Sigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["y"])], { w });
    for (const name of ["a", "s"]) expect(ops(passed(fuseEpilogue, withOutputs(gate, "y", name)))).toBe("Conv Sigmoid Mul");
  });

  it("knows limits that are attributes, as before version 11 of the operator set", () => {
    const graph = { ...graphOf([conv("x", "a"), node("Clip", ["a"], ["y"], { min: -0.5, max: 0.25 })], { w }), opset: 10 };
    expect(ops(passed(fuseEpilogue, graph))).toBe("+Conv");
  });

  it("leaves a bias of the wrong length to be refused", () => {
    const graph = fuseEpilogue(graphOf([conv("x", "a", "w", "b"), node("Relu", ["a"], ["y"])], { w, b: floats([3]) }));
    const session = new Session(graph, onnxOperators);
    scope(() => expect(() => session.run({ x: toTensor(randomArray([1, 4, 5, 5], 1)) })).toThrow(/Conv ".*": .*bias/));
    session.dispose();
  });
});
