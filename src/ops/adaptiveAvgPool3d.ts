import type { Tensor } from "../tensor.ts";
import { adaptiveAvgPool, type OutputSize } from "./adaptivePooling.ts";

/**
 * Three-dimensional average pooling to an output of given size:
 *
 *   y[n, c, h, i, j] = mean of x[n, c, ...] over floor(h D / OD) <= d < ceil((h + 1) D / OD) and the other axes likewise
 *
 * With `outputSize` 1 it is the mean of each channel: global average pooling.
 *
 * @param x input [N, C, D, H, W]
 * @param outputSize a number or [depth, vertical, horizontal]; null keeps the input's
 * @returns [N, C, OD, OH, OW]
 * @throws ShapeError if x has another rank or is empty; RangeError if a size is no positive integer; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = adaptiveAvgPool3d(x, 1);
 */
export function adaptiveAvgPool3d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool3d", 3, x, outputSize);
}
