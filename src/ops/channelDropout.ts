// Dropout of whole channels, for one, two and three spatial axes.

import { scope } from "../scope.ts";
import { format, ShapeError } from "../shape.ts";
import { ones, type Tensor } from "../tensor.ts";
import { checkDropout, drop, type DropoutOptions } from "./dropout.ts";
import { identity } from "./identity.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";

const axes = ["", "[N, C, L]", "[N, C, H, W]", "[N, C, D, H, W]"];

/** Checks and computes the dropout of whole channels with `rank` spatial axes. */
export function channelDropout(op: string, rank: number, x: Tensor, p: number, options: DropoutOptions): Tensor {
  checkDropout(op, x, p, options);
  const { shape } = x;
  if (shape.length !== rank + 2) {
    throw new ShapeError(`${op}: x must have ${rank + 2} axes ${axes[rank]}, it has ${shape.length} (x ${format(shape)})`);
  }
  if (options.training === false || p === 0) return identity(x);
  const channels = [shape[0]!, shape[1]!];
  return scope(() => mul(x, reshape(drop(ones(channels), p, options), [...channels, ...shape.slice(2).map(() => 1)])));
}
