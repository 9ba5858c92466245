import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { ConvOptions } from "../window.ts";
import { convNd, convNdFilterAdjoint, convNdInputAdjoint, type ConvNdOptions } from "./convNd.ts";

/**
 * One-dimensional convolution, in the sense of the field (cross-correlation, as in PyTorch):
 *
 *   y[n, o, i] = bias[o] + sum over c, k of w[o, c, k] x[n, c, i * stride + k * dilation - padding]
 *
 * Extents, borders and groups as in `conv2d`.
 *
 * @param x input [N, C, L]
 * @param w filters [O, C/groups, K]
 * @param options bias, stride, padding, dilation (numbers), groups, paddingMode and paddingValue
 * @returns [N, O, OL]
 * @throws as `conv2d`
 * @example
 * const y = conv1d(x, w, { padding: "same" });
 */
export function conv1d(x: Tensor, w: Tensor, options: ConvNdOptions = {}): Tensor {
  return convNd("conv1d", 1, x, w, options);
}

/**
 * The adjoint of `conv1d` in its input: dx = W^' dy. See `conv2dInputAdjoint`.
 *
 * @param dy gradient of the output, [N, O, OL]
 * @param w filters [O, C/groups, K]
 * @param inputShape shape of x, [N, C, L]
 * @param options those of the forward call
 * @throws as `conv1d`, and ShapeError if dy has not the output's shape
 * @example
 * const dx = conv1dInputAdjoint(dy, w, x.shape, { padding: 1 });
 */
export function conv1dInputAdjoint(dy: Tensor, w: Tensor, inputShape: Shape, options: ConvOptions = {}): Tensor {
  return convNdInputAdjoint("conv1dInputAdjoint", 1, dy, w, inputShape, options);
}

/**
 * The adjoint of `conv1d` in its filters: dw = X^' dy. See `conv2dFilterAdjoint`.
 *
 * @param x input of the forward call, [N, C, L]
 * @param dy gradient of the output, [N, O, OL]
 * @param filterShape shape of w, [O, C/groups, K]
 * @param options those of the forward call
 * @throws as `conv1d`, and ShapeError if dy has not the output's shape
 * @example
 * const dw = conv1dFilterAdjoint(x, dy, w.shape, { padding: 1 });
 */
export function conv1dFilterAdjoint(x: Tensor, dy: Tensor, filterShape: Shape, options: ConvOptions = {}): Tensor {
  return convNdFilterAdjoint("conv1dFilterAdjoint", 1, x, dy, filterShape, options);
}
