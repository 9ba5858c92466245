import type { Tensor } from "../tensor.ts";
import { adaptiveMaxPool, adaptiveMaxPoolWithIndices, type OutputSize } from "./adaptivePooling.ts";
import type { MaxPoolResult } from "./pooling.ts";

/**
 * Three-dimensional max pooling to an output of given size:
 *
 *   y[n, c, h, i, j] = max of x[n, c, ...] over floor(h D / OD) <= d < ceil((h + 1) D / OD) and the other axes likewise
 *
 * Ties and NaN as in `maxPool2d`. With `outputSize` 1 it is the maximum of each channel: global max pooling.
 *
 * @param x input [N, C, D, H, W]
 * @param outputSize a number or [depth, vertical, horizontal]; null keeps the input's
 * @returns [N, C, OD, OH, OW]
 * @throws ShapeError if x has another rank or is empty; RangeError if a size is no positive integer; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = adaptiveMaxPool3d(x, 1);
 */
export function adaptiveMaxPool3d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveMaxPool("adaptiveMaxPool3d", 3, x, outputSize);
}

/**
 * `adaptiveMaxPool3d`, and where each maximum lies in its channel of x: (d * H + h) * W + w.
 *
 * @returns values, as `adaptiveMaxPool3d`, and indices of the same shape, int32
 * @throws as `adaptiveMaxPool3d`
 * @example
 * const { values, indices } = adaptiveMaxPool3dWithIndices(x, 1);
 */
export function adaptiveMaxPool3dWithIndices(x: Tensor, outputSize: OutputSize): MaxPoolResult {
  return adaptiveMaxPoolWithIndices("adaptiveMaxPool3dWithIndices", 3, x, outputSize);
}
