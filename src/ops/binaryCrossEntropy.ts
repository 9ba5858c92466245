import { scope } from "../scope.ts";
import { format, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { add } from "./add.ts";
import { clamp } from "./clamp.ts";
import { div } from "./div.ts";
import { log } from "./functions.ts";
import { checkPair, type LossOptions, reduceLoss } from "./loss.ts";
import { mul } from "./mul.ts";
import { softplus } from "./softplus.ts";
import { sub } from "./sub.ts";

/** Options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor for each loss; its shape broadcasts to that of x. */
  weight?: Tensor;
}

/** Options of `binaryCrossEntropyWithLogits`. */
export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** A factor for what target counts for; its shape broadcasts to that of x. */
  posWeight?: Tensor;
}

/**
 * Cross-entropy between independent probabilities, given by their logits, and a target:
 *
 *   loss = -weight (posWeight target log s + (1 - target) log(1 - s)),  s = sigmoid(x)
 *
 * computed so that no x overflows or rounds the loss to 0.
 *
 * @param x,target tensors of one shape; both have gradients. Targets lie between 0 and 1
 * @param options weight, posWeight, and reduction: "mean" (the default), "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, shaped like x
 * @throws ShapeError if shapes do not fit or the mean is over no elements; TypeError if something is of the wrong kind
 * @example
 * const loss = binaryCrossEntropyWithLogits(model.forward(x), target);
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor, options: BinaryCrossEntropyWithLogitsOptions = {}): Tensor {
  const reduction = checkPair("binaryCrossEntropyWithLogits", x, target, options);
  const { weight, posWeight } = options;
  checkFactor("binaryCrossEntropyWithLogits", "weight", weight, x.shape);
  checkFactor("binaryCrossEntropyWithLogits", "posWeight", posWeight, x.shape);
  return scope(() => {
    // -log s = softplus(-x), and -log(1 - s) = softplus(x).
    const positive = mul(softplus(mul(x, -1)), posWeight ? mul(target, posWeight) : target);
    const losses = add(mul(softplus(x), sub(1, target)), positive);
    return reduceLoss(weight ? mul(losses, weight) : losses, reduction);
  });
}

/**
 * Cross-entropy between independent probabilities and a target:
 *
 *   loss = -weight (target log x + (1 - target) log(1 - x))
 *
 * As in PyTorch, logarithms are cut off at -100, and the gradient divides by at least 1e-12: both stay finite at 0 and 1. From
 * logits, `binaryCrossEntropyWithLogits` is faster and more exact.
 *
 * @param x,target tensors of one shape; both have gradients. All x lie between 0 and 1
 * @param options weight, and reduction: "mean" (the default), "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, shaped like x
 * @throws as `binaryCrossEntropyWithLogits`, and RangeError if an x is no probability
 * @example
 * const loss = binaryCrossEntropy(sigmoid(logits), target);
 */
export function binaryCrossEntropy(x: Tensor, target: Tensor, options: BinaryCrossEntropyOptions = {}): Tensor {
  const reduction = checkPair("binaryCrossEntropy", x, target, options);
  const { weight } = options;
  checkFactor("binaryCrossEntropy", "weight", weight, x.shape);
  const wrong = x.view().find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined) throw new RangeError(`binaryCrossEntropy: x must hold probabilities from 0 to 1, got ${wrong}`);
  return scope(() => {
    const losses = entropy(x, target);
    return reduceLoss(weight ? mul(losses, weight) : losses, reduction);
  });
}

function entropy(x: Tensor, target: Tensor): Tensor {
  // On aliases, which no tape follows: the derivatives of the logarithms at 0 and 1 are infinite.
  const p = x.alias(), t = target.alias();
  const y = sub(mul(sub(t, 1), logarithm(sub(1, p))), mul(t, logarithm(p)));
  return record(
    y,
    [x, (dy) => mul(dy, div(sub(x, target), clamp(mul(x, sub(1, x)), 1e-12)))],
    [target, (dy) => mul(dy, sub(logarithm(sub(1, x)), logarithm(x)))],
  );
}

/** log p, cut off at -100. */
function logarithm(p: Tensor): Tensor {
  return clamp(log(p), -100);
}

function checkFactor(op: string, name: string, factor: Tensor | undefined, shape: Shape): void {
  if (factor === undefined) return;
  checkTensor(op, name, factor);
  const missing = shape.length - factor.shape.length;
  if (missing < 0 || !factor.shape.every((length, axis) => length === 1 || length === shape[missing + axis])) {
    throw new ShapeError(`${op}: ${name} must broadcast to x (${name} ${format(factor.shape)}, x ${format(shape)})`);
  }
}
