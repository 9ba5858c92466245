import type { Tensor } from "../tensor.ts";
import { adaptiveMaxPool, adaptiveMaxPoolWithIndices, type OutputSize } from "./adaptivePooling.ts";
import type { MaxPoolResult } from "./pooling.ts";

/**
 * Two-dimensional max pooling to an output of given size:
 *
 *   y[n, c, i, j] = max of x[n, c, h, w] over floor(i H / OH) <= h < ceil((i + 1) H / OH) and j, w likewise
 *
 * Ties and NaN as in `maxPool2d`. With `outputSize` 1 it is the maximum of each channel: global max pooling.
 *
 * @param x input [N, C, H, W]
 * @param outputSize a number or [vertical, horizontal]; null keeps the input's
 * @returns [N, C, OH, OW]
 * @throws ShapeError if x has another rank or is empty; RangeError if a size is no positive integer; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = adaptiveMaxPool2d(x, [7, null]);
 */
export function adaptiveMaxPool2d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveMaxPool("adaptiveMaxPool2d", 2, x, outputSize);
}

/**
 * `adaptiveMaxPool2d`, and where each maximum lies in its channel of x: h * W + w.
 *
 * @returns values, as `adaptiveMaxPool2d`, and indices of the same shape, int32
 * @throws as `adaptiveMaxPool2d`
 * @example
 * const { values, indices } = adaptiveMaxPool2dWithIndices(x, [7, null]);
 */
export function adaptiveMaxPool2dWithIndices(x: Tensor, outputSize: OutputSize): MaxPoolResult {
  return adaptiveMaxPoolWithIndices("adaptiveMaxPool2dWithIndices", 2, x, outputSize);
}
