import { kernels } from "../runtime/kernels.ts";
import { format, sameShape, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";

/**
 * Elementwise sum, y = a + b. Its adjoint hands dy to both: the residual connection's identity path.
 *
 * @param a,b tensors of one shape
 * @throws ShapeError if the shapes differ
 * @example
 * const y = add(x, conv2d(x, w, { padding: 1 })); // a residual block
 */
export function add(a: Tensor, b: Tensor): Tensor {
  checkTensor("add", "a", a);
  checkTensor("add", "b", b);
  if (!sameShape(a.shape, b.shape)) throw new ShapeError(`add: a and b must have one shape (a ${format(a.shape)}, b ${format(b.shape)})`);
  b = withLayout(b, a.layout);
  const y = empty(a.shape, a.layout);
  kernels().add(y.size, a.ptr, b.ptr, y.ptr);
  return record(y, [a, (dy) => dy], [b, (dy) => dy]);
}
