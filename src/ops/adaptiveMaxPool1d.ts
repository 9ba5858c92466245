import type { Tensor } from "../tensor.ts";
import { adaptiveMaxPool, adaptiveMaxPoolWithIndices, type OutputSize } from "./adaptivePooling.ts";
import type { MaxPoolResult } from "./pooling.ts";

/**
 * One-dimensional max pooling to an output of given size:
 *
 *   y[n, c, i] = max of x[n, c, l] over floor(i L / OL) <= l < ceil((i + 1) L / OL)
 *
 * Ties and NaN as in `maxPool2d`. With `outputSize` 1 it is the maximum of each channel: global max pooling.
 *
 * @param x input [N, C, L]
 * @param outputSize a number; null keeps the input's
 * @returns [N, C, OL]
 * @throws ShapeError if x has another rank or is empty; RangeError if a size is no positive integer; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = adaptiveMaxPool1d(x, 8);
 */
export function adaptiveMaxPool1d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveMaxPool("adaptiveMaxPool1d", 1, x, outputSize);
}

/**
 * `adaptiveMaxPool1d`, and where each maximum lies in its channel of x: the position along L.
 *
 * @returns values, as `adaptiveMaxPool1d`, and indices of the same shape, int32
 * @throws as `adaptiveMaxPool1d`
 * @example
 * const { values, indices } = adaptiveMaxPool1dWithIndices(x, 8);
 */
export function adaptiveMaxPool1dWithIndices(x: Tensor, outputSize: OutputSize): MaxPoolResult {
  return adaptiveMaxPoolWithIndices("adaptiveMaxPool1dWithIndices", 1, x, outputSize);
}
