// One axis brought innermost: what works along rows that lie contiguously works along any axis, in either layout. Channels of
// maps that lie channels-last are innermost already; there it costs nothing.

import { storageOrder } from "../broadcast.ts";
import { kernels } from "../runtime/kernels.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { empty, type Layout, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";

/** How an axis lies in memory: [outer, length, inner]. */
interface Axis {
  readonly shape: Shape;
  readonly layout: Layout;
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** The elements along `dim` as rows: [outer * inner, length]. */
export function toRows(x: Tensor, dim: number): Tensor {
  return gather(x, axisOf(x.shape, x.layout, dim));
}

/** The inverse of `toRows`, of which it is the adjoint too: rows of length shape[dim] back to where they lay. */
export function fromRows(rows: Tensor, shape: Shape, layout: Layout, dim: number): Tensor {
  return scatter(rows, axisOf(shape, layout, dim));
}

function axisOf(shape: Shape, layout: Layout, dim: number): Axis {
  const stored = storageOrder(shape.length, layout);
  const at = stored.indexOf(dim);
  const product = (axes: number[]): number => sizeOf(axes.map((axis) => shape[axis]!));
  return { shape, layout, outer: product(stored.slice(0, at)), length: shape[dim]!, inner: product(stored.slice(at + 1)) };
}

function gather(x: Tensor, axis: Axis): Tensor {
  const { outer, length, inner } = axis;
  let y: Tensor;
  if (inner === 1) {
    y = x.alias([outer, length], "rowMajor");
  } else {
    y = empty([outer * inner, length]);
    kernels().transpose(outer, length, inner, x.ptr, y.ptr);
  }
  return record(y, [x, (dy) => scatter(dy, axis)]);
}

function scatter(rows: Tensor, axis: Axis): Tensor {
  const { shape, layout, outer, length, inner } = axis;
  let x: Tensor;
  if (inner === 1) {
    x = rows.alias(shape, layout);
  } else {
    x = empty(shape, layout);
    kernels().transpose(outer, inner, length, rows.ptr, x.ptr);
  }
  return record(x, [rows, (dx) => gather(withLayout(dx, axis.layout), axis)]);
}
