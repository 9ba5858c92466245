import { maxPool1d, ShapeError, zeros } from "../../src/index.ts";
import { step } from "./maxPool2d.ts";
import type { OpSpec } from "./spec.ts";
import { maxPoolReference, type MaxCase, poolCases, tapsOf } from "./pooling.ts";

export const maxPool1dSpec: OpSpec<MaxCase> = {
  name: "maxPool1d",
  run: ([x], { kernelSize, ...options }) => maxPool1d(x!, kernelSize, options),
  reference: ([x], options) => maxPoolReference(x!, options).values,
  cases: poolCases<MaxCase>([11], {
    kernelSize: [1, 2, 5], stride: [undefined, 1, 3], padding: [0, 1], dilation: [1, 3], ceilMode: [false, true],
  }),
  terms: tapsOf,
  affine: false,
  step,
  bad: [
    { name: "rank of x", call: () => maxPool1d(zeros([3, 8, 8, 8]), 2), error: ShapeError, message: /^maxPool1d: x must have 3 axes \[N, C, L\], it has 4/ },
    { name: "kernel larger than the input", call: () => maxPool1d(zeros([1, 3, 4]), 5), error: ShapeError, message: /^maxPool1d: kernel spans 5, more than the padded length 4/ },
  ],
};
