import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { avgPool, type AvgPoolOptions } from "./pooling.ts";

/**
 * Three-dimensional average pooling:
 *
 *   y[n, c, h, i, j] = sum over k, l, m of x[n, c, h * stride + k - padding, i * ..., j * ...] / count
 *
 * with zeros outside x, counted as in `avgPool2d`.
 *
 * @param x input [N, C, D, H, W]
 * @param kernelSize size of the window, a number or [depth, vertical, horizontal]
 * @param options stride (default kernelSize), padding (at most half the kernel), ceilMode, countIncludePad (default true) and
 *   divisorOverride
 * @returns [N, C, OD, OH, OW]
 * @throws ShapeError if the kernel does not fit x; RangeError if a number is out of its range; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = avgPool3d(x, 2);
 */
export function avgPool3d(x: Tensor, kernelSize: Sizes, options: AvgPoolOptions = {}): Tensor {
  return avgPool("avgPool3d", 3, x, kernelSize, options);
}
