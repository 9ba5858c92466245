import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { maxPool, type MaxPoolOptions, type MaxPoolResult, maxPoolWithIndices } from "./pooling.ts";

/**
 * One-dimensional max pooling:
 *
 *   y[n, c, i] = max over k of x[n, c, i * stride + k * dilation - padding]
 *
 * with -infinity outside x. Sizes, ties and NaN as in `maxPool2d`.
 *
 * @param x input [N, C, L]
 * @param kernelSize size of the window, a number
 * @param options stride (default kernelSize), padding (at most half the kernel), dilation and ceilMode
 * @returns [N, C, OL]
 * @throws ShapeError if the kernel does not fit x, or if the dilation leaves a window without a tap inside x; RangeError if a
 *   number is out of its range; TypeError if something is of the wrong kind
 * @example
 * const y = maxPool1d(x, 2, { stride: 1 });
 */
export function maxPool1d(x: Tensor, kernelSize: Sizes, options: MaxPoolOptions = {}): Tensor {
  return maxPool("maxPool1d", 1, x, kernelSize, options);
}

/**
 * `maxPool1d`, and where each maximum lies in its channel of x: the position along L.
 *
 * @returns values, as `maxPool1d`, and indices of the same shape, int32
 * @throws as `maxPool1d`
 * @example
 * const { values, indices } = maxPool1dWithIndices(x, 2);
 */
export function maxPool1dWithIndices(x: Tensor, kernelSize: Sizes, options: MaxPoolOptions = {}): MaxPoolResult {
  return maxPoolWithIndices("maxPool1dWithIndices", 1, x, kernelSize, options);
}
