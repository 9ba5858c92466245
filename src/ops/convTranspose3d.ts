import type { Tensor } from "../tensor.ts";
import { convTransposeNd, type ConvTransposeNdOptions } from "./convNd.ts";

/**
 * Three-dimensional transposed convolution; definition, extents and errors as in `convTranspose2d`.
 *
 * @param x input [N, I, D, H, W]
 * @param w filters [I, O/groups, KD, KH, KW]
 * @param options bias, stride, padding, outputPadding, dilation and groups
 * @returns [N, O, OD, OH, OW]
 * @throws as `convTranspose2d`
 * @example
 * const y = convTranspose3d(x, w, { stride: 2 });
 */
export function convTranspose3d(x: Tensor, w: Tensor, options: ConvTransposeNdOptions = {}): Tensor {
  return convTransposeNd("convTranspose3d", 3, x, w, options);
}
