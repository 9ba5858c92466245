import type { Tensor } from "../tensor.ts";
import { convNd, type ConvNdOptions } from "./convNd.ts";

/**
 * Convolution in the sense of mathematics and signal processing: the filter is turned by 180 degrees before it slides. What the
 * field calls convolution, `conv2d`, leaves it as it is:
 *
 *   convolve2d(x, w) = conv2d(x, flipFilters(w))
 *
 * so y[n, o, i, j] = sum over c, k, l of w[o, c, k, l] x[n, c, i + KH - 1 - k - padding, j + KW - 1 - l - padding] at stride 1. With
 * padding K - 1 all around it is the full convolution, which commutes and associates.
 *
 * @param x input [N, C, H, W]
 * @param w filters [O, C/groups, KH, KW]
 * @param options those of `conv2d`
 * @returns [N, O, OH, OW]
 * @throws as `conv2d`
 * @example
 * const y = convolve2d(x, w, { padding: 2 }); // kernel 3: full, [N, O, H + 2, W + 2]
 */
export function convolve2d(x: Tensor, w: Tensor, options: ConvNdOptions = {}): Tensor {
  return convNd("convolve2d", 2, x, w, options, true);
}
