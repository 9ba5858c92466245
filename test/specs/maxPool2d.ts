import { maxPool2d, maxPool2dWithIndices, ShapeError, tensor, zeros } from "../../src/index.ts";
import type { Case, OpSpec } from "./spec.ts";
import { flopsOf, maxPoolReference, type MaxCase, poolCases, tapsOf } from "./pooling.ts";

const awkward: Case<MaxCase>[] = [
  { shapes: [[0, 3, 5, 5]], options: { kernelSize: 2 } },
  { shapes: [[2, 0, 5, 5]], options: { kernelSize: 2 } },
  { shapes: [[1, 1, 1, 1]], options: { kernelSize: 1 } },
  { shapes: [[1, 5, 1, 1]], options: { kernelSize: 3, padding: 1 } },
  { shapes: [[2, 4, 5, 7]], options: { kernelSize: [5, 7] } },
  { shapes: [[1, 4, 7, 7]], options: { kernelSize: 8, stride: 2, ceilMode: true } },
  { shapes: [[1, 6, 3, 3]], options: { kernelSize: 2, stride: 1, padding: 1, dilation: 3 } },
  { shapes: [[1, 3, 2, 9]], options: { kernelSize: [1, 2], stride: 2 ** 28 } },
];

const x = () => zeros([8, 3, 32, 32]);

// Max pooling is linear only between kinks, which lie wherever two taps of a window are equal. The step is so small that no
// case comes near one (`pooling.test.ts` makes sure), and then the differences are exact but for 1e-9 of rounding.
export const step = 1e-7;

export const maxPool2dSpec: OpSpec<MaxCase> = {
  name: "maxPool2d",
  run: ([x], { kernelSize, ...options }) => maxPool2d(x!, kernelSize, options),
  reference: ([x], options) => maxPoolReference(x!, options).values,
  cases: [
    ...poolCases<MaxCase>([7, 8], {
      kernelSize: [1, 2, 3, [1, 5], [4, 2]], stride: [undefined, 1, 2, [3, 1]], padding: [0, 1, [2, 0]], dilation: [1, 2, [1, 3]],
      ceilMode: [false, true],
    }),
    ...awkward,
  ],
  terms: tapsOf,
  affine: false,
  step,
  bad: [
    { name: "rank of x", call: () => maxPool2d(zeros([3, 32, 32]), 2), error: ShapeError, message: /^maxPool2d: x must have 4 axes \[N, C, H, W\], it has 3 \(x \[3, 32, 32\]\)/ },
    { name: "an empty map", call: () => maxPool2d(zeros([1, 3, 0, 4]), 2, { padding: 1 }), error: ShapeError, message: /^maxPool2d: x has an empty axis H \(x \[1, 3, 0, 4\]\)/ },
    { name: "kernel 0", call: () => maxPool2d(x(), 0), error: RangeError, message: /^maxPool2d: kernelSize must be a positive integer, got 0/ },
    { name: "no kernel", call: () => maxPool2d(x(), undefined as never), error: TypeError, message: /^maxPool2d: kernelSize must be a number or a list of 2, got undefined/ },
    { name: "three kernel sizes", call: () => maxPool2d(x(), [2, 2, 2]), error: ShapeError, message: /^maxPool2d: kernelSize must have 2 numbers, got 3/ },
    { name: "kernel beyond 32-bit arithmetic", call: () => maxPool2d(x(), 2 ** 32, { stride: 2 ** 32, ceilMode: true }), error: RangeError, message: /^maxPool2d: kernelSize must be at most 268435456, got 4294967296/ },
    { name: "stride beyond 32-bit arithmetic", call: () => maxPool2d(x(), 2, { stride: [1, 2 ** 32] }), error: RangeError, message: /^maxPool2d: stride must be at most 268435456, got 4294967296/ },
    { name: "dilation beyond 32-bit arithmetic", call: () => maxPool2d(x(), 1, { dilation: 2 ** 32 }), error: RangeError, message: /^maxPool2d: dilation must be at most 268435456, got 4294967296/ },
    { name: "negative stride", call: () => maxPool2d(x(), 2, { stride: -1 }), error: RangeError, message: /^maxPool2d: stride must be a positive integer, got -1/ },
    { name: "fractional stride", call: () => maxPool2d(x(), 2, { stride: [1, 1.5] }), error: RangeError, message: /^maxPool2d: stride must be a positive integer, got 1.5/ },
    { name: "negative padding", call: () => maxPool2d(x(), 2, { padding: -1 }), error: RangeError, message: /^maxPool2d: padding must be an integer of at least 0, got -1/ },
    { name: "padding beyond half the kernel", call: () => maxPool2d(x(), [4, 3], { padding: 2 }), error: RangeError, message: /^maxPool2d: padding must be at most half the kernel, got 2 for kernel 3 \(x \[8, 3, 32, 32\]\)/ },
    { name: "dilation 0", call: () => maxPool2d(x(), 2, { dilation: 0 }), error: RangeError, message: /^maxPool2d: dilation must be a positive integer, got 0/ },
    { name: "ceilMode of wrong kind", call: () => maxPool2d(x(), 2, { ceilMode: 1 as never }), error: TypeError, message: /^maxPool2d: ceilMode must be true or false, got 1/ },
    { name: "kernel larger than the padded input", call: () => maxPool2d(zeros([1, 3, 2, 9]), 5, { padding: 1 }), error: ShapeError, message: /^maxPool2d: kernel spans 5, more than the padded height 4 \(kernel 5, dilation 1, height 2, padding 1\)/ },
    { name: "kernel larger than ceilMode allows", call: () => maxPool2d(zeros([1, 3, 7, 9]), 9, { stride: 2, ceilMode: true }), error: ShapeError, message: /^maxPool2d: kernel spans 9, more than the padded height 7/ },
    { name: "a window in the padding alone", call: () => maxPool2d(zeros([1, 3, 8, 1]), 2, { padding: 1, dilation: 2 }), error: ShapeError, message: /^maxPool2d: dilation 2 leaves a window without a tap inside W = 1 \(kernel 2, stride 2, padding 1, x \[1, 3, 8, 1\]\)/ },
    { name: "wrong dtype", call: () => maxPool2d(tensor(new Int32Array(16), [1, 1, 4, 4]) as never, 2), error: TypeError, message: /^maxPool2d: x must be float32, it is int32/ },
    { name: "no tensor", call: () => maxPool2d([1, 2] as never, 2), error: TypeError, message: /^maxPool2d: x must be a tensor, got a value of type Array/ },
    { name: "bad calls with indices too", call: () => maxPool2dWithIndices(x(), 2, { padding: 2 }), error: RangeError, message: /^maxPool2dWithIndices: padding must be at most half the kernel/ },
  ],
  flops: flopsOf,
  bench: [
    { shapes: [[1, 64, 112, 112]], options: { kernelSize: 3, stride: 2, padding: 1 } },
    { shapes: [[64, 8, 28, 28]], options: { kernelSize: 2 } },
  ],
};
