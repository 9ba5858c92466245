import { type LpPoolOptions, lpPool1d, lpPool2d, lpPool3d, ShapeError, type Sizes, tensor, zeros } from "../../src/index.ts";
import { type NdArray } from "../array.ts";
import { avgPoolReference, poolCases } from "./pooling.ts";
import type { Case, OpSpec } from "./spec.ts";

interface LpCase extends LpPoolOptions {
  normType: number;
  kernelSize: Sizes;
}

// The mean over what each window sees, and the taps of a whole one.
function reference(x: NdArray, { normType, ...options }: LpCase): NdArray {
  const { kernelSize } = options;
  const taps = typeof kernelSize === "number" ? kernelSize ** (x.shape.length - 2) : kernelSize.reduce((a, b) => a * b);
  const mean = avgPoolReference({ shape: x.shape, data: x.data.map((value) => value ** normType) }, options);
  return { shape: mean.shape, data: mean.data.map((value) => (value * taps) ** (1 / normType)) };
}

// Even powers of any numbers; sums to the power 1.
const lists = { normType: [2, 4, 1], ceilMode: [false, true] };
const lines = poolCases<Required<LpCase>>([7], { ...lists, kernelSize: [1, 2, 3], stride: [2, 3] }) as Case<LpCase>[];
const maps = poolCases<Required<LpCase>>([5, 6], { ...lists, kernelSize: [1, 3, [2, 4]], stride: [1, 2, [3, 1]] }) as Case<LpCase>[];

const volumes = poolCases<Required<LpCase>>([4, 3, 5], { ...lists, kernelSize: [2, [1, 3, 2]], stride: [1, [2, 1, 3]] }) as Case<LpCase>[];

const x = () => zeros([1, 3, 8, 8]);

const taps = (_: unknown, { kernelSize }: LpCase): number => (typeof kernelSize === "number" ? kernelSize ** 2 : kernelSize.reduce((a, b) => a * b));

export const lpPool1dSpec: OpSpec<LpCase> = {
  name: "lpPool1d",
  run: ([x], { normType, kernelSize, ...options }) => lpPool1d(x!, normType, kernelSize, options),
  reference: ([x], options) => reference(x!, options),
  cases: lines,
  terms: taps,
  affine: false,
  bad: [
    { name: "rank of x", call: () => lpPool1d(x(), 2, 2), error: ShapeError, message: /^lpPool1d: x must have 3 axes \[N, C, L\], it has 4/ },
  ],
};

export const lpPool2dSpec: OpSpec<LpCase> = {
  name: "lpPool2d",
  run: ([x], { normType, kernelSize, ...options }) => lpPool2d(x!, normType, kernelSize, options),
  reference: ([x], options) => reference(x!, options),
  cases: [...maps, { shapes: [[0, 3, 4, 4]], options: { normType: 2, kernelSize: 2 } }],
  terms: taps,
  affine: false,
  bad: [
    { name: "rank of x", call: () => lpPool2d(zeros([3, 8, 8]), 2, 2), error: ShapeError, message: /^lpPool2d: x must have 4 axes \[N, C, H, W\], it has 3/ },
    { name: "norm 0", call: () => lpPool2d(x(), 0, 2), error: RangeError, message: /^lpPool2d: normType must not be 0/ },
    { name: "an infinite norm", call: () => lpPool2d(x(), Infinity, 2), error: RangeError, message: /^lpPool2d: normType must be finite, got Infinity/ },
    { name: "no norm", call: () => lpPool2d(x(), undefined as never, 2), error: TypeError, message: /^lpPool2d: normType must be a number, got undefined/ },
    { name: "kernel 0", call: () => lpPool2d(x(), 2, 0), error: RangeError, message: /^lpPool2d: kernelSize must be a positive integer, got 0/ },
    { name: "kernel larger than the input", call: () => lpPool2d(x(), 2, 9), error: ShapeError, message: /^lpPool2d: kernel spans 9, more than the padded height 8/ },
    { name: "wrong dtype", call: () => lpPool2d(tensor(new Int32Array(16), [1, 1, 4, 4]) as never, 2, 2), error: TypeError, message: /^lpPool2d: x must be float32, it is int32/ },
  ],
};

export const lpPool3dSpec: OpSpec<LpCase> = {
  name: "lpPool3d",
  run: ([x], { normType, kernelSize, ...options }) => lpPool3d(x!, normType, kernelSize, options),
  reference: ([x], options) => reference(x!, options),
  cases: volumes,
  terms: taps,
  affine: false,
  bad: [
    { name: "rank of x", call: () => lpPool3d(x(), 2, 2), error: ShapeError, message: /^lpPool3d: x must have 5 axes \[N, C, D, H, W\], it has 4/ },
  ],
};
