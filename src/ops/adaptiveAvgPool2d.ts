import type { Tensor } from "../tensor.ts";
import { adaptiveAvgPool, type OutputSize } from "./adaptivePooling.ts";

/**
 * Two-dimensional average pooling to an output of given size:
 *
 *   y[n, c, i, j] = mean of x[n, c, h, w] over floor(i H / OH) <= h < ceil((i + 1) H / OH) and j, w likewise
 *
 * With `outputSize` 1 it is the mean of each channel: global average pooling.
 *
 * @param x input [N, C, H, W]
 * @param outputSize a number or [vertical, horizontal]; null keeps the input's
 * @returns [N, C, OH, OW]
 * @throws ShapeError if x has another rank or is empty; RangeError if a size is no positive integer; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = adaptiveAvgPool2d(x, [7, null]);
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool2d", 2, x, outputSize);
}
