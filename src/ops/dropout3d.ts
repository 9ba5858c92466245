import type { Tensor } from "../tensor.ts";
import { channelDropout } from "./channelDropout.ts";
import type { DropoutOptions } from "./dropout.ts";

/**
 * `dropout` of whole channels: a channel of a sample becomes 0 with probability p, all its positions together.
 *
 * @param x [N, C, D, H, W]
 * @param p from 0 to 1, default 0.5
 * @returns the shape of x
 * @throws ShapeError if x has another rank; RangeError if p is no probability
 * @example
 * const y = dropout3d(x, 0.2);
 */
export function dropout3d(x: Tensor, p: number = 0.5, options: DropoutOptions = {}): Tensor {
  return channelDropout("dropout3d", 3, x, p, options);
}
