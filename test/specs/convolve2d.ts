import { convMatrix, convolve2d, flipFilters, type Shape, ShapeError, zeros } from "../../src/index.ts";
import { type NdArray, ndarray } from "../array.ts";
import { type ConvCase, convReference, convTerms } from "./conv.ts";
import type { OpSpec } from "./spec.ts";

/** Reverses all axes but the first two: the elements of each kernel, last first. */
function turned(w: NdArray): NdArray {
  const taps = w.shape.slice(2).reduce((a, b) => a * b, 1);
  const y = ndarray(w.shape);
  y.data.forEach((_, i) => (y.data[i] = w.data[i - (i % taps) + (taps - 1 - (i % taps))]!));
  return y;
}

export const flipFiltersSpec: OpSpec = {
  name: "flipFilters",
  run: ([w]) => flipFilters(w!),
  reference: ([w]) => turned(w!),
  cases: [[4, 3, 3, 3], [1, 1, 1, 1], [5, 2, 2, 4], [3, 4, 5], [2, 3, 2, 3, 2], [0, 3, 2, 2], [3, 0, 2, 2]].map((w) => ({ shapes: [w], options: {} })),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "a matrix", call: () => flipFilters(zeros([3, 3])), error: ShapeError, message: /^flipFilters: w must have 3, 4 or 5 axes \[O, C, kernel axes\], it has 2/ },
  ],
};

export const convolve2dSpec: OpSpec<ConvCase> = {
  name: "convolve2d",
  run: ([x, w, bias], options) => convolve2d(x!, w!, { ...options, ...(bias && { bias }) }),
  reference: ([x, w, ...bias], options) => convReference([x!, turned(w!), ...bias], options),
  cases: [
    { shapes: [[2, 3, 6, 7], [4, 3, 3, 2], [4]], options: { padding: [2, 1] } },
    { shapes: [[2, 4, 6, 7], [6, 2, 3, 3], [6]], options: { stride: 2, dilation: [1, 2], groups: 2, padding: "valid" } },
    { shapes: [[1, 5, 6, 7], [5, 1, 3, 4]], options: { groups: 5, padding: "same" } },
  ],
  terms: convTerms,
  affine: true,
  bad: [
    { name: "rank of w", call: () => convolve2d(zeros([1, 3, 8, 8]), zeros([3, 3])), error: ShapeError, message: /^convolve2d: w must have 4 axes \[O, C\/groups, KH, KW\], it has 2/ },
  ],
};

/** Column by column: the image of each unit vector. */
function matrixReference(w: NdArray, { inputShape, ...options }: ConvCase & { inputShape: Shape }): NdArray {
  const columns = inputShape.reduce((a, b) => a * b, 1);
  const images = Array.from({ length: columns }, (_, i) => {
    const x = ndarray([1, ...inputShape]);
    x.data[i] = 1;
    return convReference([x, w], options).data;
  });
  const rows = images[0]!.length;
  return ndarray([rows, columns], Array.from({ length: rows * columns }, (_, i) => images[i % columns]![Math.floor(i / columns)]!));
}

export const convMatrixSpec: OpSpec<ConvCase & { inputShape: Shape }> = {
  name: "convMatrix",
  run: ([w], { inputShape, ...options }) => convMatrix(w!, inputShape, options),
  reference: ([w], options) => matrixReference(w!, options),
  cases: [
    { shapes: [[1, 1, 3]], options: { inputShape: [1, 5], padding: 1 } },
    { shapes: [[2, 3, 2]], options: { inputShape: [3, 7], padding: [[2, 0]], stride: 2, dilation: 2 } },
    { shapes: [[2, 3, 2, 3]], options: { inputShape: [3, 4, 5] } },
    { shapes: [[4, 1, 3, 2]], options: { inputShape: [2, 4, 4], groups: 2, padding: "same" } },
    { shapes: [[3, 1, 2, 2]], options: { inputShape: [3, 3, 4], groups: 3, stride: [1, 2], padding: 1 } },
    { shapes: [[2, 1, 2, 1, 2]], options: { inputShape: [1, 2, 2, 3], padding: [1, 0, 0] } },
  ],
  terms: ([w]) => w!.reduce((a, b) => a * b, 1),
  affine: true,
  bad: [
    { name: "a matrix", call: () => convMatrix(zeros([3, 3]), [1, 8, 8]), error: ShapeError, message: /^convMatrix: w must have 3, 4 or 5 axes \[O, C\/groups, kernel axes\], it has 2/ },
    { name: "a batch", call: () => convMatrix(zeros([1, 1, 3, 3]), [1, 1, 8, 8]), error: ShapeError, message: /^convMatrix: x must have 4 axes \[N, C, H, W\], it has 5 \(x \[1, 1, 1, 8, 8\]\)/ },
    { name: "a matrix beyond all memory", call: () => convMatrix(zeros([1, 1, 3, 3]), [1, 1000, 1000]), error: RangeError, message: /^convMatrix: [0-9.e+]+ elements are more than the memory can hold/ },
  ],
};
