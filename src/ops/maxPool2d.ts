import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { maxPool, type MaxPoolOptions, type MaxPoolResult, maxPoolWithIndices } from "./pooling.ts";

/**
 * Two-dimensional max pooling:
 *
 *   y[n, c, i, j] = max over k, l of x[n, c, i * stride + k * dilation - padding, j * ...]
 *
 * with -infinity outside x; output height = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1, or with `ceilMode` the
 * ceiling, unless the last window would then start behind the input. A NaN in a window is its maximum. The gradient goes to the
 * first maximum in row-major order.
 *
 * @param x input [N, C, H, W]
 * @param kernelSize size of the window, a number or [vertical, horizontal]
 * @param options stride (default kernelSize), padding (at most half the kernel), dilation and ceilMode
 * @returns [N, C, OH, OW]
 * @throws ShapeError if the kernel does not fit x, or if the dilation leaves a window without a tap inside x; RangeError if a
 *   number is out of its range; TypeError if something is of the wrong kind
 * @example
 * const y = maxPool2d(x, 3, { stride: 2, padding: 1 });
 */
export function maxPool2d(x: Tensor, kernelSize: Sizes, options: MaxPoolOptions = {}): Tensor {
  return maxPool("maxPool2d", 2, x, kernelSize, options);
}

/**
 * `maxPool2d`, and where each maximum lies in its channel of x: h * W + w.
 *
 * @returns values, as `maxPool2d`, and indices of the same shape, int32
 * @throws as `maxPool2d`
 * @example
 * const { values, indices } = maxPool2dWithIndices(x, 2);
 */
export function maxPool2dWithIndices(x: Tensor, kernelSize: Sizes, options: MaxPoolOptions = {}): MaxPoolResult {
  return maxPoolWithIndices("maxPool2dWithIndices", 2, x, kernelSize, options);
}
