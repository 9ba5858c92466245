import { kernels } from "../runtime/kernels.ts";
import { describe, format, ShapeError } from "../shape.ts";
import { checkTensor, empty, Tensor, tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { mul } from "./mul.ts";
import { sum } from "./sum.ts";

/** Class numbers: a list, a typed array or an int32 tensor. */
export type Labels = ArrayLike<number> | Tensor<"int32">;

/**
 * Softmax cross-entropy, averaged over the batch:
 *
 *   y = -1/N sum over i of log softmax(logits[i])[labels[i]]
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
  if (shape.length !== 2) throw new ShapeError(`softmaxCrossEntropy: logits must have 2 axes [N, C], it has ${shape.length} (logits ${format(shape)})`);
  const target = checkLabels(labels, shape[0]!, shape[1]!);
  const p = empty(shape);
  const y = empty([]);
  kernels().softmaxCrossEntropy(shape[0]!, shape[1]!, logits.ptr, target.ptr, p.ptr, y.ptr);
  return record(y, [logits, (dy) => softmaxCrossEntropyAdjoint(logits, p, target, dy)]);
}

/** dlogits = (softmax(logits) - onehot(labels)) dy / N. */
function softmaxCrossEntropyAdjoint(logits: Tensor, p: Tensor, labels: Tensor<"int32">, dy: Tensor): Tensor {
  const [n, c] = p.shape as [number, number];
  const dx = empty(p.shape);
  kernels().softmaxCrossEntropyAdjoint(n, c, p.ptr, labels.ptr, dy.ptr, dx.ptr);
  return record(
    dx,
    [dy, (ddx) => sum(mul(softmaxCrossEntropyAdjoint(logits, p, labels, tensor([1], [])), ddx))],
    [logits, () => {
      throw new Error("softmaxCrossEntropy: it can be differentiated once only");
    }],
  );
}

function checkLabels(labels: Labels, n: number, classes: number): Tensor<"int32"> {
  const isTensor = labels instanceof Tensor;
  if (isTensor) checkTensor("softmaxCrossEntropy", "labels", labels, "int32");
  else if (typeof labels?.length !== "number") throw new TypeError(`softmaxCrossEntropy: labels must be a list of numbers or a tensor, got ${describe(labels)}`);
  const values = isTensor ? labels.view() : labels;
  if (values.length !== n) throw new ShapeError(`softmaxCrossEntropy: labels has ${values.length} elements, logits has ${n} rows (logits ${format([n, classes])})`);
  if (n === 0) throw new ShapeError(`softmaxCrossEntropy: the mean of an empty batch is undefined (logits ${format([n, classes])})`);
  for (let i = 0; i < n; i++) {
    const label = values[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(`softmaxCrossEntropy: labels must be integers from 0 to ${classes - 1}, labels[${i}] is ${label}`);
    }
  }
  return isTensor ? labels : tensor(Int32Array.from(values));
}
