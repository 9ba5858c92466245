import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced, tracing } from "../trace.ts";
import { mul } from "./mul.ts";
import { checkDim } from "./reduction.ts";
import { fromRows, toRows } from "./rows.ts";
import { sub } from "./sub.ts";
import { sum } from "./sum.ts";

/**
 * Softmax along an axis, y = exp(x) / sum over the axis of exp(x). The largest x is subtracted first, so nothing overflows; an x of
 * -Infinity has the weight 0.
 *
 * @param dim the axis; negative numbers count from the end
 * @throws RangeError if the axis does not exist
 * @example
 * const probabilities = softmax(logits, 1);
 */
export function softmax(x: Tensor, dim: number): Tensor {
  checkTensor("softmax", "x", x);
  const axis = checkDim("softmax", x, dim);
  return traced(tracing(undefined, () => scope(() => fromRows(softmaxRows(toRows(x, axis)), x.shape, x.layout, axis))), "Softmax", [x], { axis });
}

/** Softmax of each row, [N, C]. */
export function softmaxRows(x: Tensor): Tensor {
  const [n, c] = x.shape as [number, number];
  const y = empty(x.shape);
  kernels().softmax(n, c, x.ptr, y.ptr);
  return record(y, [x, (dy) => softmaxAdjoint(y, dy)]);
}

/** dx = J dy with J = diag(y) - y y' in each row: dx = y (dy - <y, dy>). J is symmetric. */
export function softmaxAdjoint(y: Tensor, dy: Tensor): Tensor {
  const [n, c] = y.shape as [number, number];
  const dx = empty(y.shape);
  kernels().softmaxAdjoint(n, c, y.ptr, dy.ptr, dx.ptr);
  return record(
    dx,
    [dy, (ddx) => softmaxAdjoint(y, ddx)],
    [y, (ddx) => sub(mul(ddx, sub(dy, rowDot(y, dy))), mul(dy, rowDot(y, ddx)))],
  );
}

function rowDot(a: Tensor, b: Tensor): Tensor {
  return sum(mul(a, b), 1, { keepdim: true });
}
