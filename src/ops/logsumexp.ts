import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkOptions, format, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced, tracing } from "../trace.ts";
import { mul } from "./mul.ts";
import { checkDims, checkKeepdim, type Dims, finish, keptShape, type ReductionOptions } from "./reduction.ts";
import { fromRows, toRows } from "./rows.ts";
import { softmaxRows } from "./softmax.ts";

/**
 * Logarithm of the sum of exponentials over axes, y = log of the sum of exp(x): a smooth maximum. The largest x is subtracted
 * first, so nothing overflows.
 *
 * @param dim an axis or several, all where it is left out; negative numbers count from the end
 * @param options `keepdim`: leave the axes in place, with length 1; default false
 * @returns the shape of x without these axes
 * @throws RangeError if an axis does not exist or is named twice; ShapeError if one is empty
 * @example
 * const y = logsumexp(tensor([[1, 2], [3, 4]]), 1); // [2.3133, 4.3133]
 */
export function logsumexp(x: Tensor, dim?: Dims, options: ReductionOptions = {}): Tensor {
  checkTensor("logsumexp", "x", x);
  checkOptions("logsumexp", options);
  const dims = checkDims("logsumexp", x, dim), keepdim = checkKeepdim("logsumexp", options);
  for (const axis of dims) {
    if (x.shape[axis] === 0) throw new ShapeError(`logsumexp: there are no elements along dim ${axis} (x ${format(x.shape)})`);
  }
  // A sum of sums: one axis after the other.
  const y = tracing(undefined, () => scope(() => finish(dims.reduce(along, x), dims, keepdim)));
  return traced(y, "ReduceLogSumExp", [x, dims], { keepdims: Number(keepdim) });
}

function along(x: Tensor, dim: number): Tensor {
  const rows = toRows(x, dim);
  const [n, c] = rows.shape as [number, number];
  const y = empty([n, 1]);
  kernels().logsumexp(n, c, rows.ptr, y.ptr);
  record(y, [rows, (dy) => mul(softmaxRows(rows), dy)]);
  return fromRows(y, keptShape(x.shape, [dim]), x.layout, dim);
}
