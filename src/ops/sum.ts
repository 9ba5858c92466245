import { kernels } from "../runtime/kernels.ts";
import { format, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Layout, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { scale } from "./scale.ts";

/**
 * Sum of all elements, accumulated in double precision.
 *
 * @returns a scalar, shape []
 * @example
 * sum(tensor([1, 2, 3])).item(); // 6
 */
export function sum(x: Tensor): Tensor {
  checkTensor("sum", "x", x);
  const y = empty([]);
  kernels().sum(x.size, x.ptr, y.ptr);
  return record(y, [x, (dy) => spread(dy, x.shape, x.layout)]);
}

/**
 * Mean of all elements.
 *
 * @returns a scalar, shape []
 * @throws ShapeError for a tensor without elements
 * @example
 * mean(tensor([1, 2, 3])).item(); // 2
 */
export function mean(x: Tensor): Tensor {
  checkTensor("mean", "x", x);
  if (x.size === 0) throw new ShapeError(`mean: x has no elements (x ${format(x.shape)})`);
  return scale(sum(x), 1 / x.size);
}

/** One number everywhere: the adjoint of `sum`. */
function spread(x: Tensor, shape: Shape, layout: Layout): Tensor {
  const y = empty(shape, layout);
  kernels().repeatRow(y.size, 1, x.ptr, y.ptr);
  return record(y, [x, sum]);
}
