import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { avgPool, type AvgPoolOptions } from "./pooling.ts";

/**
 * Two-dimensional average pooling:
 *
 *   y[n, c, i, j] = sum over k, l of x[n, c, i * stride + k - padding, j * ...] / count
 *
 * with zeros outside x; sizes as in `maxPool2d`, with dilation 1. The count is that of all taps, or of those inside x if
 * `countIncludePad` is false, or `divisorOverride`. Where a window of `ceilMode` reaches beyond the padding, what lies there is
 * not counted.
 *
 * @param x input [N, C, H, W]
 * @param kernelSize size of the window, a number or [vertical, horizontal]
 * @param options stride (default kernelSize), padding (at most half the kernel), ceilMode, countIncludePad (default true) and
 *   divisorOverride
 * @returns [N, C, OH, OW]
 * @throws ShapeError if the kernel does not fit x; RangeError if a number is out of its range; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = avgPool2d(x, 2, { ceilMode: true, countIncludePad: false });
 */
export function avgPool2d(x: Tensor, kernelSize: Sizes, options: AvgPoolOptions = {}): Tensor {
  return avgPool("avgPool2d", 2, x, kernelSize, options);
}
