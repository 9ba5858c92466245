import type { Tensor } from "../tensor.ts";
import { convTransposeNd, type ConvTransposeNdOptions } from "./convNd.ts";

/**
 * Two-dimensional transposed convolution: every element of x is spread over the output with the filters,
 *
 *   y[n, o, i * stride + k * dilation - padding, j * ...] += w[c, o, k, l] x[n, c, i, j], from bias[o].
 *
 * It is y = W^' x, with W^ the matrix of the `conv2d` that has these filters and options and takes y's shape to x's: that
 * convolution's input adjoint. Extents grow where a convolution's shrink:
 *
 *   OH = (H - 1) stride - padding before and after + dilation (KH - 1) + outputPadding + 1
 *
 * @param x input [N, I, H, W]
 * @param w filters [I, O/groups, KH, KW]
 * @param options bias, stride, padding, outputPadding, dilation (a number or [vertical, horizontal]) and groups; padding is what is
 *   cut off, outputPadding chooses among the extents that the convolution takes to x's
 * @returns [N, O, OH, OW]
 * @throws ShapeError if channels or groups do not fit, x is empty or nothing is left of y; RangeError if a number is out of its
 *   range, outputPadding reaching stride and dilation included; TypeError if something is of the wrong kind
 * @example
 * const y = convTranspose2d(x, w, { stride: 2, padding: 1, outputPadding: 1 }); // kernel 3: twice the height and width
 */
export function convTranspose2d(x: Tensor, w: Tensor, options: ConvTransposeNdOptions = {}): Tensor {
  return convTransposeNd("convTranspose2d", 2, x, w, options);
}
