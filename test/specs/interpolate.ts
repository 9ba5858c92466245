import { interpolate, type InterpolateOptions, ShapeError, tensor, zeros } from "../../src/index.ts";
import { addAt, at, forEachIndex, type NdArray, ndarray } from "../array.ts";
import type { Case, OpSpec } from "./spec.ts";

// Where output i lies along the input, in the words of PyTorch's documentation.
function source(i: number, length: number, outputs: number, factor: number | undefined, { mode = "nearest", alignCorners }: InterpolateOptions): number {
  if (alignCorners) return outputs === 1 ? 0 : (i * (length - 1)) / (outputs - 1);
  const step = factor === undefined ? length / outputs : 1 / factor;
  if (mode === "nearest") return i * step;
  return length === outputs ? i : Math.max((i + 0.5) * step - 0.5, 0);
}

function reference(x: NdArray, options: InterpolateOptions): NdArray {
  const { size, scaleFactor, mode = "nearest", recomputeScaleFactor } = options;
  const input = x.shape.slice(2);
  const list = (value: number | readonly number[]): readonly number[] => (typeof value === "number" ? input.map(() => value) : value);
  const output = size === undefined ? input.map((length, axis) => Math.floor(length * list(scaleFactor!)[axis]!)) : list(size);
  const y = ndarray([x.shape[0]!, x.shape[1]!, ...output]);
  forEachIndex(y.shape, (n, c, ...position) => {
    const places = position.map((i, axis) => {
      const factor = recomputeScaleFactor || scaleFactor === undefined ? undefined : list(scaleFactor)[axis];
      // A sum of 1e-9 makes up for the quotient's rounding: no place of the cases is so close below an integer.
      return Math.min(source(i, input[axis]!, output[axis]!, factor, options) + 1e-9, input[axis]! - 1);
    });
    if (mode === "nearest") return addAt(y, at(x, n!, c!, ...places.map(Math.floor)), n!, c!, ...position);
    // The corners of the cell around the place, each weighted with how near it is along every axis.
    forEachIndex(places.map(() => 2), (...corner) => {
      const index = places.map((s, axis) => Math.floor(s) + corner[axis]!);
      const weight = places.reduce((product, s, axis) => product * (1 - Math.abs(index[axis]! - s)), 1);
      addAt(y, weight * at(x, n!, c!, ...index), n!, c!, ...position);
    });
  });
  return y;
}

const modes = ["linear", "bilinear", "trilinear"] as const;

/** Nearest and linear, with corners aligned and not, to sizes and by factors; with changing numbers of channels. */
function cases(input: number[], sizes: number[][], factors: (number | number[])[]): Case<InterpolateOptions>[] {
  const mode = modes[input.length - 1]!;
  const targets: InterpolateOptions[] = [
    ...sizes.map((size) => ({ size })), ...factors.map((scaleFactor) => ({ scaleFactor })), { scaleFactor: factors[0]!, recomputeScaleFactor: true },
  ];
  return targets.flatMap((target) => [target, { ...target, mode }, { ...target, mode, alignCorners: true }]).map((options, i) => ({
    shapes: [[1 + (i % 2), [1, 3, 4, 5, 8, 9, 17][i % 7]!, ...input]],
    options,
  }));
}

const x = () => zeros([8, 3, 32, 32]);

export const interpolateSpec: OpSpec<InterpolateOptions> = {
  name: "interpolate",
  run: ([x], options) => interpolate(x!, options),
  reference: ([x], options) => reference(x!, options),
  cases: [
    ...cases([5], [[1], [3], [5], [8], [11]], [2.3, 0.5, 3, 1.1]),
    ...cases([4, 7], [[1, 1], [4, 7], [8, 3], [3, 14], [9, 5], [4, 1]], [[1.7, 0.6], 2, 0.5, [1, 1.2], [0.3, 3]]),
    ...cases([2, 3, 4], [[1, 2, 3], [4, 3, 5], [2, 6, 4]], [[2.2, 0.7, 1], 2, [1, 1.5, 2]]),
    { shapes: [[0, 3, 4, 4]], options: { size: 3 } },
    { shapes: [[2, 0, 4, 4]], options: { size: 3, mode: "bilinear" } },
    { shapes: [[1, 5, 1, 1]], options: { size: [3, 2], mode: "bilinear" } },
  ],
  // What a place's rounding moves between two elements counts like the roundings of a short sum.
  terms: () => 8,
  affine: true,
  bad: [
    { name: "rank of x", call: () => interpolate(zeros([3, 4]), { size: 2 }), error: ShapeError, message: /^interpolate: x must have 3 axes \[N, C, L\], 4 or 5, it has 2 \(x \[3, 4\]\)/ },
    { name: "an empty map", call: () => interpolate(zeros([1, 3, 0, 4]), { size: 2 }), error: ShapeError, message: /^interpolate: x has an empty axis \(x \[1, 3, 0, 4\]\)/ },
    { name: "no size", call: () => interpolate(x(), {}), error: TypeError, message: /^interpolate: give either size or scaleFactor, neither was given/ },
    { name: "no options", call: () => interpolate(x(), undefined as never), error: TypeError, message: /^interpolate: give either size or scaleFactor, neither was given/ },
    { name: "two sizes", call: () => interpolate(x(), { size: 2, scaleFactor: 2 }), error: TypeError, message: /^interpolate: give either size or scaleFactor, both were given/ },
    { name: "size 0", call: () => interpolate(x(), { size: [2, 0] }), error: RangeError, message: /^interpolate: size must be a positive integer, got 0/ },
    { name: "three sizes", call: () => interpolate(x(), { size: [2, 2, 2] }), error: ShapeError, message: /^interpolate: size must have 2 numbers, got 3/ },
    { name: "factor 0", call: () => interpolate(x(), { scaleFactor: 0 }), error: RangeError, message: /^interpolate: scaleFactor must be a finite number of at least 5e-324, got 0/ },
    { name: "factor NaN", call: () => interpolate(x(), { scaleFactor: [1, NaN] }), error: RangeError, message: /^interpolate: scaleFactor must be .* got NaN/ },
    { name: "one factor of two", call: () => interpolate(x(), { scaleFactor: [2] }), error: ShapeError, message: /^interpolate: scaleFactor must have 2 numbers, got 1/ },
    { name: "factor of wrong kind", call: () => interpolate(x(), { scaleFactor: "2" as never }), error: TypeError, message: /^interpolate: scaleFactor must be a number or a list of 2, got "2"/ },
    { name: "a factor that leaves nothing", call: () => interpolate(x(), { scaleFactor: [1, 0.01] }), error: RangeError, message: /^interpolate: scaleFactor 0.01 leaves nothing of 32 \(x \[8, 3, 32, 32\]\)/ },
    { name: "a factor beyond the memory", call: () => interpolate(x(), { scaleFactor: 1e9 }), error: RangeError, message: /^interpolate: .* elements are more than the memory can hold/ },
    { name: "positions beyond the memory, of no images", call: () => interpolate(zeros([0, 3, 4, 4]), { size: 2 ** 28 }), error: RangeError, message: /^interpolate: .* elements are more than the memory can hold/ },
    { name: "an unknown mode", call: () => interpolate(x(), { size: 2, mode: "bicubic" as never }), error: TypeError, message: /^interpolate: mode must be "nearest", "linear", "bilinear", "trilinear", got "bicubic"/ },
    { name: "a mode of another rank", call: () => interpolate(x(), { size: 2, mode: "linear" }), error: ShapeError, message: /^interpolate: mode "linear" needs x of 3 axes, it has 4/ },
    { name: "corners of nearest", call: () => interpolate(x(), { size: 2, alignCorners: false }), error: TypeError, message: /^interpolate: alignCorners goes with the linear modes only, got mode "nearest"/ },
    { name: "alignCorners of wrong kind", call: () => interpolate(x(), { size: 2, mode: "bilinear", alignCorners: 1 as never }), error: TypeError, message: /^interpolate: alignCorners must be true or false, got 1/ },
    { name: "recomputing from a size", call: () => interpolate(x(), { size: 2, recomputeScaleFactor: true }), error: TypeError, message: /^interpolate: recomputeScaleFactor goes with scaleFactor only, size was given/ },
    { name: "wrong dtype", call: () => interpolate(tensor(new Uint8Array(16), [1, 1, 4, 4]) as never, { size: 2 }), error: TypeError, message: /^interpolate: x must be float32, it is uint8/ },
  ],
  flops: ([shape], { scaleFactor }) => 7 * shape!.reduce((a, b) => a * b) * (scaleFactor as number) ** 2,
  bench: [
    { shapes: [[1, 64, 56, 56]], options: { scaleFactor: 2, mode: "bilinear" } },
    { shapes: [[1, 64, 56, 56]], options: { scaleFactor: 2 } },
    { shapes: [[1, 3, 224, 224]], options: { scaleFactor: 2, mode: "bilinear" } },
  ],
};
