import type { Tensor } from "../tensor.ts";
import { convTransposeNd, type ConvTransposeNdOptions } from "./convNd.ts";

/**
 * One-dimensional transposed convolution; definition, extents and errors as in `convTranspose2d`.
 *
 * @param x input [N, I, L]
 * @param w filters [I, O/groups, K]
 * @param options bias, stride, padding, outputPadding, dilation and groups
 * @returns [N, O, OL]
 * @throws as `convTranspose2d`
 * @example
 * const y = convTranspose1d(x, w, { stride: 2 });
 */
export function convTranspose1d(x: Tensor, w: Tensor, options: ConvTransposeNdOptions = {}): Tensor {
  return convTransposeNd("convTranspose1d", 1, x, w, options);
}
