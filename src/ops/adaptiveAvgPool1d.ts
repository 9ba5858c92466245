import type { Tensor } from "../tensor.ts";
import { adaptiveAvgPool, type OutputSize } from "./adaptivePooling.ts";

/**
 * One-dimensional average pooling to an output of given size:
 *
 *   y[n, c, i] = mean of x[n, c, l] over floor(i L / OL) <= l < ceil((i + 1) L / OL)
 *
 * With `outputSize` 1 it is the mean of each channel: global average pooling.
 *
 * @param x input [N, C, L]
 * @param outputSize a number; null keeps the input's
 * @returns [N, C, OL]
 * @throws ShapeError if x has another rank or is empty; RangeError if a size is no positive integer; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = adaptiveAvgPool1d(x, 8);
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool1d", 1, x, outputSize);
}
