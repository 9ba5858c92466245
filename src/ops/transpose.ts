import { checkDim } from "../shape.ts";
import { checkTensor, type DType, type Tensor } from "../tensor.ts";
import { arrange } from "./movement.ts";

/**
 * Two axes change places.
 *
 * @param dim0,dim1 negative numbers count from the end
 * @throws RangeError if an axis does not exist
 * @example
 * const y = transpose(tensor([[1, 2], [3, 4]]), 0, 1); // [[1, 3], [2, 4]]
 */
export function transpose<D extends DType>(x: Tensor<D>, dim0: number, dim1: number): Tensor<D> {
  checkTensor("transpose", "x", x, x?.dtype);
  const first = checkDim("transpose", "dim0", dim0, x.shape), second = checkDim("transpose", "dim1", dim1, x.shape);
  return arrange(x, x.shape.map((_, axis) => (axis === first ? second : axis === second ? first : axis)));
}
