import { kernels } from "../runtime/kernels.ts";
import { format, sameShape, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";

/**
 * Elementwise product, y = a * b.
 *
 * @param a,b tensors of one shape
 * @throws ShapeError if the shapes differ
 * @example
 * const y = mul(tensor([1, 2]), tensor([3, 4])); // [3, 8]
 */
export function mul(a: Tensor, b: Tensor): Tensor {
  checkTensor("mul", "a", a);
  checkTensor("mul", "b", b);
  if (!sameShape(a.shape, b.shape)) throw new ShapeError(`mul: a and b must have one shape (a ${format(a.shape)}, b ${format(b.shape)})`);
  b = withLayout(b, a.layout);
  const y = empty(a.shape, a.layout);
  kernels().mul(y.size, a.ptr, b.ptr, y.ptr);
  return record(y, [a, (dy) => mul(dy, b)], [b, (dy) => mul(dy, a)]);
}
