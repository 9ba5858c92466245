import { checkDim } from "../shape.ts";
import { checkTensor, type DType, type Tensor } from "../tensor.ts";
import { arrange } from "./movement.ts";

/**
 * Leaves axes of length 1 out. A view where that keeps the order in memory.
 *
 * @param dim the axis, which stays if it is longer; without it all axes of length 1 are left out
 * @throws RangeError if the axis does not exist
 * @example
 * squeeze(zeros([2, 1, 3, 1])).shape; // [2, 3]
 */
export function squeeze<D extends DType>(x: Tensor<D>, dim?: number): Tensor<D> {
  checkTensor("squeeze", "x", x, x?.dtype);
  const axes = x.shape.map((_, axis) => axis);
  const only = dim === undefined ? axes : [checkDim("squeeze", "dim", dim, x.shape)];
  return arrange(x, axes.filter((axis) => x.shape[axis] !== 1 || !only.includes(axis)));
}

/**
 * A further axis, of length 1. A view where that keeps the order in memory.
 *
 * @param dim where the axis stands in the result; negative numbers count from its end
 * @throws RangeError if dim is beyond the result's axes
 * @example
 * unsqueeze(zeros([3, 4]), 0).shape; // [1, 3, 4]
 */
export function unsqueeze<D extends DType>(x: Tensor<D>, dim: number): Tensor<D> {
  checkTensor("unsqueeze", "x", x, x?.dtype);
  const axes = x.shape.map((_, axis) => axis);
  axes.splice(checkDim("unsqueeze", "dim", dim, x.shape, axes.length + 1), 0, -1);
  return arrange(x, axes);
}
