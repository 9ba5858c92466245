import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { ConvOptions } from "../window.ts";
import { convNd, convNdFilterAdjoint, convNdInputAdjoint, type ConvNdOptions } from "./convNd.ts";

/**
 * Three-dimensional convolution, in the sense of the field (cross-correlation, as in PyTorch):
 *
 *   y[n, o, h, i, j] = bias[o] + sum over c, k, l, m of w[o, c, k, l, m] x[n, c, h * stride + k * dilation - padding, i * ..., j * ...]
 *
 * Extents, borders and groups as in `conv2d`.
 *
 * @param x input [N, C, D, H, W]
 * @param w filters [O, C/groups, KD, KH, KW]
 * @param options bias, stride, padding, dilation (a number or [depth, vertical, horizontal]), groups, paddingMode and paddingValue
 * @returns [N, O, OD, OH, OW]
 * @throws as `conv2d`
 * @example
 * const y = conv3d(x, w, { stride: [1, 2, 2], padding: 1 });
 */
export function conv3d(x: Tensor, w: Tensor, options: ConvNdOptions = {}): Tensor {
  return convNd("conv3d", 3, x, w, options);
}

/**
 * The adjoint of `conv3d` in its input: dx = W^' dy. See `conv2dInputAdjoint`.
 *
 * @param dy gradient of the output, [N, O, OD, OH, OW]
 * @param w filters [O, C/groups, KD, KH, KW]
 * @param inputShape shape of x, [N, C, D, H, W]
 * @param options those of the forward call
 * @throws as `conv3d`, and ShapeError if dy has not the output's shape
 * @example
 * const dx = conv3dInputAdjoint(dy, w, x.shape, { padding: 1 });
 */
export function conv3dInputAdjoint(dy: Tensor, w: Tensor, inputShape: Shape, options: ConvOptions = {}): Tensor {
  return convNdInputAdjoint("conv3dInputAdjoint", 3, dy, w, inputShape, options);
}

/**
 * The adjoint of `conv3d` in its filters: dw = X^' dy. See `conv2dFilterAdjoint`.
 *
 * @param x input of the forward call, [N, C, D, H, W]
 * @param dy gradient of the output, [N, O, OD, OH, OW]
 * @param filterShape shape of w, [O, C/groups, KD, KH, KW]
 * @param options those of the forward call
 * @throws as `conv3d`, and ShapeError if dy has not the output's shape
 * @example
 * const dw = conv3dFilterAdjoint(x, dy, w.shape, { padding: 1 });
 */
export function conv3dFilterAdjoint(x: Tensor, dy: Tensor, filterShape: Shape, options: ConvOptions = {}): Tensor {
  return convNdFilterAdjoint("conv3dFilterAdjoint", 3, x, dy, filterShape, options);
}
