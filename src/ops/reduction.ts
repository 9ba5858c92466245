// Reductions over axes: which axes, and how they lie in memory.

import { storageOrder } from "../broadcast.ts";
import { withScratch } from "../runtime/memory.ts";
import { checkBoolean, checkOptions, describe, format, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { type DType, empty, type Tensor } from "../tensor.ts";
import { arrange } from "./movement.ts";

/** Axes of a reduction: one or several; negative numbers count from the end. */
export type Dims = number | readonly number[];

/** Options of a reduction. */
export interface ReductionOptions {
  /** Leaves the axes that are reduced in place, with length 1; default false. */
  keepdim?: boolean;
}

/** The axes that an argument means, in ascending order; all where it is left out. */
export function checkDims(op: string, x: Tensor, dim: Dims | undefined): number[] {
  if (dim === undefined) return x.shape.map((_, axis) => axis);
  if (typeof dim === "number") return [checkDim(op, x, dim)];
  if (!Array.isArray(dim)) throw new TypeError(`${op}: dim must be a number or a list of numbers, got ${describe(dim)}`);
  if (dim.length === 0) throw new RangeError(`${op}: dim names no axis; without dim all are reduced (x ${format(x.shape)})`);
  const dims = dim.map((one) => checkDim(op, x, one)).sort((a, b) => a - b);
  const twice = dims.find((one, i) => one === dims[i + 1]);
  if (twice !== undefined) throw new RangeError(`${op}: dim ${format(dim)} names axis ${twice} twice (x ${format(x.shape)})`);
  return dims;
}

/** The axis that a number means. */
export function checkDim(op: string, x: Tensor, dim: number): number {
  const rank = x.shape.length;
  if (typeof dim !== "number") throw new TypeError(`${op}: dim must be a number, got ${describe(dim)}`);
  if (!Number.isInteger(dim) || dim < -rank || dim >= rank) {
    const range = rank === 0 ? "left out for a scalar" : `an integer from ${-rank} to ${rank - 1}`;
    throw new RangeError(`${op}: dim must be ${range}, got ${dim} (x ${format(x.shape)})`);
  }
  return dim < 0 ? dim + rank : dim;
}

/** Checks the options of a reduction and gives `keepdim`, false by default. */
export function checkKeepdim(op: string, options: ReductionOptions): boolean {
  checkOptions(op, options);
  const { keepdim = false } = options;
  checkBoolean(op, "keepdim", keepdim);
  return keepdim;
}

/** Elements behind each element of the result; more than `beyond`. */
export function countOver(op: string, x: Tensor, dims: readonly number[], beyond: number = 0): number {
  const count = dims.reduce((product, axis) => product * x.shape[axis]!, 1);
  if (count > beyond) return count;
  const along = `along dim ${format(dims)}`, shapes = `(x ${format(x.shape)})`;
  if (count === 0) throw new ShapeError(`${op}: x has no elements ${along} ${shapes}`);
  throw new ShapeError(`${op}: x has ${count} element${count === 1 ? "" : "s"} ${along}, correction ${beyond} leaves none ${shapes}`);
}

/** A shape whose axes `dims` have length 1. */
export function keptShape(shape: Shape, dims: readonly number[]): number[] {
  return shape.map((length, axis) => (dims.includes(axis) ? 1 : length));
}

/** Drops axes of length 1 that were reduced, unless they shall be kept. */
export function finish<D extends DType>(y: Tensor<D>, dims: readonly number[], keepdim: boolean): Tensor<D> {
  return keepdim ? y : arrange(y, y.shape.flatMap((_, axis) => (dims.includes(axis) ? [] : [axis])));
}

/** y[o, i] = a reduction over j of x[o, j, i]. */
export type ReductionKernel = (outer: number, n: number, inner: number, x: number, y: number) => void;

/**
 * Reduces x over axes, which keep the length 1; not recorded.
 *
 * @param kernel runs once for each run of axes that are reduced and lie next to each other, from the inside out: the reduction
 *   of reductions must be the reduction of all
 */
export function reduce(kernel: ReductionKernel, x: Tensor, dims: readonly number[]): Tensor {
  const y = empty(keptShape(x.shape, dims), x.layout);
  const passes = passesOver(x, dims);
  withScratch(passes.slice(0, -1).map(([outer, , inner]) => outer * inner), (...ptrs) => {
    let from = x.ptr;
    passes.forEach((pass, i) => {
      const to = ptrs[i] ?? y.ptr;
      kernel(...pass, from, to);
      from = to;
    });
  });
  return y;
}

/** So many elements outside of the axis, along it, inside of it. */
type Pass = [outer: number, n: number, inner: number];

function passesOver(x: Tensor, dims: readonly number[]): Pass[] {
  const groups: { length: number; reduced: boolean }[] = [];
  for (const axis of storageOrder(x.shape.length, x.layout)) {
    const length = x.shape[axis]!, reduced = dims.includes(axis), last = groups.at(-1);
    if (length === 1) continue;
    if (last?.reduced === reduced) last.length *= length;
    else groups.push({ length, reduced });
  }
  const passes: Pass[] = [];
  let inner = 1;
  groups.reverse().forEach(({ length, reduced }, i) => {
    if (reduced) passes.push([sizeOf(groups.slice(i + 1).map((group) => group.length)), length, inner]);
    else inner *= length;
  });
  return passes.length > 0 ? passes : [[1, 1, x.size]];
}
