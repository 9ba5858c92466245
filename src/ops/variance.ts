import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkNumber } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { eq } from "./comparisons.ts";
import { div } from "./div.ts";
import { sumOver } from "./expand.ts";
import { mul } from "./mul.ts";
import { checkDims, checkKeepdim, countOver, type Dims, finish, type ReductionOptions } from "./reduction.ts";
import { sub } from "./sub.ts";
import { where } from "./where.ts";

/** Options of a variance. */
export interface VarianceOptions extends ReductionOptions {
  /** What is subtracted from the number of elements before dividing by it; default 1, Bessel's correction. 0 divides by the number. */
  correction?: number;
}

/**
 * Variance over axes, PyTorch's `var` (which is a keyword here): y = sum of (x - mean(x))^2 / (n - correction).
 *
 * @param dim an axis or several; all where it is left out, then the result is a scalar, shape []
 * @throws ShapeError if no more elements than the correction are there; RangeError if an axis does not exist or is named twice
 * @example
 * variance(tensor([1, 2, 3])).item(); // 1
 * variance(x, [0, 2, 3], { correction: 0 }).shape; // [C]
 */
export function variance(x: Tensor, dim?: Dims, options: VarianceOptions = {}): Tensor {
  return moment("variance", x, dim, options, (y) => y);
}

/**
 * Standard deviation over axes, the square root of the variance. Where it is 0 so is its derivative, as in PyTorch.
 *
 * @param dim an axis or several; all where it is left out, then the result is a scalar, shape []
 * @throws as `variance`
 * @example
 * std(tensor([1, 2, 3])).item(); // 1
 */
export function std(x: Tensor, dim?: Dims, options: VarianceOptions = {}): Tensor {
  return moment("std", x, dim, options, root);
}

function moment(op: string, x: Tensor, dim: Dims | undefined, options: VarianceOptions, f: (variance: Tensor) => Tensor): Tensor {
  checkTensor(op, "x", x);
  const dims = checkDims(op, x, dim), keepdim = checkKeepdim(op, options);
  const { correction = 1 } = options;
  checkNumber(op, "correction", correction, 0);
  const count = countOver(op, x, dims, correction);
  return scope(() => {
    const centred = sub(x, div(sumOver(x, dims), count));
    return finish(f(div(sumOver(mul(centred, centred), dims), count - correction)), dims, keepdim);
  });
}

/** y = sqrt(x), with the derivative 0 at 0. */
function root(x: Tensor): Tensor {
  const y = empty(x.shape, x.layout);
  kernels().sqrt(y.size, x.ptr, y.ptr);
  return traced(record(y, [x, (dy) => where(eq(y, 0), 0, div(dy, mul(y, 2)))]), "Sqrt", [x]);
}
