// Rows and single elements that indices pick from an axis, and their adjoints, which add them back. Each is recorded, with its
// partner as its adjoint.

import { isDry, kernels } from "../runtime/kernels.ts";
import { describe, type Shape, sizeOf } from "../shape.ts";
import { stridesOf } from "../strides.ts";
import { checkTensor, type DType, empty, type Layout, Tensor, tensor, toLayout } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { traced } from "../trace.ts";
import { recordMove } from "./movement.ts";

/** Positions along an axis: a list, a typed array or an int32 tensor. */
export type Indices = ArrayLike<number> | Tensor<"int32">;

/** Checks that all indices are integers from 0 to size - 1, and gives them as a tensor. */
export function checkIndices(op: string, name: string, indices: Indices, size: number): Tensor<"int32"> {
  if (!(indices instanceof Tensor)) {
    if (typeof indices !== "object" || typeof indices?.length !== "number") {
      throw new TypeError(`${op}: ${name} must be a list of numbers or a tensor, got ${describe(indices)}`);
    }
    for (let i = 0; i < indices.length; i++) if (!(Number.isInteger(indices[i]) && indices[i]! >= 0 && indices[i]! < size)) refuse(i, indices[i]);
    return tensor(Int32Array.from(indices));
  }
  // The input of a summary is float32, whatever the model wants.
  if (isDry()) return indices;
  checkTensor(op, name, indices, "int32");
  const values = indices.view();
  for (let i = 0; i < values.length; i++) if (values[i]! < 0 || values[i]! >= size) refuse(i, values[i]);
  return indices;

  function refuse(i: number, value: unknown): never {
    throw new RangeError(`${op}: ${name} must be integers from 0 to ${size - 1}, ${name}[${i}] is ${describe(value)}`);
  }
}

/** y[..., r, ...] = x[..., index[r], ...] along an axis; zeros where an index is negative. */
export function gatherRows<D extends DType>(
  x: Tensor<D>, axis: number, index: Tensor<"int32">, adjointIndex: () => Tensor<"int32"> = () => index,
): Tensor<D> {
  const y = empty(x.shape.map((length, k) => (k === axis ? index.size : length)), x.layout, x.dtype);
  const [outer, size, inner] = around(x.shape, x.layout, axis);
  kernels().gatherRows(outer, size, index.size, inner * (x.dtype === "uint8" ? 1 : 4), x.ptr, index.ptr, y.ptr);
  traced(y, "Gather", [x, index], { axis });
  return recordMove(y, [x, (dy) => scatterRows(dy, axis, adjointIndex(), x.shape, x.layout)]);
}

/** dx[..., index[r], ...] += dy[..., r, ...]: the adjoint of `gatherRows`. */
function scatterRows(dy: Tensor, axis: number, index: Tensor<"int32">, shape: Shape, layout: Layout): Tensor {
  dy = withLayout(dy, layout);
  const dx = empty(shape, layout);
  const [outer, size, inner] = around(shape, layout, axis);
  kernels().fill(dx.size, 0, dx.ptr);
  kernels().scatterRows(outer, size, index.size, inner, dy.ptr, index.ptr, dx.ptr);
  return record(dx, [dy, (ddx) => gatherRows(ddx, axis, index)]);
}

/** y[i, j, k] = x[i, index[i, j, k], k] for the middle axis; x has the shape of index but for that. */
export function gatherElements<D extends "float32" | "int32">(x: Tensor<D>, axis: number, index: Tensor<"int32">): Tensor<D> {
  const at = toLayout(index, x.layout);
  const y = empty(index.shape, x.layout, x.dtype);
  const [outer, size, inner] = around(x.shape, x.layout, axis);
  kernels().gatherElements(outer, size, index.shape[axis]!, inner, x.ptr, at.ptr, y.ptr);
  at.dispose();
  traced(y, "GatherElements", [x, index], { axis });
  return recordMove(y, [x, (dy) => scatterElements(dy, axis, index, x.shape, x.layout)]);
}

/** dx[i, index[i, j, k], k] += dy[i, j, k]: the adjoint of `gatherElements`. */
export function scatterElements(dy: Tensor, axis: number, index: Tensor<"int32">, shape: Shape, layout: Layout): Tensor {
  dy = withLayout(dy, layout);
  const at = toLayout(index, layout);
  const dx = empty(shape, layout);
  const [outer, size, inner] = around(shape, layout, axis);
  kernels().fill(dx.size, 0, dx.ptr);
  kernels().scatterElements(outer, size, index.shape[axis]!, inner, dy.ptr, at.ptr, dx.ptr);
  at.dispose();
  return record(dx, [dy, (ddx) => gatherElements(ddx, axis, index)]);
}

/** What lies around an axis in memory, its length, and what lies within one step along it. */
export function around(shape: Shape, layout: Layout, axis: number): [outer: number, size: number, inner: number] {
  const size = shape[axis]!, inner = stridesOf(shape, layout)[axis]!;
  return [sizeOf(shape) / Math.max(size * inner, 1), size, inner];
}
