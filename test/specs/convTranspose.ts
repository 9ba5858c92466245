import { convTranspose1d, convTranspose2d, convTranspose3d, type Shape, ShapeError, zeros } from "../../src/index.ts";
import { product } from "../array.ts";
import { type TransposedCase, transposedExtent, transposedReference, transposedTerms } from "./conv.ts";
import type { Case, OpSpec } from "./spec.ts";

const fits = ({ shapes: [x, w], options }: Case<TransposedCase>): boolean =>
  Math.min(...transposedExtent(x!.slice(2), w!.slice(2), options)) >= 1;

/** Geometries with their channels: all of two input and three output channels in each group. */
function cases(input: Shape, kernels: Shape[], lists: Record<keyof TransposedCase, readonly unknown[]>): Case<TransposedCase>[] {
  return kernels.flatMap((kernel) =>
    (product(lists) as TransposedCase[])
      .map((options) => ({
        shapes: [[2, 2 * options.groups!, ...input], [2 * options.groups!, 3, ...kernel], [3 * options.groups!]], options,
      }))
      .filter(fits));
}

export const convTranspose1dSpec: OpSpec<TransposedCase> = {
  name: "convTranspose1d",
  run: ([x, w, bias], options) => convTranspose1d(x!, w!, { ...options, ...(bias && { bias }) }),
  reference: transposedReference,
  cases: [
    ...cases([5], [[1], [2], [3]], { stride: [1, 2], padding: [0, 1, [[0, 2]]], outputPadding: [0], dilation: [1, 3], groups: [1, 3] }),
    { shapes: [[2, 4, 5], [4, 3, 3], [3]], options: { stride: 3, outputPadding: 2 } },
    { shapes: [[0, 4, 5], [4, 3, 3], [3]], options: { stride: 2 } },
    { shapes: [[2, 9, 5], [9, 1, 3], [9]], options: { groups: 9, stride: 2 } },
  ],
  terms: transposedTerms,
  affine: true,
  bad: [
    { name: "rank of x", call: () => convTranspose1d(zeros([1, 3, 8, 8]), zeros([3, 4, 3])), error: ShapeError, message: /^convTranspose1d: x must have 3 axes \[N, I, L\], it has 4/ },
    { name: "a string for padding", call: () => convTranspose1d(zeros([1, 3, 8]), zeros([3, 4, 3]), { padding: "same" as never }), error: TypeError, message: /^convTranspose1d: padding must be a number, a list of 1 numbers or pairs, got "same"/ },
  ],
};

const x = () => zeros([1, 4, 5, 6]), w = () => zeros([4, 3, 3, 3]);

export const convTranspose2dSpec: OpSpec<TransposedCase> = {
  name: "convTranspose2d",
  run: ([x, w, bias], options) => convTranspose2d(x!, w!, { ...options, ...(bias && { bias }) }),
  reference: transposedReference,
  cases: [
    ...cases([4, 3], [[1, 1], [2, 3], [4, 2]], {
      stride: [1, 2, [3, 1]], padding: [0, 1, [[0, 2], [1, 0]]], outputPadding: [0], dilation: [1, [1, 2]], groups: [1, 2],
    }),
    // The output's padding: below the stride, or below the dilation.
    ...cases([4, 3], [[3, 3]], { stride: [2, [2, 3]], padding: [0, 1], outputPadding: [1, [0, 1]], dilation: [1, 2], groups: [1, 2] }),
    ...cases([4, 3], [[3, 2]], { stride: [1, [2, 1]], padding: [0, 1], outputPadding: [2, [0, 2]], dilation: [3], groups: [1, 2] }),
    { shapes: [[0, 4, 3, 3], [4, 3, 2, 2], [3]], options: {} },
    { shapes: [[1, 1, 1, 1], [1, 1, 1, 1], [1]], options: {} },
    // Padding beyond the kernel's extent: the border of the output sees nothing.
    { shapes: [[1, 3, 9, 9], [3, 2, 2, 2], [2]], options: { padding: 3 } },
    { shapes: [[1, 3, 9, 9], [3, 2, 1, 1], [2]], options: { padding: [[2, 0], [0, 3]], outputPadding: 0 } },
    ...[2, 4, 17].flatMap((c) => [1, 2].map((stride) => ({
      shapes: [[2, c, 4, 5], [c, 1, 3, 2], [c]], options: { groups: c, stride, padding: 1, outputPadding: stride - 1 },
    }))),
    { shapes: [[2, 20, 9, 8], [20, 17, 4, 4], [17]], options: { stride: 2, padding: 1 } },
  ],
  terms: transposedTerms,
  affine: true,
  bad: [
    { name: "channels", call: () => convTranspose2d(zeros([1, 3, 5, 6]), w()), error: ShapeError, message: /^convTranspose2d: x has 3 channels, w expects 4 \(x \[1, 3, 5, 6\], w \[4, 3, 3, 3\], groups 1\)/ },
    { name: "groups", call: () => convTranspose2d(x(), w(), { groups: 3 }), error: ShapeError, message: /^convTranspose2d: x has 4 channels, not divisible by 3 groups/ },
    { name: "rank of w", call: () => convTranspose2d(x(), zeros([4, 3, 3])), error: ShapeError, message: /^convTranspose2d: w must have 4 axes \[I, O\/groups, KH, KW\], it has 3/ },
    { name: "an empty kernel", call: () => convTranspose2d(x(), zeros([4, 3, 0, 3])), error: ShapeError, message: /^convTranspose2d: w has an empty kernel axis KH/ },
    { name: "an empty input", call: () => convTranspose2d(zeros([1, 4, 5, 0]), w()), error: ShapeError, message: /^convTranspose2d: x has an empty axis W/ },
    { name: "outputPadding of stride and dilation", call: () => convTranspose2d(x(), w(), { stride: [3, 2], outputPadding: 2 }), error: RangeError, message: /^convTranspose2d: outputPadding must be less than stride or dilation, got 2 \(stride 2, dilation 1\)/ },
    { name: "negative outputPadding", call: () => convTranspose2d(x(), w(), { stride: 2, outputPadding: -1 }), error: RangeError, message: /^convTranspose2d: outputPadding must be an integer of at least 0, got -1/ },
    { name: "nothing left", call: () => convTranspose2d(zeros([1, 4, 1, 6]), w(), { padding: 2 }), error: ShapeError, message: /^convTranspose2d: padding 2 \+ 2 leaves nothing of the height 3 \(x \[1, 4, 1, 6\], kernel 3, stride 1, dilation 1, outputPadding 0\)/ },
    { name: "bias", call: () => convTranspose2d(x(), w(), { bias: zeros([4]) }), error: ShapeError, message: /^convTranspose2d: bias must have shape \[3\], it has \[4\]/ },
    { name: "an output beyond all memory", call: () => convTranspose2d(x(), w(), { stride: 2 ** 28 }), error: RangeError, message: /^convTranspose2d: [0-9.e+]+ elements are more than the memory can hold/ },
  ],
  flops: ([x, w]) => 2 * x![0]! * x![2]! * x![3]! * w!.reduce((a, b) => a * b),
  bench: [
    { shapes: [[1, 64, 28, 28], [64, 32, 4, 4]], options: { stride: 2, padding: 1 } },
    { shapes: [[1, 64, 56, 56], [64, 64, 3, 3]], options: { padding: 1 } },
  ],
};

export const convTranspose3dSpec: OpSpec<TransposedCase> = {
  name: "convTranspose3d",
  run: ([x, w, bias], options) => convTranspose3d(x!, w!, { ...options, ...(bias && { bias }) }),
  reference: transposedReference,
  cases: [
    ...cases([2, 3, 2], [[1, 1, 1], [2, 1, 3]], {
      stride: [1, [2, 1, 3]], padding: [0, [0, 0, 1]], outputPadding: [0], dilation: [1, [1, 2, 1]], groups: [1, 2],
    }),
    { shapes: [[1, 3, 2, 2, 3], [3, 2, 2, 3, 2], [2]], options: { stride: 2, padding: [[1, 0], [0, 1], [1, 1]], outputPadding: [1, 0, 1] } },
  ],
  terms: transposedTerms,
  affine: true,
  bad: [
    { name: "rank of x", call: () => convTranspose3d(zeros([1, 3, 8, 8]), zeros([3, 4, 3, 3, 3])), error: ShapeError, message: /^convTranspose3d: x must have 5 axes \[N, I, D, H, W\], it has 4/ },
  ],
};
