import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { extreme } from "./amax.ts";
import { selectExtreme } from "./argmax.ts";
import type { ReductionOptions } from "./reduction.ts";

/** Extreme elements along an axis, and where they are. */
export interface ExtremeResult {
  values: Tensor;
  /** Index along the axis, of the shape of `values`: the first one among equals. */
  indices: Tensor<"int32">;
}

/**
 * Largest element: of all, a scalar whose gradient is shared evenly by equals; or along an axis, with its index, where the whole
 * gradient goes to. NaN counts as the largest.
 *
 * @param dim one axis; for several there is `amax`, for two tensors `maximum`
 * @throws ShapeError if there are no elements; RangeError if the axis does not exist
 * @example
 * max(x).item();
 * const { values, indices } = max(logits, 1);
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, dim: number, options?: ReductionOptions): ExtremeResult;
export function max(x: Tensor, dim?: number, options: ReductionOptions = {}): Tensor | ExtremeResult {
  if (dim === undefined) return extreme("max", kernels().maxAxis, x, dim, options);
  return selectExtreme("max", kernels().argmaxAxis, x, dim, options);
}

/** Smallest element, of all or along an axis with its index; otherwise as `max`. */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, dim: number, options?: ReductionOptions): ExtremeResult;
export function min(x: Tensor, dim?: number, options: ReductionOptions = {}): Tensor | ExtremeResult {
  if (dim === undefined) return extreme("min", kernels().minAxis, x, dim, options);
  return selectExtreme("min", kernels().argminAxis, x, dim, options);
}
