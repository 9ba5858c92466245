import { scope } from "../scope.ts";
import { checkInteger, checkNumber, checkOptions, format, sameShape, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, Tensor, tensor } from "../tensor.ts";
import { add } from "./add.ts";
import { checkLabels, type Labels } from "./labels.ts";
import { logSoftmaxRows } from "./logSoftmax.ts";
import { checkReduction, type LossOptions, type Reduction, reduceLoss } from "./loss.ts";
import { mul } from "./mul.ts";
import { checkWeight, likelihood } from "./nllLoss.ts";
import { reshape } from "./reshape.ts";
import { toRows } from "./rows.ts";
import { meanCrossEntropy } from "./softmaxCrossEntropy.ts";
import { sum } from "./sum.ts";

/** Options of `crossEntropy`; the defaults are PyTorch's. */
export interface CrossEntropyOptions extends LossOptions {
  /** A factor for each class, [C]. The mean is divided by the sum of the targets' factors. */
  weight?: Tensor;
  /** Positions with this label do not count; default -100. */
  ignoreIndex?: number;
  /** What part of the target is spread evenly over all classes, from 0 to 1; default 0. */
  labelSmoothing?: number;
}

/**
 * Cross-entropy between the softmax of the logits along axis 1 and a target, which is one class at each position or a
 * probability for each class:
 *
 *   loss = -weight[target] log softmax(logits)[target]      or      -sum over c of weight[c] target[c] log softmax(logits)[c]
 *
 * A loss is a function and no layer: it has no parameters, and takes two tensors.
 *
 * @param logits [N, C, ...], unnormalised: [N, C] to classify, [N, C, H, W] to segment
 * @param target class numbers for [N, ...], a flat list or an int32 tensor; or probabilities, a float32 tensor shaped like logits
 * @param options weight, ignoreIndex, labelSmoothing, and reduction: "mean" (the default), "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, [N, ...]
 * @throws ShapeError if shapes do not fit or the mean is over an empty batch; RangeError if a label is no class, a number is out
 *   of its range, or the factors of all that counts sum up to 0, so that the mean is undefined (where PyTorch returns NaN);
 *   TypeError if something is of the wrong kind
 * @example
 * const loss = crossEntropy(model.forward(x), labels, { labelSmoothing: 0.1 });
 */
export function crossEntropy(logits: Tensor, target: Labels | Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkTensor("crossEntropy", "logits", logits);
  checkOptions("crossEntropy", options);
  const { shape } = logits;
  if (shape.length < 2) {
    throw new ShapeError(`crossEntropy: logits must have at least 2 axes [N, C, ...], it has ${shape.length} (logits ${format(shape)})`);
  }
  const { weight, ignoreIndex = -100, labelSmoothing = 0, reduction = "mean" } = options;
  checkWeight("crossEntropy", weight, shape);
  checkInteger("crossEntropy", "ignoreIndex", ignoreIndex, -Infinity);
  checkNumber("crossEntropy", "labelSmoothing", labelSmoothing, 0, 1);
  checkReduction("crossEntropy", reduction, sizeOf(positionsOf(shape)));
  if (target instanceof Tensor && target.dtype === "float32") {
    return ofProbabilities(logits, target as Tensor, weight, options.ignoreIndex, labelSmoothing, reduction);
  }
  const labels = checkLabels("crossEntropy", "target", target as Labels, shape, ignoreIndex);
  return scope(() => {
    const rows = toRows(logits, 1);
    const plain = reduction === "mean" && !weight && labelSmoothing === 0 && !labels.includes(-1);
    if (plain) return meanCrossEntropy(rows, tensor(labels));
    return likelihood("crossEntropy", logSoftmaxRows(rows), labels, { weight, labelSmoothing, reduction }, positionsOf(shape));
  });
}

function ofProbabilities(
  logits: Tensor, target: Tensor, weight: Tensor | undefined, ignoreIndex: number | undefined, labelSmoothing: number,
  reduction: Reduction,
): Tensor {
  const { shape } = logits;
  checkTensor("crossEntropy", "target", target);
  if (!sameShape(shape, target.shape)) {
    const shapes = `(logits ${format(shape)}, target ${format(target.shape)})`;
    throw new ShapeError(`crossEntropy: probabilities must be shaped like logits ${shapes}`);
  }
  if (ignoreIndex !== undefined && ignoreIndex >= 0) {
    throw new RangeError(`crossEntropy: ignoreIndex ${ignoreIndex} means nothing where target holds probabilities`);
  }
  return scope(() => {
    let q = toRows(target, 1);
    if (labelSmoothing > 0) q = add(mul(q, 1 - labelSmoothing), labelSmoothing / shape[1]!);
    if (weight) q = mul(q, weight);
    const losses = mul(sum(mul(logSoftmaxRows(toRows(logits, 1)), q), 1), -1);
    return reduceLoss(reshape(losses, positionsOf(shape)), reduction);
  });
}

/** [N, C, ...] without C. */
function positionsOf([n, , ...positions]: Shape): Shape {
  return [n!, ...positions];
}
