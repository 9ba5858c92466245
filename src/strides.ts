// Rectangular movements of elements: permutations, slices, flips, paddings and joins are all made of blocks that are copied
// from regular places in one tensor to regular places in another. Places are told in logical axes; what they mean in memory
// follows from the layout of the tensor at hand.

import { kernels } from "./runtime/kernels.ts";
import { ints, STRIDES_PTR, structPtr } from "./runtime/memory.ts";
import { type Shape, sizeOf } from "./shape.ts";
import type { DType, Layout, Tensor } from "./tensor.ts";

/** How an iteration runs through a tensor: element i of it is at start, plus i_k steps[k] along the axis axes[k]. */
export interface Walk {
  /** One index per axis of the tensor. */
  readonly start: readonly number[];
  /** One axis of the tensor per axis of the iteration; it does not matter where the step is 0. */
  readonly axes: readonly number[];
  /** One number per axis of the iteration: 1 goes on, -1 goes back, 0 stays. */
  readonly steps: readonly number[];
}

/** A rectangular part of an operation: as many elements as `lengths` counts go from their places in x to those in y. */
export interface Block {
  readonly lengths: Shape;
  readonly x: Walk;
  readonly y: Walk;
}

/** The walk over a whole tensor, axis by axis. */
export function wholeWalk(rank: number): Walk {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return { start: axes.map(() => 0), axes, steps: axes.map(() => 1) };
}

/** How far apart in memory neighbours along each logical axis lie, in elements. */
export function stridesOf(shape: Shape, layout: Layout): number[] {
  const strides: number[] = new Array(shape.length);
  // From the innermost axis outwards.
  const order = shape.map((_, axis) => axis);
  if (layout === "channelsLast") order.push(...order.splice(1, 1));
  let step = 1;
  for (const axis of order.reverse()) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** Copies a block from x to y, two tensors of one kind; what else is in y stays. */
export function copyBlock<D extends DType>(x: Tensor<D>, y: Tensor<D>, block: Block): void {
  const { stridedCopy, stridedCopyBytes } = kernels();
  if (x.dtype === "uint8") run(block.lengths, place(x, block.x), place(y, block.y), 1, stridedCopyBytes);
  else run(block.lengths, place(x, block.x), place(y, block.y), 4, stridedCopy);
}

/** The adjoint of `copyBlock`: what the block took from x is added back to it. */
export function addBlock(dy: Tensor, dx: Tensor, block: Block): void {
  run(block.lengths, place(dy, block.y), place(dx, block.x), 4, kernels().stridedAdd);
}

interface Place {
  readonly ptr: number;
  /** Elements from `ptr` to the walk's start. */
  readonly offset: number;
  /** Elements per step of each axis of the iteration. */
  readonly strides: readonly number[];
}

function place(tensor: Tensor<DType>, walk: Walk): Place {
  const strides = stridesOf(tensor.shape, tensor.layout);
  return {
    ptr: tensor.ptr,
    offset: walk.start.reduce((sum, index, axis) => sum + index * strides[axis]!, 0),
    strides: walk.steps.map((step, k) => (step === 0 ? 0 : step * strides[walk.axes[k]!]!)),
  };
}

type Move = (at: number, axes: number, x: number, y: number) => void;

// Hands the kernel as few axes as the movement needs, in the order that it likes best.
function run(lengths: Shape, x: Place, y: Place, bytes: 1 | 4, move: Move): void {
  if (sizeOf(lengths) === 0) return;
  const axes = collapse(lengths, x.strides, y.strides);
  visit(axes, x.ptr + x.offset * bytes, y.ptr + y.offset * bytes);

  // The kernel's struct has room for so many axes; a movement with more of them is many movements.
  function visit([outer, ...inner]: Axis[], from: number, to: number): void {
    if (inner.length < MOST_AXES) {
      const fields = [outer!, ...inner].flatMap(({ n, sx, sy }) => [n, sx * bytes, sy * bytes]);
      const ptr = structPtr(STRIDES_PTR, 128);
      ints(ptr, fields.length).set(fields);
      move(ptr, inner.length + 1, from, to);
    } else {
      for (let i = 0; i < outer!.n; i++) visit(inner, from + i * outer!.sx * bytes, to + i * outer!.sy * bytes);
    }
  }
}

const MOST_AXES = 8;

interface Axis {
  n: number;
  sx: number;
  sy: number;
}

/**
 * Axes of length 1 do not matter; the others are ordered so that the two innermost ones have unit strides where there are any,
 * and neighbours that continue each other on both sides become one. At least two axes remain, as the kernel requires.
 */
function collapse(lengths: Shape, sx: readonly number[], sy: readonly number[]): Axis[] {
  const axes = lengths.map((n, k): Axis => ({ n, sx: sx[k]!, sy: sy[k]! })).filter(({ n }) => n !== 1);
  axes.sort((a, b) => nearest(b) - nearest(a) || extent(b) - extent(a));
  const joined: Axis[] = [];
  for (const axis of axes) {
    const outer = joined.at(-1);
    if (outer && outer.sx === axis.sx * axis.n && outer.sy === axis.sy * axis.n) joined.splice(-1, 1, { ...axis, n: outer.n * axis.n });
    else joined.push(axis);
  }
  while (joined.length < 2) joined.unshift({ n: 1, sx: 1, sy: 1 });
  return joined;
}

// The shorter of the two strides, where both move.
function nearest({ sx, sy }: Axis): number {
  return sx === 0 || sy === 0 ? extent({ n: 1, sx, sy }) : Math.min(Math.abs(sx), Math.abs(sy));
}

function extent({ sx, sy }: Axis): number {
  return Math.abs(sx) + Math.abs(sy);
}
