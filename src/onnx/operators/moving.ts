// How values are moved, whatever they are: tensors by operations, known integers on the host.

import type { ElementType } from "../../graph/graph.ts";
import { isFloat, Value } from "../../graph/value.ts";
import { gatherRows } from "../../ops/gathering.ts";
import { take } from "../../ops/movement.ts";
import { reshape } from "../../ops/reshape.ts";
import { format, type Shape, ShapeError, sizeOf } from "../../shape.ts";
import type { Walk } from "../../strides.ts";
import { type DType, type Tensor, tensor } from "../../tensor.ts";
import { made, onDevice, rowMajor, tensorOf, walk } from "./numbers.ts";

/** The same elements under another shape, or as another kind that has them too: for a result. */
export function relabelled(x: Value, shape: Shape, dtype: ElementType = x.dtype): Value {
  if (sizeOf(shape) !== sizeOf(x.shape)) {
    throw new ShapeError(`x has ${sizeOf(x.shape)} elements, shape ${format(shape)} does not (x ${format(x.shape)})`);
  }
  // Known numbers need no tensor for that.
  return x.constant && !x.held ? Value.known(dtype, shape, x.numbers()) : reshaped(x, shape, dtype);
}

/** The same for what an operator works on: if it takes a tensor, that is x's own, which somebody frees. */
export function reshaped(x: Value, shape: Shape, dtype: ElementType = x.dtype): Value {
  return onDevice(x) ? Value.of(reshape(tensorOf(x), shape), dtype) : Value.known(dtype, shape, x.numbers());
}

/** y[i] = x[walk(i)]. */
export function taken(x: Value, shape: Shape, { start, axes, steps }: Walk): Value {
  if (onDevice(x)) return Value.of(take(tensorOf(x), shape, { start, axes, steps }), x.dtype);
  const strides = rowMajor(x.shape);
  const from = start.reduce((sum, index, axis) => sum + index * strides[axis]!, 0);
  return Value.known(x.dtype, shape, walk(x.numbers(), shape, from, axes.map((axis, k) => steps[k]! * strides[axis]!)));
}

/** y[..., r, ...] = x[..., indices[r], ...] along an axis; zeros where an index is -1. */
export function selected(x: Value, axis: number, indices: readonly number[]): Value {
  const length = x.shape[axis]!;
  const wrong = indices.find((index) => !(Number.isInteger(index) && index >= -1 && index < length));
  if (wrong !== undefined) throw new RangeError(`index ${wrong} lies outside of axis ${axis} of length ${length} (x ${format(x.shape)})`);
  if (onDevice(x)) return Value.of(gatherRows(tensorOf(x), axis, indexTensor(indices)), x.dtype);
  const data = x.numbers(), inner = rowMajor(x.shape)[axis]!;
  const shape = x.shape.map((size, k) => (k === axis ? indices.length : size));
  return made(x.dtype, shape, (i) => {
    const index = indices[Math.floor(i / inner) % indices.length]!;
    return index < 0 ? 0 : data[(Math.floor(i / (inner * indices.length)) * length + index) * inner + (i % inner)]!;
  });
}

/** Rows of so many elements each, picked from x by their number. */
export function picked(x: Value, rowLength: number, rows: readonly number[], shape: Shape): Value {
  const count = rowLength === 0 ? 0 : sizeOf(x.shape) / rowLength;
  return relabelled(selected(reshaped(x, [count, rowLength]), 0, rows), shape);
}

/** Indices for the kernels. */
export function indexTensor(indices: readonly number[]): Tensor<"int32"> {
  return tensor(Int32Array.from(indices));
}

/** Several values as tensors of one kind, where operations shall join them; undefined where the host shall. */
export function tensorsOf(values: readonly Value[]): Tensor<DType>[] | undefined {
  if (!values.some(onDevice)) return undefined;
  const int32 = values.some(({ dtype, held }) => !isFloat(dtype) && held?.dtype === "int32");
  return values.map((value) => (int32 ? value.indices() : value.tensor()));
}
