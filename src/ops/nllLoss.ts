import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkInteger, checkOptions, format, sameShape, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, empty, type Tensor, tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { add } from "./add.ts";
import { div } from "./div.ts";
import { checkLabels, type Labels } from "./labels.ts";
import { checkReduction, type LossOptions, type Reduction } from "./loss.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";
import { toRows } from "./rows.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

/** Options of `nllLoss`; the defaults are PyTorch's. */
export interface NllLossOptions extends LossOptions {
  /** A factor for each class, [C]. The mean is divided by the sum of the targets' factors. */
  weight?: Tensor;
  /** Positions with this label do not count; default -100. */
  ignoreIndex?: number;
}

/**
 * Negative log likelihood, loss = -weight[target] x[target] at each position: what `crossEntropy` takes of the logarithm of the
 * softmax.
 *
 * @param x logarithms of probabilities, [N, C, ...]
 * @param target class numbers for [N, ...], a flat list or an int32 tensor
 * @param options weight, ignoreIndex, and reduction: "mean" (the default), "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, [N, ...]
 * @throws as `crossEntropy`
 * @example
 * const loss = nllLoss(logSoftmax(logits, 1), labels);
 */
export function nllLoss(x: Tensor, target: Labels, options: NllLossOptions = {}): Tensor {
  checkTensor("nllLoss", "x", x);
  checkOptions("nllLoss", options);
  if (x.shape.length < 2) {
    throw new ShapeError(`nllLoss: x must have at least 2 axes [N, C, ...], it has ${x.shape.length} (x ${format(x.shape)})`);
  }
  const { weight, ignoreIndex = -100, reduction = "mean" } = options;
  const [n, , ...positions] = x.shape as [number, number, ...number[]];
  checkWeight("nllLoss", weight, x.shape);
  checkInteger("nllLoss", "ignoreIndex", ignoreIndex, -Infinity);
  checkReduction("nllLoss", reduction, sizeOf([n, ...positions]));
  const labels = checkLabels("nllLoss", "target", target, x.shape, ignoreIndex);
  return scope(() => likelihood("nllLoss", toRows(x, 1), labels, { weight, labelSmoothing: 0, reduction }, [n, ...positions]));
}

/** Checks the factors of the classes. */
export function checkWeight(op: string, weight: Tensor | undefined, shape: Shape): void {
  if (weight === undefined) return;
  checkTensor(op, "weight", weight);
  if (!sameShape(weight.shape, [shape[1]!])) {
    throw new ShapeError(`${op}: weight must have shape [${shape[1]}], it has ${format(weight.shape)} (x ${format(shape)})`);
  }
}

interface LikelihoodOptions {
  weight: Tensor | undefined;
  labelSmoothing: number;
  reduction: Reduction;
}

/**
 * The loss of rows of logarithms of probabilities, [rows, C]:
 *
 *   loss = -(1 - labelSmoothing) weight[label] x[label] - labelSmoothing / C sum over c of weight[c] x[c]
 *
 * and 0 where the label is negative.
 */
export function likelihood(
  op: string, x: Tensor, labels: Int32Array<ArrayBuffer>, options: LikelihoodOptions, positions: Shape,
): Tensor {
  const { weight, labelSmoothing, reduction } = options;
  const factors = weight?.data();
  const factor = Float32Array.from(labels, (label) => (label < 0 ? 0 : factors ? factors[label]! : 1));
  const total = factor.reduce((a, b) => a + b, 0);
  if (reduction === "mean" && total === 0) {
    const count = `none of ${labels.length} labels counts`;
    throw new RangeError(`${op}: the mean is undefined, since ${count}: they are ignoreIndex, or have weight 0`);
  }
  let losses = mul(pick(x, tensor(labels)), labelSmoothing - 1);
  if (weight) losses = mul(losses, tensor(factor));
  if (labelSmoothing > 0) {
    const all = mul(sum(weight ? mul(x, weight) : x, 1), -labelSmoothing / x.shape[1]!);
    const counts = tensor(Float32Array.from(labels, (label) => (label < 0 ? 0 : 1)));
    losses = add(losses, where(counts, all, 0));
  }
  if (reduction === "none") return reshape(losses, positions);
  return reduction === "sum" ? sum(losses) : div(sum(losses), total);
}

/** y[i] = x[i, labels[i]], 0 where the label is negative. */
function pick(x: Tensor, labels: Tensor<"int32">): Tensor {
  const [n, c] = x.shape as [number, number];
  const y = empty([n]);
  kernels().pick(n, c, x.ptr, labels.ptr, y.ptr);
  return record(y, [x, (dy) => pickAdjoint(dy, labels, x.shape)]);
}

/** dx[i, labels[i]] = dy[i], 0 elsewhere. */
function pickAdjoint(dy: Tensor, labels: Tensor<"int32">, shape: Shape): Tensor {
  const [n, c] = shape as [number, number];
  const dx = empty(shape);
  kernels().pickAdjoint(n, c, labels.ptr, dy.ptr, dx.ptr);
  return record(dx, [dy, (ddx) => pick(ddx, labels)]);
}
