import { scope } from "../scope.ts";
import { format, ShapeError } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { traced, tracing } from "../trace.ts";
import { gt } from "./comparisons.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";
import { where } from "./where.ts";

/**
 * Rectified linear unit with a learned slope, y = x for x > 0 and weight[c] x elsewhere; the derivative at 0 is weight[c], as in
 * PyTorch.
 *
 * @param x [N, C, ...]
 * @param weight [C], or [1]: one slope for all channels
 * @throws ShapeError if weight has neither 1 element nor one for each channel
 * @example
 * const y = prelu(x, tensor([0.25]));
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  checkTensor("prelu", "x", x);
  checkTensor("prelu", "weight", weight);
  const rank = x.shape.length, channels = rank > 1 ? x.shape[1]! : 1;
  const shapes = `(x ${format(x.shape)}, weight ${format(weight.shape)})`;
  if (weight.shape.length !== 1) throw new ShapeError(`prelu: weight must have 1 axis, it has ${weight.shape.length} ${shapes}`);
  if (weight.size !== 1 && weight.size !== channels) {
    throw new ShapeError(`prelu: weight has ${weight.size} elements, x has ${channels} channels ${shapes}`);
  }
  return scope(() => {
    const slope = reshape(weight, x.shape.map((_, axis) => (axis === 1 ? weight.size : 1)));
    return traced(tracing(undefined, () => where(gt(x, 0), x, mul(x, slope))), "PRelu", [x, slope]);
  });
}
