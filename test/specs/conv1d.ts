import { conv1d, ShapeError, zeros } from "../../src/index.ts";
import { product } from "../array.ts";
import { type ConvCase, convExtent, convReference, convTerms } from "./conv.ts";
import type { OpSpec } from "./spec.ts";

export const conv1dSpec: OpSpec<ConvCase> = {
  name: "conv1d",
  run: ([x, w, bias], options) => conv1d(x!, w!, { ...options, ...(bias && { bias }) }),
  reference: convReference,
  cases: [
    ...product({ kernel: [1, 2, 5], stride: [1, 2], padding: [0, 2, [[0, 3]], "same"] as const, dilation: [1, [3]], groups: [1, 3] })
      .filter(({ padding, stride }) => padding !== "same" || stride === 1)
      .map(({ kernel, groups, ...options }) => ({
        shapes: [[2, 3 * groups, 11], [5 * groups, 3, kernel], [5 * groups]], options: { ...options, groups },
      }))
      .filter(({ shapes: [x, w], options }) => Math.min(...convExtent(x!.slice(2), w!.slice(2), options)) >= 1),
    ...(["reflect", "replicate", "circular", "mean"] as const).flatMap((paddingMode) => [[[0, 2]], 3, "same"].map((padding) => ({
      shapes: [[2, 3, 5], [4, 3, 4], [4]], options: { paddingMode, padding } as ConvCase,
    }))),
    { shapes: [[0, 3, 5], [4, 3, 3], [4]], options: {} },
    { shapes: [[1, 1, 1], [1, 1, 1], [1]], options: {} },
    { shapes: [[3, 9, 8], [9, 1, 3], [9]], options: { groups: 9, padding: 1 } },
    { shapes: [[2, 5, 40], [17, 5, 9], [17]], options: { padding: 4, stride: 3 } },
  ],
  terms: convTerms,
  affine: true,
  bad: [
    { name: "rank of x", call: () => conv1d(zeros([1, 3, 8, 8]), zeros([4, 3, 3])), error: ShapeError, message: /^conv1d: x must have 3 axes \[N, C, L\], it has 4 \(x \[1, 3, 8, 8\]\)/ },
    { name: "rank of w", call: () => conv1d(zeros([1, 3, 8]), zeros([4, 3, 3, 3])), error: ShapeError, message: /^conv1d: w must have 3 axes \[O, C\/groups, KL\], it has 4/ },
    { name: "kernel longer than the padded input", call: () => conv1d(zeros([1, 3, 4]), zeros([4, 3, 3]), { dilation: 2 }), error: ShapeError, message: /^conv1d: kernel spans 5, more than the padded length 4/ },
    { name: "same with a stride", call: () => conv1d(zeros([1, 3, 8]), zeros([4, 3, 3]), { padding: "same", stride: 2 }), error: RangeError, message: /^conv1d: padding "same" needs stride 1, got 2/ },
    { name: "no tensor", call: () => conv1d(zeros([1, 3, 8]), null as never), error: TypeError, message: /^conv1d: w must be a tensor, got null/ },
  ],
};
