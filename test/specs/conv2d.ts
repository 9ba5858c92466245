import { conv2d, conv2dFilterAdjoint, conv2dInputAdjoint, ShapeError, zeros } from "../../src/index.ts";
import { product } from "../array.ts";
import { type ConvCase, convExtent, convReference, convTerms } from "./conv.ts";
import type { Case, OpSpec } from "./spec.ts";

// Channels and extents are odd on purpose: they leave remainders in every vector loop and register tile.
const cases: Case<ConvCase>[] = product({
  kernel: [[1, 1], [2, 2], [3, 3], [1, 5], [4, 1]],
  stride: [1, 2, [3, 1]],
  padding: [0, 1, [2, 0]],
  dilation: [1, 2, [1, 3]],
  groups: [1, 2],
}).map(({ kernel, groups, ...options }) => ({
  shapes: [[2, 3 * groups, 7, 8], [5 * groups, 3, ...kernel], [5 * groups]],
  options: { ...options, groups },
})).filter(({ shapes: [x, w], options }) => Math.min(...convExtent(x!.slice(2), w!.slice(2), options)) >= 1);

const borders: Case<ConvCase>[] = product({
  kernel: [[2, 3], [4, 1], [3, 2]],
  padding: ["same", "valid", [[0, 2], [3, 1]], [[1, 0], [0, 0]]] as const,
  stride: [1, [2, 3]],
  dilation: [1, [2, 1]],
}).filter(({ padding, stride }) => padding !== "same" || stride === 1).map(({ kernel, ...options }) => ({
  shapes: [[2, 3, 7, 8], [5, 3, ...kernel], [5]], options,
}));

// Reflection needs padding below the extent; circular padding may be as wide as the extent.
const modes: Case<ConvCase>[] = [
  ...product({
    paddingMode: ["reflect", "replicate", "circular", "mean", "constant"] as const, padding: [1, [2, 0], [[0, 3], [2, 1]], "same"] as const,
    geometry: [{}, { stride: [2, 3] }, { dilation: [1, 2], groups: 2 }],
  }).filter(({ padding, geometry }) => padding !== "same" || !("stride" in geometry)).map(({ geometry, ...options }) => ({
    shapes: [[2, 4, 4, 5], [6, "groups" in geometry ? 2 : 4, 2, 3], [6]],
    options: { ...options, ...geometry, ...(options.paddingMode === "constant" && { paddingValue: -0.75 }) },
  })),
  { shapes: [[2, 5, 3, 4], [5, 1, 3, 3], [5]], options: { paddingMode: "mean", padding: 2, groups: 5 } },
  { shapes: [[1, 2, 3, 4], [3, 2, 3, 2]], options: { paddingMode: "circular", padding: [3, 4] } },
  { shapes: [[1, 2, 3, 4], [3, 2, 3, 2]], options: { paddingMode: "reflect", padding: [2, 3] } },
  { shapes: [[1, 2, 1, 1], [3, 2, 3, 3]], options: { paddingMode: "replicate", padding: 4 } },
  { shapes: [[1, 2, 1, 1], [3, 2, 3, 3]], options: { paddingMode: "mean", padding: 1 } },
  { shapes: [[1, 2, 4, 4], [3, 2, 3, 3]], options: { paddingMode: "mean", padding: 0 } },
  { shapes: [[0, 2, 4, 4], [3, 2, 3, 3]], options: { paddingMode: "mean", padding: 1 } },
  { shapes: [[1, 2, 0, 3], [3, 2, 2, 2]], options: { paddingMode: "constant", padding: 1, paddingValue: 2 } },
];

const awkward: Case<ConvCase>[] = [
  { shapes: [[0, 3, 5, 5], [4, 3, 3, 3], [4]], options: {} },
  { shapes: [[1, 1, 1, 1], [1, 1, 1, 1], [1]], options: {} },
  ...[2, 3, 4, 5, 8, 16, 17, 23].map((c) => ({ shapes: [[2, c, 6, 5], [c, 1, 3, 2], [c]], options: { groups: c, padding: 1 } })),
  { shapes: [[1, 21, 7, 8], [21, 1, 3, 3], [21]], options: { groups: 21, padding: 3, stride: [2, 3], dilation: [1, 2] } },
  { shapes: [[1, 5, 3, 3], [5, 1, 2, 2], [5]], options: { groups: 5, padding: 4, dilation: 5 } },
  { shapes: [[0, 4, 3, 3], [4, 1, 2, 2], [4]], options: { groups: 4 } },
  { shapes: [[1, 4, 6, 6], [12, 1, 3, 3], [12]], options: { groups: 4, padding: 1 } },
  // Four outputs in each group: with four inputs the adjoint in x has them too.
  { shapes: [[2, 12, 5, 11], [12, 4, 3, 3], [12]], options: { groups: 3, padding: [[1, 0], [2, 1]] } },
  { shapes: [[1, 6, 9, 10], [12, 2, 5, 3], [12]], options: { groups: 3, padding: [3, 1], stride: [2, 1], dilation: [2, 1] } },
  { shapes: [[2, 2, 4, 3], [8, 1, 1, 3]], options: { groups: 2, padding: [0, 2] } },
  { shapes: [[1, 2, 5, 5], [3, 2, 3, 3], [3]], options: { padding: 7 } },
  { shapes: [[1, 2, 5, 5], [3, 2, 5, 5], [3]], options: { padding: 4, stride: 5 } },
  { shapes: [[1, 64, 9, 9], [17, 64, 3, 3], [17]], options: { padding: 1 } },
  { shapes: [[1, 70, 31, 29], [7, 70, 1, 1], [7]], options: {} },
  { shapes: [[3, 5, 23, 19], [9, 5, 5, 5], [9]], options: { padding: 2 } },
];

const x = () => zeros([8, 3, 32, 32]);

export const conv2dSpec: OpSpec<ConvCase> = {
  name: "conv2d",
  run: ([x, w, bias], options) => conv2d(x!, w!, { ...options, ...(bias && { bias }) }),
  reference: convReference,
  cases: [...cases, ...borders, ...modes, ...awkward],
  terms: convTerms,
  affine: true,
  bad: [
    { name: "rank of x", call: () => conv2d(zeros([3, 32, 32]), zeros([16, 3, 3, 3])), error: ShapeError, message: /conv2d: x must have 4 axes \[N, C, H, W\], it has 3 \(x \[3, 32, 32\]\)/ },
    { name: "rank of w", call: () => conv2d(x(), zeros([16, 3, 3])), error: ShapeError, message: /conv2d: w must have 4 axes \[O, C\/groups, KH, KW\], it has 3/ },
    { name: "channels", call: () => conv2d(x(), zeros([16, 4, 3, 3])), error: ShapeError, message: /conv2d: x has 3 channels, w expects 4 \(x \[8, 3, 32, 32\], w \[16, 4, 3, 3\], groups 1\)/ },
    { name: "channels by group", call: () => conv2d(x(), zeros([16, 2, 3, 3]), { groups: 2 }), error: ShapeError, message: /x has 3 channels, w expects 2 x 2 groups = 4/ },
    { name: "groups and outputs", call: () => conv2d(zeros([1, 4, 5, 5]), zeros([3, 2, 3, 3]), { groups: 2 }), error: ShapeError, message: /w has 3 output channels, not divisible by 2 groups/ },
    { name: "groups 0", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { groups: 0 }), error: RangeError, message: /conv2d: groups must be a positive integer, got 0/ },
    { name: "negative stride", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { stride: -1 }), error: RangeError, message: /conv2d: stride must be a positive integer, got -1/ },
    { name: "fractional stride", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { stride: [1, 1.5] }), error: RangeError, message: /conv2d: stride must be a positive integer, got 1.5/ },
    { name: "stride of wrong kind", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { stride: "2" as never }), error: TypeError, message: /conv2d: stride must be a number or a list of 2, got "2"/ },
    { name: "three strides", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { stride: [1, 1, 1] }), error: ShapeError, message: /conv2d: stride must have 2 numbers, got 3/ },
    { name: "three paddings", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: [1, 1, 1] }), error: ShapeError, message: /conv2d: padding must have 2 numbers, got 3/ },
    { name: "one pair", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: [[1, 1]] }), error: ShapeError, message: /conv2d: padding must have 2 pairs, got 1/ },
    { name: "a pair of three", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: [[1, 1], [1, 1, 1] as never] }), error: ShapeError, message: /conv2d: padding must have pairs \[before, after\], got \[1, 1, 1\]/ },
    { name: "numbers and pairs mixed", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: [1, [1, 1]] as never }), error: TypeError, message: /conv2d: padding must be all numbers or all pairs, got 1 beside a pair/ },
    { name: "a negative side", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: [[1, 1], [0, -1]] }), error: RangeError, message: /conv2d: padding must be an integer of at least 0, got -1/ },
    { name: "unknown padding", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: "full" as never }), error: TypeError, message: /conv2d: padding must be a number, a list of 2 numbers or pairs, "same" or "valid", got "full"/ },
    { name: "same with a stride", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: "same", stride: [1, 2] }), error: RangeError, message: /conv2d: padding "same" needs stride 1, got \[1, 2\]/ },
    { name: "kernel larger than the input with an uneven border", call: () => conv2d(zeros([1, 3, 4, 9]), zeros([16, 3, 7, 7]), { padding: [[0, 2], [1, 1]] }), error: ShapeError, message: /kernel spans 7, more than the padded height 6 \(kernel 7, dilation 1, height 4, padding 0 \+ 2\)/ },
    { name: "a border beyond all memory", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: 2 ** 28 }), error: RangeError, message: /conv2d: [0-9.e+]+ elements are more than the memory can hold/ },
    { name: "unknown padding mode", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: 1, paddingMode: "symmetric" as never }), error: TypeError, message: /conv2d: paddingMode must be one of zeros, reflect, replicate, circular, constant, mean, got "symmetric"/ },
    { name: "unknown padding mode without padding", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { paddingMode: 3 as never }), error: TypeError, message: /conv2d: paddingMode must be one of .*, got 3/ },
    { name: "too wide a reflection", call: () => conv2d(zeros([1, 3, 4, 9]), zeros([16, 3, 3, 3]), { padding: [[0, 4], [1, 1]], paddingMode: "reflect" }), error: ShapeError, message: /conv2d: padding must be at most 3 to be made by reflect, got 4 for height 4 \(x \[1, 3, 4, 9\]\)/ },
    { name: "too wide a circle", call: () => conv2d(zeros([1, 3, 4, 9]), zeros([16, 3, 3, 3]), { padding: [0, 10], paddingMode: "circular" }), error: ShapeError, message: /conv2d: padding must be at most 9 to be made by circular, got 10 for width 9/ },
    { name: "nothing to repeat", call: () => conv2d(zeros([1, 3, 0, 9]), zeros([16, 3, 3, 3]), { padding: 2, paddingMode: "replicate" }), error: ShapeError, message: /conv2d: x has no height to make padding 2 by replicate from \(x \[1, 3, 0, 9\]\)/ },
    { name: "the mean of nothing", call: () => conv2d(zeros([1, 3, 9, 0]), zeros([16, 3, 3, 1]), { padding: [1, 1], paddingMode: "mean" }), error: ShapeError, message: /conv2d: x has no width to make padding 1 by mean from/ },
    { name: "a value for another mode", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: 1, paddingValue: 1 }), error: RangeError, message: /conv2d: paddingValue needs paddingMode "constant", got "zeros"/ },
    { name: "NaN for a value", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: 1, paddingMode: "constant", paddingValue: NaN }), error: RangeError, message: /conv2d: paddingValue must be finite, got NaN/ },
    { name: "a border of the adjoint", call: () => conv2dInputAdjoint(x(), zeros([3, 3, 3, 3]), [8, 3, 32, 32], { padding: 1, paddingMode: "reflect" } as ConvCase), error: RangeError, message: /conv2dInputAdjoint: paddingMode must be "zeros", got "reflect"; pad x first/ },
    { name: "a border of the filter adjoint", call: () => conv2dFilterAdjoint(x(), x(), [3, 3, 3, 3], { padding: 1, paddingMode: "mean" } as ConvCase), error: RangeError, message: /conv2dFilterAdjoint: paddingMode must be "zeros", got "mean"; pad x first/ },
    { name: "dy of another shape", call: () => conv2dInputAdjoint(x(), zeros([3, 3, 3, 3]), [8, 3, 32, 32]), error: ShapeError, message: /conv2dInputAdjoint: dy must have the output's shape \[8, 3, 30, 30\], it has \[8, 3, 32, 32\]/ },
    { name: "dy of another shape for the filters", call: () => conv2dFilterAdjoint(x(), x(), [3, 3, 3, 3]), error: ShapeError, message: /conv2dFilterAdjoint: dy must have the output's shape \[8, 3, 30, 30\], it has \[8, 3, 32, 32\]/ },
    { name: "no shape", call: () => conv2dInputAdjoint(x(), zeros([3, 3, 3, 3]), undefined as never), error: TypeError, message: /conv2dInputAdjoint: shape must be an array of lengths, got undefined/ },
    { name: "negative padding", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: -1 }), error: RangeError, message: /conv2d: padding must be an integer of at least 0, got -1/ },
    { name: "dilation 0", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { dilation: 0 }), error: RangeError, message: /conv2d: dilation must be a positive integer, got 0/ },
    { name: "a dilation beyond 32 bits", call: () => conv2d(x(), zeros([16, 3, 1, 1]), { dilation: 2 ** 32 }), error: RangeError, message: /conv2d: dilation must be at most 268435456, got 4294967296/ },
    { name: "kernel larger than the padded input", call: () => conv2d(zeros([1, 3, 4, 9]), zeros([16, 3, 7, 7]), { padding: 1 }), error: ShapeError, message: /conv2d: kernel spans 7, more than the padded height 6 \(kernel 7, dilation 1, height 4, padding 1\)/ },
    { name: "bias", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { bias: zeros([3]) }), error: ShapeError, message: /conv2d: bias must have shape \[16\], it has \[3\]/ },
    { name: "no tensor", call: () => conv2d([1, 2] as never, zeros([1, 1, 1, 1])), error: TypeError, message: /conv2d: x must be a tensor, got a value of type Array/ },
  ],
  flops: ([x, w], options) => {
    const [oh, ow] = convExtent(x!.slice(2), w!.slice(2), options) as [number, number];
    return 2 * x![0]! * oh * ow * w!.reduce((a, b) => a * b);
  },
  bench: [
    { shapes: [[1, 64, 56, 56], [64, 64, 3, 3]], options: { padding: 1 } },
    { shapes: [[1, 128, 28, 28], [128, 128, 3, 3]], options: { padding: 1 } },
    { shapes: [[1, 64, 56, 56], [256, 64, 1, 1]], options: {} },
    { shapes: [[32, 1, 28, 28], [8, 1, 5, 5]], options: { padding: 2 } },
    { shapes: [[1, 144, 56, 56], [144, 1, 3, 3]], options: { padding: 1, groups: 144 } },
  ],
};
