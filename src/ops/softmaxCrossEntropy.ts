import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { format, ShapeError } from "../shape.ts";
import { checkTensor, empty, full, type Tensor, tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { checkLabels, type Labels } from "./labels.ts";
import { mul } from "./mul.ts";
import { softmaxAdjoint } from "./softmax.ts";
import { sum } from "./sum.ts";

/**
 * Softmax cross-entropy, averaged over the batch:
 *
 *   y = -1/N sum over i of log softmax(logits[i])[labels[i]]
 *
 * The plain case of `crossEntropy`, which computes it by this function; here every label must be a class.
 *
 * @param logits [N, C], unnormalised
 * @param labels N class numbers, 0 <= label < C
 * @returns a scalar, shape []
 * @throws ShapeError if the lengths differ or the batch is empty; RangeError if a label is no class
 * @example
 * const loss = softmaxCrossEntropy(model.forward(x), [3, 1, 4]);
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Labels): Tensor {
  checkTensor("softmaxCrossEntropy", "logits", logits);
  const { shape } = logits;
  if (shape.length !== 2) {
    throw new ShapeError(`softmaxCrossEntropy: logits must have 2 axes [N, C], it has ${shape.length} (logits ${format(shape)})`);
  }
  const target = checkLabels("softmaxCrossEntropy", "labels", labels, shape);
  if (target.length === 0) throw new ShapeError(`softmaxCrossEntropy: the mean of an empty batch is undefined (logits ${format(shape)})`);
  return scope(() => meanCrossEntropy(logits, tensor(target)));
}

/** The mean over rows: logits [N, C], labels [N]. */
export function meanCrossEntropy(logits: Tensor, labels: Tensor<"int32">): Tensor {
  const p = empty(logits.shape);
  const y = empty([]);
  kernels().softmaxCrossEntropy(p.shape[0]!, p.shape[1]!, logits.ptr, labels.ptr, p.ptr, y.ptr);
  // The adjoint is made of p: with p recorded too, it can be differentiated again.
  record(p, [logits, (dp) => softmaxAdjoint(p, dp)]);
  return record(y, [logits, (dy) => meanCrossEntropyAdjoint(p, labels, dy)]);
}

/** dlogits = (p - onehot(labels)) dy / N. */
function meanCrossEntropyAdjoint(p: Tensor, labels: Tensor<"int32">, dy: Tensor): Tensor {
  const [n, c] = p.shape as [number, number];
  const dx = empty(p.shape);
  kernels().softmaxCrossEntropyAdjoint(n, c, p.ptr, labels.ptr, dy.ptr, dx.ptr);
  return record(
    dx,
    [dy, (ddx) => sum(mul(meanCrossEntropyAdjoint(p, labels, full([], 1)), ddx))],
    [p, (ddx) => mul(ddx, mul(dy, 1 / n))],
  );
}
