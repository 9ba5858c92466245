import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { checkPair, type LossOptions, reduceLoss } from "./loss.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

/**
 * Squared error, loss = (x - target)^2.
 *
 * @param x,target tensors of one shape; both have gradients
 * @param options reduction: "mean" (the default), "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, shaped like x
 * @throws ShapeError if the shapes differ or the mean is over no elements; TypeError if something is of the wrong kind
 * @example
 * const loss = mseLoss(model.forward(x), target);
 */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reduction = checkPair("mseLoss", x, target, options);
  return scope(() => {
    const d = sub(x, target);
    return reduceLoss(mul(d, d), reduction);
  });
}
