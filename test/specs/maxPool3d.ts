import { maxPool3d, ShapeError, zeros } from "../../src/index.ts";
import { step } from "./maxPool2d.ts";
import type { OpSpec } from "./spec.ts";
import { maxPoolReference, type MaxCase, poolCases, tapsOf } from "./pooling.ts";

export const maxPool3dSpec: OpSpec<MaxCase> = {
  name: "maxPool3d",
  run: ([x], { kernelSize, ...options }) => maxPool3d(x!, kernelSize, options),
  reference: ([x], options) => maxPoolReference(x!, options).values,
  cases: poolCases<MaxCase>([4, 5, 3], {
    kernelSize: [1, 2, [3, 1, 2]], stride: [undefined, 1, [1, 2, 3]], padding: [0, [1, 0, 1]], dilation: [1, [1, 2, 1]], ceilMode: [false, true],
  }),
  terms: tapsOf,
  affine: false,
  step,
  bad: [
    { name: "rank of x", call: () => maxPool3d(zeros([3, 8, 8, 8]), 2), error: ShapeError, message: /^maxPool3d: x must have 5 axes \[N, C, D, H, W\], it has 4/ },
    { name: "kernel larger than the input", call: () => maxPool3d(zeros([1, 3, 4, 9, 9]), 5), error: ShapeError, message: /^maxPool3d: kernel spans 5, more than the padded depth 4/ },
  ],
};
