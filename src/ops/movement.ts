// Operations that move elements and compute nothing.
//
//   forward   y  = P x + v    every element of y is one of x, or the value v
//   adjoint   dx = P' dy      an element of x gets the sum of what flows back from wherever it went
//
// P is a list of blocks. Recorded like any operation, each of the two is the adjoint of the other.

import { kernels } from "../runtime/kernels.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { addBlock, type Block, copyBlock, stridesOf, type Walk, wholeWalk } from "../strides.ts";
import { defaultLayout, type DType, empty, type Layout, type Tensor } from "../tensor.ts";
import { type Edge, record } from "../tape.ts";
import { type Between, traced, tracedBetween } from "../trace.ts";

/** `record` for elements of any kind. Only float32 can be differentiated: no tape tracks the others. */
export function recordMove<D extends DType>(y: Tensor<D>, ...edges: (readonly [x: Tensor<D>, adjoint: Edge[1]])[]): Tensor<D> {
  record(y as Tensor<DType> as Tensor, ...(edges as readonly (readonly [Tensor<DType>, Edge[1]])[] as Edge[]));
  return y;
}

/** y = P x + v. The blocks may overlap in x but not in y; `value` stands where none reaches. */
export function move<D extends DType>(x: Tensor<D>, blocks: readonly Block[], shape: Shape, layout: Layout, value: number = 0): Tensor<D> {
  const y = empty(shape, layout, x.dtype);
  if (blocks.reduce((sum, { lengths }) => sum + sizeOf(lengths), 0) < y.size) fill(y, value);
  for (const block of blocks) copyBlock(x, y, block);
  return recordMove(y, [x, (dy) => moveAdjoint(dy, blocks, x.shape, x.layout)]);
}

/** dx = P' dy. */
function moveAdjoint(dy: Tensor, blocks: readonly Block[], shape: Shape, layout: Layout): Tensor {
  const dx = empty(shape, layout);
  // The first block mostly is the whole of x, and need not be added to zeros.
  const [first, ...rest] = blocks;
  const whole = first && sizeOf(first.lengths) === dx.size && first.x.steps.every((step, k) => step !== 0 || first.lengths[k] === 1);
  if (whole) copyBlock(dy, dx, { lengths: first.lengths, x: first.y, y: first.x });
  else fill(dx, 0);
  for (const block of whole ? rest : blocks) addBlock(dy, dx, block);
  return record(dx, [dy, (ddx) => move(ddx, blocks, dy.shape, dy.layout)]);
}

/** y[i] = x[walk(i)]: a part of x, each element at most once. */
export function take<D extends DType>(x: Tensor<D>, shape: Shape, walk: Walk): Tensor<D> {
  return move(x, [{ lengths: shape, x: walk, y: wholeWalk(shape.length) }], shape, layoutOf(x, shape));
}

/**
 * The axes of x in another order, without some of length 1, with others of length 1: axis k of y is axis axes[k] of x, or new
 * where that is -1. A view, with the memory of x, where that lies as one of the layouts would have it; otherwise a copy.
 */
export function arrange<D extends DType>(x: Tensor<D>, axes: readonly number[]): Tensor<D> {
  const shape = axes.map((axis) => (axis < 0 ? 1 : x.shape[axis]!));
  const inverse = x.shape.map((_, axis) => axes.indexOf(axis));
  const strides = stridesOf(x.shape, x.layout);
  const preferred = layoutOf(x, shape);
  const layouts: Layout[] = shape.length < 3 || shape.length > 5 ? ["rowMajor"] : [preferred, "rowMajor", "channelsLast"];
  const layout = layouts.find((one) => stridesOf(shape, one).every((stride, k) => shape[k] === 1 || stride === strides[axes[k]!]));
  const y = layout ? x.alias(shape, layout) : empty(shape, preferred, x.dtype);
  if (!layout) {
    const walk = { start: x.shape.map(() => 0), axes, steps: axes.map((axis) => (axis < 0 ? 0 : 1)) };
    copyBlock(x, y, { lengths: shape, x: walk, y: wholeWalk(shape.length) });
  }
  tracedArrangement(x, y, axes);
  return recordMove(y, [x, (dy) => arrange(dy, inverse)]);
}

// Axes of length 1 go, the others change places, and new ones come.
function tracedArrangement(x: Tensor<DType>, y: Tensor<DType>, axes: readonly number[]): void {
  const old = x.shape.map((_, axis) => axis), kept = old.filter((axis) => axes.includes(axis));
  const gone = old.filter((axis) => !axes.includes(axis)), come = axes.flatMap((axis, k) => (axis < 0 ? [k] : []));
  const perm = axes.filter((axis) => axis >= 0).map((axis) => kept.indexOf(axis));
  let from: Tensor<DType> | Between = x;
  if (gone.length > 0) from = tracedBetween("Squeeze", [from, gone]);
  if (perm.some((axis, k) => axis !== k)) from = tracedBetween("Transpose", [from], { perm });
  if (come.length > 0) from = tracedBetween("Unsqueeze", [from, come]);
  traced(y, "Identity", [from]);
}

/** The layout for a result: that of x where the axes are the same in number, otherwise the usual one. */
export function layoutOf(x: Tensor<DType>, shape: Shape): Layout {
  return x.shape.length === shape.length ? x.layout : defaultLayout(shape);
}

function fill(y: Tensor<DType>, value: number): void {
  if (y.dtype === "float32") kernels().fill(y.size, value, y.ptr);
  else y.view().fill(value);
}
