// Integers and conditions are computed on the host, as numbers: shapes, indices, limits. They are few.

import type { ElementType } from "../../graph/graph.ts";
import { isFloat, Value } from "../../graph/value.ts";
import { format, type Shape, ShapeError, sizeOf } from "../../shape.ts";
import type { DType, Tensor } from "../../tensor.ts";

// 512 MB of doubles.
const MOST_NUMBERS = 2 ** 26;

/** A value of numbers that are computed one by one. */
export function made(dtype: ElementType, shape: Shape, element: (i: number) => number): Value {
  const size = sizeOf(shape);
  if (!shape.every((length) => Number.isInteger(length) && length >= 0) || size > MOST_NUMBERS) {
    throw new ShapeError(`${size} numbers of type ${dtype} are more than ${MOST_NUMBERS} (shape ${format(shape)})`);
  }
  const data = isFloat(dtype) ? new Float32Array(size) : new Float64Array(size);
  const kept = wrapper(dtype);
  for (let i = 0; i < size; i++) data[i] = kept(element(i));
  return Value.known(dtype, shape, data);
}

/** True if operations shall move the value's tensor; otherwise its numbers are moved. */
export function onDevice(value: Value): boolean {
  return isFloat(value.dtype) || (value.held !== undefined && !value.constant);
}

/** The tensor of a value that is `onDevice`. */
export function tensorOf(value: Value): Tensor<DType> {
  return isFloat(value.dtype) ? value.tensor() : value.held!;
}

/** The shape that several have in common by NumPy's rules. */
export function commonShape(shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((length) => length !== 1);
    if (lengths.some((length) => length !== lengths[0])) {
      throw new ShapeError(`the shapes ${shapes.map(format).join(", ")} do not broadcast`);
    }
    return lengths[0] ?? 1;
  });
}

/** y = f(values), element by element with broadcasting. */
export function combined(dtype: ElementType, values: readonly Value[], f: (...elements: number[]) => number): Value {
  const shape = commonShape(values.map((value) => value.shape));
  const repeated = values.map((value) => repeat(value, shape));
  return made(dtype, shape, (i) => f(...repeated.map((data) => data[i]!)));
}

/** The numbers of a value, repeated to a shape. */
export function repeat(value: Value, shape: Shape): ArrayLike<number> {
  const data = value.numbers();
  if (sizeOf(value.shape) === sizeOf(shape)) return data;
  const missing = shape.length - value.shape.length;
  const strides = rowMajor(value.shape);
  return walk(data, shape, 0, shape.map((_, axis) => (axis < missing || value.shape[axis - missing] === 1 ? 0 : strides[axis - missing]!)));
}

/** Elements of `data` in row-major order of a shape: neighbours along each axis lie as many numbers apart as `strides` has. */
export function walk(data: ArrayLike<number>, shape: Shape, start: number, strides: readonly number[]): Float64Array {
  const size = sizeOf(shape);
  if (size > MOST_NUMBERS) throw new ShapeError(`${size} numbers are more than ${MOST_NUMBERS} (shape ${format(shape)})`);
  const walked = new Float64Array(size);
  const index = shape.map(() => 0);
  let at = start;
  for (let i = 0; i < size; i++) {
    walked[i] = data[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return walked;
}

/** Where the elements of a shape lie, in row-major order: neighbours along each axis are as far apart as `strides` has. */
export function offsets(shape: Shape, strides: readonly number[]): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    let at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (i % shape[axis]!) * strides[axis]!;
      i = Math.floor(i / shape[axis]!);
    }
    return at;
  });
}

/** How far apart neighbours along each axis lie. */
export function rowMajor(shape: Shape): number[] {
  const strides: number[] = new Array(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** What a kind of element keeps of a number: small integers wrap, as in C; those of 64 bits are exact up to 2^53. */
export function wrapper(dtype: ElementType): (x: number) => number {
  switch (dtype) {
    case "bool": return (x) => (x !== 0 ? 1 : 0);
    case "int8": return (x) => (x << 24) >> 24;
    case "uint8": return (x) => x & 255;
    case "int16": return (x) => (x << 16) >> 16;
    case "uint16": return (x) => x & 65535;
    case "int32": return (x) => x | 0;
    case "uint32": return (x) => x >>> 0;
    case "int64":
    case "uint64": return (x) => Math.trunc(x) + 0;
    default: return (x) => x;
  }
}
