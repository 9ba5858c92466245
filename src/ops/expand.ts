// Repetition along axes and its adjoint, summation along them: a closed pair.

import { broadcastPtr, broadcastShape } from "../broadcast.ts";
import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkShape, format, sameShape, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, defaultLayout, empty, type Layout, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { arrange } from "./movement.ts";
import { reduce } from "./reduction.ts";

/**
 * Repeats x along its axes of length 1, and along new axes in front. A copy, unlike PyTorch's view; arithmetic broadcasts by
 * itself and needs none.
 *
 * @param shape the new shape; -1 keeps an axis as it is
 * @throws ShapeError if an axis that is not of length 1 would change, or there are fewer axes than x has
 * @example
 * expand(tensor([[1], [2]]), [2, 3]); // [[1, 1, 1], [2, 2, 2]]
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkTensor("expand", "x", x);
  const missing = Array.isArray(shape) ? shape.length - x.shape.length : 0;
  const kept = (length: number, axis: number) => (length === -1 && axis >= missing ? x.shape[axis - missing]! : length);
  const lengths = Array.isArray(shape) ? shape.map(kept) : shape;
  checkShape("expand", lengths);
  const fits = missing >= 0 && x.shape.every((length, axis) => length === 1 || length === lengths[missing + axis]);
  if (!fits) throw new ShapeError(`expand: x ${format(x.shape)} cannot be repeated to ${format(shape)}`);
  broadcastShape("expand", [["shape", { shape: lengths }]]);
  return expandTo(x, lengths, missing === 0 ? x.layout : defaultLayout(lengths));
}

/** `expand` without checks, into a layout. */
function expandTo(x: Tensor, shape: Shape, layout: Layout): Tensor {
  const y = empty(shape, layout);
  if (y.size > 0) kernels().expand(broadcastPtr(y, [x]), x.ptr, y.ptr);
  return traced(record(y, [x, (dy) => sumTo(dy, x.shape)]), "Expand", [x, shape]);
}

/** Sums over the axes along which `expand` would repeat a tensor of the given shape. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return scope(() => {
    const missing = x.shape.length - shape.length;
    const dims = x.shape.flatMap((length, axis) => (axis < missing || (length !== 1 && shape[axis - missing] === 1) ? [axis] : []));
    const y = sumOver(x, dims);
    return missing === 0 ? y : arrange(y, shape.map((_, axis) => missing + axis));
  });
}

/** Sums over axes, which keep the length 1. */
export function sumOver(x: Tensor, dims: readonly number[]): Tensor {
  const y = reduce(kernels().sumAxis, x, dims);
  return traced(record(y, [x, (dy) => expandTo(dy, x.shape, x.layout)]), "ReduceSum", [x, dims], { keepdims: 1 });
}
