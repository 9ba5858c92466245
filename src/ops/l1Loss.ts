import { scope } from "../scope.ts";
import { checkNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { abs } from "./functions.ts";
import { div } from "./div.ts";
import { hardtanh } from "./hardtanh.ts";
import { checkPair, type LossOptions, reduceLoss } from "./loss.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

/**
 * Absolute error, loss = |x - target|; the derivative at 0 is 0.
 *
 * @param x,target tensors of one shape; both have gradients
 * @param options reduction: "mean" (the default), "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, shaped like x
 * @throws ShapeError if the shapes differ or the mean is over no elements; TypeError if something is of the wrong kind
 * @example
 * const loss = l1Loss(model.forward(x), target);
 */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reduction = checkPair("l1Loss", x, target, options);
  return scope(() => reduceLoss(abs(sub(x, target)), reduction));
}

/** Options of `smoothL1Loss`. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Below this error the loss is a parabola; default 1. With 0 it is `l1Loss`. */
  beta?: number;
}

/**
 * Absolute error with a round tip: with d = x - target,
 *
 *   loss = d^2 / (2 beta)     where |d| < beta
 *   loss = |d| - beta / 2     elsewhere
 *
 * @param x,target tensors of one shape; both have gradients
 * @param options beta, and reduction: "mean" (the default), "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, shaped like x
 * @throws as `l1Loss`, and RangeError if beta is negative
 * @example
 * const loss = smoothL1Loss(boxes, target, { beta: 0.1 });
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  const reduction = checkPair("smoothL1Loss", x, target, options);
  const { beta = 1 } = options;
  checkNumber("smoothL1Loss", "beta", beta, 0);
  return scope(() => reduceLoss(beta === 0 ? abs(sub(x, target)) : div(huber(x, target, beta), beta), reduction));
}

/** Options of `huberLoss`. */
export interface HuberLossOptions extends LossOptions {
  /** Below this error the loss is a parabola; default 1. */
  delta?: number;
}

/**
 * Huber's loss, squared error that grows linearly from delta on: with d = x - target,
 *
 *   loss = d^2 / 2                      where |d| <= delta
 *   loss = delta (|d| - delta / 2)      elsewhere
 *
 * @param x,target tensors of one shape; both have gradients
 * @param options delta, and reduction: "mean" (the default), "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, shaped like x
 * @throws as `l1Loss`, and RangeError if delta is not positive
 * @example
 * const loss = huberLoss(model.forward(x), target);
 */
export function huberLoss(x: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  const reduction = checkPair("huberLoss", x, target, options);
  const { delta = 1 } = options;
  checkNumber("huberLoss", "delta", delta, 0);
  if (delta === 0) throw new RangeError("huberLoss: delta must be positive, got 0");
  return scope(() => reduceLoss(huber(x, target, delta), reduction));
}

/** c (d - c / 2) with c the difference d cut off at +-delta: both cases of Huber's loss at once. */
function huber(x: Tensor, target: Tensor, delta: number): Tensor {
  const d = sub(x, target);
  const c = hardtanh(d, { minVal: -delta, maxVal: delta });
  return mul(c, sub(d, mul(c, 0.5)));
}
