// What the losses share.

import { checkOptions, describe, format, sameShape, ShapeError } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { mean, sum } from "./sum.ts";

/** What becomes of the losses of all elements: their mean (the default), their sum, or nothing. */
export type Reduction = "mean" | "sum" | "none";

/** Options of a loss. */
export interface LossOptions {
  reduction?: Reduction;
}

/** Checks the option, and that there is something to take the mean of. */
export function checkReduction(op: string, reduction: string, count: number, known: readonly string[] = ["mean", "sum", "none"]): void {
  if (!known.includes(reduction)) throw new TypeError(`${op}: reduction must be one of ${known.join(", ")}, got ${describe(reduction)}`);
  if (count === 0 && reduction.endsWith("mean")) throw new ShapeError(`${op}: the mean of an empty batch is undefined`);
}

/** Checks a loss between two tensors of one shape. Other shapes do not broadcast: that is a mistake more often than meant. */
export function checkPair(op: string, x: Tensor, target: Tensor, options: LossOptions): Reduction {
  checkTensor(op, "x", x);
  checkTensor(op, "target", target);
  checkOptions(op, options);
  if (!sameShape(x.shape, target.shape)) {
    throw new ShapeError(`${op}: x and target must have one shape (x ${format(x.shape)}, target ${format(target.shape)})`);
  }
  const { reduction = "mean" } = options;
  checkReduction(op, reduction, x.size);
  return reduction;
}

/** The losses of all elements, reduced. */
export function reduceLoss(losses: Tensor, reduction: Reduction): Tensor {
  return reduction === "none" ? losses : reduction === "sum" ? sum(losses) : mean(losses);
}
