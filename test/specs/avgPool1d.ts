import { avgPool1d, ShapeError, zeros } from "../../src/index.ts";
import type { OpSpec } from "./spec.ts";
import { avgPoolReference, type AvgCase, poolCases, tapsOf } from "./pooling.ts";

export const avgPool1dSpec: OpSpec<AvgCase> = {
  name: "avgPool1d",
  run: ([x], { kernelSize, ...options }) => avgPool1d(x!, kernelSize, options),
  reference: ([x], options) => avgPoolReference(x!, options),
  cases: poolCases<AvgCase>([11], {
    kernelSize: [1, 2, 5], stride: [undefined, 1, 3], padding: [0, 1], ceilMode: [false, true], countIncludePad: [undefined, false], divisorOverride: [undefined, 2],
  }),
  terms: tapsOf,
  affine: true,
  bad: [
    { name: "rank of x", call: () => avgPool1d(zeros([3, 8, 8, 8]), 2), error: ShapeError, message: /^avgPool1d: x must have 3 axes \[N, C, L\], it has 4/ },
    { name: "kernel larger than the input", call: () => avgPool1d(zeros([1, 3, 4]), 5), error: ShapeError, message: /^avgPool1d: kernel spans 5, more than the padded length 4/ },
  ],
};
