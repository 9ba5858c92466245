import { avgPool2d, ShapeError, tensor, zeros } from "../../src/index.ts";
import type { Case, OpSpec } from "./spec.ts";
import { avgPoolReference, type AvgCase, flopsOf, poolCases, tapsOf } from "./pooling.ts";

const awkward: Case<AvgCase>[] = [
  { shapes: [[0, 3, 5, 5]], options: { kernelSize: 2 } },
  { shapes: [[2, 0, 5, 5]], options: { kernelSize: 2 } },
  { shapes: [[1, 1, 1, 1]], options: { kernelSize: 1 } },
  { shapes: [[1, 5, 1, 1]], options: { kernelSize: 3, padding: 1, countIncludePad: false } },
  { shapes: [[2, 4, 5, 7]], options: { kernelSize: [5, 7] } },
  { shapes: [[1, 4, 7, 7]], options: { kernelSize: 8, stride: 2, ceilMode: true } },
  { shapes: [[1, 4, 8, 8]], options: { kernelSize: 4, stride: 3, padding: 2, ceilMode: true, divisorOverride: -1 } },
];

const x = () => zeros([8, 3, 32, 32]);

export const avgPool2dSpec: OpSpec<AvgCase> = {
  name: "avgPool2d",
  run: ([x], { kernelSize, ...options }) => avgPool2d(x!, kernelSize, options),
  reference: ([x], options) => avgPoolReference(x!, options),
  cases: [
    ...poolCases<AvgCase>([7, 8], {
      kernelSize: [1, 2, 3, [1, 5], [4, 2]], stride: [undefined, 1, 2, [3, 1]], padding: [0, 1, [2, 0]], ceilMode: [false, true],
      countIncludePad: [undefined, false], divisorOverride: [undefined, 3],
    }),
    ...awkward,
  ],
  terms: tapsOf,
  affine: true,
  bad: [
    { name: "rank of x", call: () => avgPool2d(zeros([3, 32, 32]), 2), error: ShapeError, message: /^avgPool2d: x must have 4 axes \[N, C, H, W\], it has 3 \(x \[3, 32, 32\]\)/ },
    { name: "an empty map", call: () => avgPool2d(zeros([1, 3, 4, 0]), 2, { padding: 1 }), error: ShapeError, message: /^avgPool2d: x has an empty axis W \(x \[1, 3, 4, 0\]\)/ },
    { name: "kernel 0", call: () => avgPool2d(x(), [2, 0]), error: RangeError, message: /^avgPool2d: kernelSize must be a positive integer, got 0/ },
    { name: "negative stride", call: () => avgPool2d(x(), 2, { stride: -1 }), error: RangeError, message: /^avgPool2d: stride must be a positive integer, got -1/ },
    { name: "fractional stride", call: () => avgPool2d(x(), 2, { stride: 1.5 }), error: RangeError, message: /^avgPool2d: stride must be a positive integer, got 1.5/ },
    { name: "padding beyond half the kernel", call: () => avgPool2d(x(), 3, { padding: 2 }), error: RangeError, message: /^avgPool2d: padding must be at most half the kernel, got 2 for kernel 3/ },
    { name: "kernel larger than the padded input", call: () => avgPool2d(zeros([1, 3, 9, 2]), 5, { padding: 1 }), error: ShapeError, message: /^avgPool2d: kernel spans 5, more than the padded width 4 \(kernel 5, dilation 1, width 2, padding 1\)/ },
    { name: "ceilMode of wrong kind", call: () => avgPool2d(x(), 2, { ceilMode: "yes" as never }), error: TypeError, message: /^avgPool2d: ceilMode must be true or false, got "yes"/ },
    { name: "countIncludePad of wrong kind", call: () => avgPool2d(x(), 2, { countIncludePad: 0 as never }), error: TypeError, message: /^avgPool2d: countIncludePad must be true or false, got 0/ },
    { name: "divisorOverride 0", call: () => avgPool2d(x(), 2, { divisorOverride: 0 }), error: RangeError, message: /^avgPool2d: divisorOverride must be an integer other than 0, got 0/ },
    { name: "fractional divisorOverride", call: () => avgPool2d(x(), 2, { divisorOverride: 0.5 }), error: RangeError, message: /^avgPool2d: divisorOverride must be an integer other than 0, got 0.5/ },
    { name: "divisorOverride of wrong kind", call: () => avgPool2d(x(), 2, { divisorOverride: "4" as never }), error: TypeError, message: /^avgPool2d: divisorOverride must be a number, got "4"/ },
    { name: "wrong dtype", call: () => avgPool2d(tensor(new Int32Array(16), [1, 1, 4, 4]) as never, 2), error: TypeError, message: /^avgPool2d: x must be float32, it is int32/ },
    { name: "no tensor", call: () => avgPool2d([1, 2] as never, 2), error: TypeError, message: /^avgPool2d: x must be a tensor, got a value of type Array/ },
  ],
  flops: flopsOf,
  bench: [
    { shapes: [[1, 64, 112, 112]], options: { kernelSize: 2 } },
    { shapes: [[1, 512, 7, 7]], options: { kernelSize: 7 } },
  ],
};
