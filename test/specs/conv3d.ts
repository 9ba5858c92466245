import { conv3d, ShapeError, zeros } from "../../src/index.ts";
import { product } from "../array.ts";
import { type ConvCase, convExtent, convReference, convTerms } from "./conv.ts";
import type { OpSpec } from "./spec.ts";

export const conv3dSpec: OpSpec<ConvCase> = {
  name: "conv3d",
  run: ([x, w, bias], options) => conv3d(x!, w!, { ...options, ...(bias && { bias }) }),
  reference: convReference,
  cases: [
    ...product({
      kernel: [[1, 1, 1], [2, 3, 2]], stride: [1, [1, 2, 3]], padding: [0, [1, 0, 2], [[0, 1], [2, 0], [1, 1]], "same"] as const,
      dilation: [1, [2, 1, 1]], groups: [1, 2],
    })
      .filter(({ padding, stride }) => padding !== "same" || stride === 1)
      .map(({ kernel, groups, ...options }) => ({
        shapes: [[2, 2 * groups, 4, 5, 4], [3 * groups, 2, ...kernel], [3 * groups]], options: { ...options, groups },
      }))
      .filter(({ shapes: [x, w], options }) => Math.min(...convExtent(x!.slice(2), w!.slice(2), options)) >= 1),
    ...(["reflect", "replicate", "circular", "mean"] as const).map((paddingMode) => ({
      shapes: [[2, 2, 3, 4, 3], [3, 2, 2, 1, 3], [3]], options: { paddingMode, padding: [[1, 0], [0, 2], [2, 1]], stride: [1, 2, 1] } as ConvCase,
    })),
    { shapes: [[0, 3, 3, 3, 3], [4, 3, 2, 2, 2], [4]], options: {} },
    { shapes: [[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1]], options: {} },
    { shapes: [[1, 7, 4, 3, 5], [7, 1, 3, 2, 3], [7]], options: { groups: 7, padding: 1, stride: [2, 1, 1] } },
  ],
  terms: convTerms,
  affine: true,
  bad: [
    { name: "rank of x", call: () => conv3d(zeros([1, 3, 8, 8]), zeros([4, 3, 3, 3, 3])), error: ShapeError, message: /^conv3d: x must have 5 axes \[N, C, D, H, W\], it has 4/ },
    { name: "kernel deeper than the input", call: () => conv3d(zeros([1, 3, 2, 8, 8]), zeros([4, 3, 3, 3, 3])), error: ShapeError, message: /^conv3d: kernel spans 3, more than the padded depth 2/ },
    { name: "two strides", call: () => conv3d(zeros([1, 3, 8, 8, 8]), zeros([4, 3, 3, 3, 3]), { stride: [1, 1] }), error: ShapeError, message: /^conv3d: stride must have 3 numbers, got 2/ },
  ],
};
