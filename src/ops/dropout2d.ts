import type { Tensor } from "../tensor.ts";
import { channelDropout } from "./channelDropout.ts";
import type { DropoutOptions } from "./dropout.ts";

/**
 * `dropout` of whole channels: a channel of a sample becomes 0 with probability p, all its positions together.
 *
 * @param x [N, C, H, W]
 * @param p from 0 to 1, default 0.5
 * @returns the shape of x
 * @throws ShapeError if x has another rank; RangeError if p is no probability
 * @example
 * const y = dropout2d(x, 0.2);
 */
export function dropout2d(x: Tensor, p: number = 0.5, options: DropoutOptions = {}): Tensor {
  return channelDropout("dropout2d", 2, x, p, options);
}
