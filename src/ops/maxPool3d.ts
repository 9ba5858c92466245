import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { maxPool, type MaxPoolOptions, type MaxPoolResult, maxPoolWithIndices } from "./pooling.ts";

/**
 * Three-dimensional max pooling:
 *
 *   y[n, c, h, i, j] = max over k, l, m of x[n, c, h * stride + k * dilation - padding, i * ..., j * ...]
 *
 * with -infinity outside x. Sizes, ties and NaN as in `maxPool2d`.
 *
 * @param x input [N, C, D, H, W]
 * @param kernelSize size of the window, a number or [depth, vertical, horizontal]
 * @param options stride (default kernelSize), padding (at most half the kernel), dilation and ceilMode
 * @returns [N, C, OD, OH, OW]
 * @throws ShapeError if the kernel does not fit x, or if the dilation leaves a window without a tap inside x; RangeError if a
 *   number is out of its range; TypeError if something is of the wrong kind
 * @example
 * const y = maxPool3d(x, 2, { stride: 1 });
 */
export function maxPool3d(x: Tensor, kernelSize: Sizes, options: MaxPoolOptions = {}): Tensor {
  return maxPool("maxPool3d", 3, x, kernelSize, options);
}

/**
 * `maxPool3d`, and where each maximum lies in its channel of x: (d * H + h) * W + w.
 *
 * @returns values, as `maxPool3d`, and indices of the same shape, int32
 * @throws as `maxPool3d`
 * @example
 * const { values, indices } = maxPool3dWithIndices(x, 2);
 */
export function maxPool3dWithIndices(x: Tensor, kernelSize: Sizes, options: MaxPoolOptions = {}): MaxPoolResult {
  return maxPoolWithIndices("maxPool3dWithIndices", 3, x, kernelSize, options);
}
