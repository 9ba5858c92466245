import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced, tracing } from "../trace.ts";
import { exp } from "./functions.ts";
import { mul } from "./mul.ts";
import { checkDim } from "./reduction.ts";
import { fromRows, toRows } from "./rows.ts";
import { sub } from "./sub.ts";
import { sum } from "./sum.ts";

/**
 * Logarithm of the softmax along an axis, y = x - log of the sum over the axis of exp(x), where log(softmax(x)) would round small
 * probabilities to 0.
 *
 * @param dim the axis; negative numbers count from the end
 * @throws RangeError if the axis does not exist
 * @example
 * const y = logSoftmax(logits, 1);
 */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  checkTensor("logSoftmax", "x", x);
  const axis = checkDim("logSoftmax", x, dim);
  const y = tracing(undefined, () => scope(() => fromRows(logSoftmaxRows(toRows(x, axis)), x.shape, x.layout, axis)));
  return traced(y, "LogSoftmax", [x], { axis });
}

/** `logSoftmax` of each row, [N, C]. */
export function logSoftmaxRows(x: Tensor): Tensor {
  const [n, c] = x.shape as [number, number];
  const y = empty(x.shape);
  kernels().logSoftmax(n, c, x.ptr, y.ptr);
  return record(y, [x, (dy) => logSoftmaxAdjoint(y, dy)]);
}

/** dx = dy - exp(y) sum(dy) in each row. */
function logSoftmaxAdjoint(y: Tensor, dy: Tensor): Tensor {
  const [n, c] = y.shape as [number, number];
  const dx = empty(y.shape);
  kernels().logSoftmaxAdjoint(n, c, y.ptr, dy.ptr, dx.ptr);
  return record(
    dx,
    [dy, (ddx) => sub(ddx, rowSum(mul(exp(y), ddx)))],
    [y, (ddx) => mul(mul(mul(exp(y), ddx), rowSum(dy)), -1)],
  );
}

function rowSum(x: Tensor): Tensor {
  return sum(x, 1, { keepdim: true });
}
