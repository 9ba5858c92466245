import { avgPool3d, ShapeError, zeros } from "../../src/index.ts";
import type { OpSpec } from "./spec.ts";
import { avgPoolReference, type AvgCase, poolCases, tapsOf } from "./pooling.ts";

export const avgPool3dSpec: OpSpec<AvgCase> = {
  name: "avgPool3d",
  run: ([x], { kernelSize, ...options }) => avgPool3d(x!, kernelSize, options),
  reference: ([x], options) => avgPoolReference(x!, options),
  cases: poolCases<AvgCase>([4, 5, 3], {
    kernelSize: [1, 2, [3, 1, 2]], stride: [undefined, 1, [1, 2, 3]], padding: [0, [1, 0, 1]], ceilMode: [false, true], countIncludePad: [undefined, false], divisorOverride: [undefined, 2],
  }),
  terms: tapsOf,
  affine: true,
  bad: [
    { name: "rank of x", call: () => avgPool3d(zeros([3, 8, 8, 8]), 2), error: ShapeError, message: /^avgPool3d: x must have 5 axes \[N, C, D, H, W\], it has 4/ },
    { name: "kernel larger than the input", call: () => avgPool3d(zeros([1, 3, 4, 9, 9]), 5), error: ShapeError, message: /^avgPool3d: kernel spans 5, more than the padded depth 4/ },
  ],
};
