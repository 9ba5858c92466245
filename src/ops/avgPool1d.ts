import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { avgPool, type AvgPoolOptions } from "./pooling.ts";

/**
 * One-dimensional average pooling:
 *
 *   y[n, c, i] = sum over k of x[n, c, i * stride + k - padding] / count
 *
 * with zeros outside x, counted as in `avgPool2d`.
 *
 * @param x input [N, C, L]
 * @param kernelSize size of the window, a number
 * @param options stride (default kernelSize), padding (at most half the kernel), ceilMode, countIncludePad (default true) and
 *   divisorOverride
 * @returns [N, C, OL]
 * @throws ShapeError if the kernel does not fit x; RangeError if a number is out of its range; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = avgPool1d(x, 2);
 */
export function avgPool1d(x: Tensor, kernelSize: Sizes, options: AvgPoolOptions = {}): Tensor {
  return avgPool("avgPool1d", 1, x, kernelSize, options);
}
