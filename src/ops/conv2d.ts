import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { ConvOptions } from "../window.ts";
import { convNd, convNdFilterAdjoint, convNdInputAdjoint, type ConvNdOptions } from "./convNd.ts";

/**
 * Two-dimensional convolution, in the sense of the field (cross-correlation, as in PyTorch; `convolve2d` flips the filter):
 *
 *   y[n, o, i, j] = bias[o] + sum over c, k, l of w[o, c, k, l] x[n, c, i * stride + k * dilation - padding, j * ...]
 *
 * With groups, the output channels of a group see the input channels of that group alone. Output height =
 * floor((H + padding before and after - dilation (KH - 1) - 1) / stride) + 1.
 *
 * @param x input [N, C, H, W]
 * @param w filters [O, C/groups, KH, KW]
 * @param options bias; stride and dilation, each a number or [vertical, horizontal]; groups; padding, a number, [vertical,
 *   horizontal], [[top, bottom], [left, right]], "same" or "valid"; paddingMode and paddingValue, what stands in the border
 * @returns [N, O, OH, OW]
 * @throws ShapeError if channels, groups, kernel or border do not fit; RangeError if a number is out of its range; TypeError if
 *   something is of the wrong kind
 * @example
 * const y = conv2d(x, w, { stride: 2, padding: 1 });
 */
export function conv2d(x: Tensor, w: Tensor, options: ConvNdOptions = {}): Tensor {
  return convNd("conv2d", 2, x, w, options);
}

/**
 * The adjoint of `conv2d` in its input: dx = W^' dy, with W^ the matrix for which y = W^ x. At stride 1 this is the
 * convolution of dy with the flipped filter; it is also the forward pass of a transposed convolution.
 *
 * @param dy gradient of the output, [N, O, OH, OW]
 * @param w filters [O, C/groups, KH, KW]
 * @param inputShape shape of x, [N, C, H, W]; several sizes can give the same output size
 * @param options those of the forward call; borders of zeros only, any other belongs to `pad`
 * @throws as `conv2d`, and ShapeError if dy has not the output's shape
 * @example
 * const dx = conv2dInputAdjoint(dy, w, x.shape, { padding: 1 });
 */
export function conv2dInputAdjoint(dy: Tensor, w: Tensor, inputShape: Shape, options: ConvOptions = {}): Tensor {
  return convNdInputAdjoint("conv2dInputAdjoint", 2, dy, w, inputShape, options);
}

/**
 * The adjoint of `conv2d` in its filters: dw = X^' dy, with X^ = im2col(x), for which y = X^ w.
 *
 * @param x input of the forward call, [N, C, H, W]
 * @param dy gradient of the output, [N, O, OH, OW]
 * @param filterShape shape of w, [O, C/groups, KH, KW]
 * @param options those of the forward call; borders of zeros only, for any other pad x first
 * @throws as `conv2d`, and ShapeError if dy has not the output's shape
 * @example
 * const dw = conv2dFilterAdjoint(x, dy, w.shape, { padding: 1 });
 */
export function conv2dFilterAdjoint(x: Tensor, dy: Tensor, filterShape: Shape, options: ConvOptions = {}): Tensor {
  return convNdFilterAdjoint("conv2dFilterAdjoint", 2, x, dy, filterShape, options);
}
