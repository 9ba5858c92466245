import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { eq } from "./comparisons.ts";
import { div } from "./div.ts";
import { sumOver } from "./expand.ts";
import { mul } from "./mul.ts";
import { checkDims, checkKeepdim, countOver, type Dims, finish, reduce, type ReductionKernel, type ReductionOptions } from "./reduction.ts";

/**
 * Largest element over axes; NaN if there is one. Elements that share the maximum share its gradient evenly, as in PyTorch.
 *
 * @param dim an axis or several; all where it is left out, then the result is a scalar, shape []
 * @throws ShapeError if there are no elements; RangeError if an axis does not exist or is named twice
 * @example
 * amax(x, [2, 3]).shape; // [N, C]: global max pooling
 */
export function amax(x: Tensor, dim?: Dims, options: ReductionOptions = {}): Tensor {
  return extreme("amax", kernels().maxAxis, x, dim, options);
}

/** Smallest element over axes, otherwise as `amax`. */
export function amin(x: Tensor, dim?: Dims, options: ReductionOptions = {}): Tensor {
  return extreme("amin", kernels().minAxis, x, dim, options);
}

/** `amax` or `amin`, under the name of the operation that was called. */
export function extreme(op: string, kernel: ReductionKernel, x: Tensor, dim: Dims | undefined, options: ReductionOptions): Tensor {
  checkTensor(op, "x", x);
  const dims = checkDims(op, x, dim), keepdim = checkKeepdim(op, options);
  countOver(op, x, dims);
  return scope(() => {
    const y = reduce(kernel, x, dims);
    record(y, [x, (dy) => {
      const winners = eq(x, y);
      return mul(winners, div(dy, sumOver(winners, dims)));
    }]);
    traced(y, op === "amin" || op === "min" ? "ReduceMin" : "ReduceMax", [x, dims], { keepdims: 1 });
    return finish(y, dims, keepdim);
  });
}
