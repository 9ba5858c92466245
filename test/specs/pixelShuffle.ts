import { pixelShuffle, pixelUnshuffle, reshape, ShapeError, type Tensor, zeros } from "../../src/index.ts";
import { at, forEachIndex, ndarray, setAt } from "../array.ts";
import type { Case, OpSpec } from "./spec.ts";

interface ShuffleCase {
  r: number;
  /** Stored row by row instead of channels-last. */
  rowMajor?: boolean;
}

const stored = (x: Tensor, { rowMajor }: ShuffleCase): Tensor => (rowMajor ? reshape(x, x.shape) : x);

function cases(shape: (n: number, c: number, h: number, w: number, r: number) => number[]): Case<ShuffleCase>[] {
  const sizes = [[1, 1, 1, 1, 1], [1, 1, 1, 1, 3], [2, 3, 2, 3, 2], [1, 5, 3, 1, 2], [2, 2, 1, 4, 3], [1, 4, 2, 2, 4], [0, 2, 2, 2, 2], [1, 0, 2, 2, 2], [1, 2, 0, 2, 2]];
  return sizes.flatMap(([n, c, h, w, r]) => [false, true].map((rowMajor) => ({ shapes: [shape(n!, c!, h!, w!, r!)], options: { r: r!, rowMajor } })));
}

export const pixelShuffleSpec: OpSpec<ShuffleCase> = {
  name: "pixelShuffle",
  run: ([x], options) => pixelShuffle(stored(x!, options), options.r),
  reference: ([x], { r }) => {
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    const y = ndarray([n, c / (r * r), h * r, w * r]);
    forEachIndex(y.shape, (n, c, i, j) => {
      setAt(y, at(x!, n!, c! * r * r + (i! % r) * r + (j! % r), Math.floor(i! / r), Math.floor(j! / r)), n!, c!, i!, j!);
    });
    return y;
  },
  cases: cases((n, c, h, w, r) => [n, c * r * r, h, w]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "rank of x", call: () => pixelShuffle(zeros([4, 2, 2]), 2), error: ShapeError, message: /^pixelShuffle: x must have 4 axes \[N, C, H, W\], it has 3/ },
    { name: "channels", call: () => pixelShuffle(zeros([1, 6, 2, 2]), 2), error: ShapeError, message: /^pixelShuffle: x has 6 channels, no multiple of 2 x 2 = 4 \(x \[1, 6, 2, 2\]\)/ },
    { name: "factor 0", call: () => pixelShuffle(zeros([1, 4, 2, 2]), 0), error: RangeError, message: /^pixelShuffle: upscaleFactor must be a positive integer, got 0/ },
  ],
};

export const pixelUnshuffleSpec: OpSpec<ShuffleCase> = {
  name: "pixelUnshuffle",
  run: ([x], options) => pixelUnshuffle(stored(x!, options), options.r),
  reference: ([x], { r }) => {
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    const y = ndarray([n, c * r * r, h / r, w / r]);
    forEachIndex(y.shape, (n, k, i, j) => {
      const rest = k! % (r * r);
      setAt(y, at(x!, n!, Math.floor(k! / (r * r)), i! * r + Math.floor(rest / r), j! * r + (rest % r)), n!, k!, i!, j!);
    });
    return y;
  },
  cases: cases((n, c, h, w, r) => [n, c, h * r, w * r]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "rank of x", call: () => pixelUnshuffle(zeros([4, 2, 2]), 2), error: ShapeError, message: /^pixelUnshuffle: x must have 4 axes \[N, C, H, W\], it has 3/ },
    { name: "width", call: () => pixelUnshuffle(zeros([1, 1, 4, 5]), 2), error: ShapeError, message: /^pixelUnshuffle: x has width 5, no multiple of 2 \(x \[1, 1, 4, 5\]\)/ },
    { name: "a fractional factor", call: () => pixelUnshuffle(zeros([1, 1, 4, 4]), 1.5), error: RangeError, message: /^pixelUnshuffle: downscaleFactor must be a positive integer, got 1.5/ },
  ],
};
