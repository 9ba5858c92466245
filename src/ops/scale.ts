import { kernels } from "../runtime/kernels.ts";
import { checkNumber } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";

/**
 * Product with a number, y = alpha * x. Its own adjoint.
 *
 * @throws RangeError if alpha is not finite
 * @example
 * const half = scale(x, 0.5);
 */
export function scale(x: Tensor, alpha: number): Tensor {
  checkTensor("scale", "x", x);
  checkNumber("scale", "alpha", alpha, -Infinity);
  const y = empty(x.shape, x.layout);
  kernels().scale(y.size, alpha, x.ptr, y.ptr);
  return record(y, [x, (dy) => scale(dy, alpha)]);
}
