import { scope } from "../scope.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { traced, tracing } from "../trace.ts";
import { div } from "./div.ts";
import { sumOver } from "./expand.ts";
import { checkDims, checkKeepdim, countOver, type Dims, finish, type ReductionOptions } from "./reduction.ts";

/**
 * Sum over axes.
 *
 * @param dim an axis or several; all where it is left out, then the result is a scalar, shape []
 * @throws RangeError if an axis does not exist or is named twice
 * @example
 * sum(tensor([1, 2, 3])).item(); // 6
 * sum(x, [2, 3]).shape; // [N, C]
 */
export function sum(x: Tensor, dim?: Dims, options: ReductionOptions = {}): Tensor {
  checkTensor("sum", "x", x);
  const dims = checkDims("sum", x, dim), keepdim = checkKeepdim("sum", options);
  return scope(() => finish(sumOver(x, dims), dims, keepdim));
}

/**
 * Mean over axes.
 *
 * @param dim an axis or several; all where it is left out, then the result is a scalar, shape []
 * @throws ShapeError for the mean of no elements; RangeError if an axis does not exist or is named twice
 * @example
 * mean(tensor([1, 2, 3])).item(); // 2
 * mean(x, [2, 3], { keepdim: true }).shape; // [N, C, 1, 1]: global average pooling
 */
export function mean(x: Tensor, dim?: Dims, options: ReductionOptions = {}): Tensor {
  checkTensor("mean", "x", x);
  const dims = checkDims("mean", x, dim), keepdim = checkKeepdim("mean", options);
  const count = countOver("mean", x, dims);
  const y = tracing(undefined, () => scope(() => finish(div(sumOver(x, dims), count), dims, keepdim)));
  return traced(y, "ReduceMean", [x, dims], { keepdims: Number(keepdim) });
}
