// Parts of a tensor along one axis.

import { checkDim, checkInteger, describe, format, ShapeError } from "../shape.ts";
import { wholeWalk } from "../strides.ts";
import { checkTensor, type DType, type Tensor } from "../tensor.ts";
import { traced, tracedBetween } from "../trace.ts";
import { take } from "./movement.ts";

/**
 * Every `step`-th element from `start` up to, and without, `end` along one axis: x[:, start:end:step] in PyTorch and NumPy, for
 * dim 1. As there, negative positions count from the end, and what lies beyond the axis is left out.
 *
 * @throws RangeError if the axis does not exist or the step is not positive; TypeError if a position is no integer
 * @example
 * const y = slice(x, 1, 0, -1, 2); // x[:, 0:-1:2]
 */
export function slice<D extends DType>(x: Tensor<D>, dim: number, start: number = 0, end: number = Infinity, step: number = 1): Tensor<D> {
  checkTensor("slice", "x", x, x?.dtype);
  const axis = checkDim("slice", "dim", dim, x.shape);
  checkInteger("slice", "step", step, 1);
  const length = x.shape[axis]!;
  const from = position("start", start), to = position("end", end);
  return range(x, axis, from, Math.max(0, Math.ceil((to - from) / step)), step);

  function position(name: string, value: number): number {
    if (typeof value !== "number" || !(Number.isInteger(value) || Math.abs(value) === Infinity)) {
      throw new TypeError(`slice: ${name} must be an integer, got ${describe(value)}`);
    }
    return Math.min(Math.max(value < 0 ? value + length : value, 0), length);
  }
}

/**
 * `length` elements from `start` on along one axis.
 *
 * @param start negative numbers count from the end
 * @throws RangeError if the axis does not exist; ShapeError if the part reaches beyond it
 * @example
 * const y = narrow(x, 0, 2, 3); // x[2:5]
 */
export function narrow<D extends DType>(x: Tensor<D>, dim: number, start: number, length: number): Tensor<D> {
  checkTensor("narrow", "x", x, x?.dtype);
  const axis = checkDim("narrow", "dim", dim, x.shape);
  const whole = x.shape[axis]!;
  checkInteger("narrow", "start", start, -whole);
  checkInteger("narrow", "length", length, 0);
  const from = start < 0 ? start + whole : start;
  if (from + length > whole) {
    throw new ShapeError(`narrow: elements ${from} to ${from + length} reach beyond axis ${axis} of length ${whole} (x ${format(x.shape)})`);
  }
  return range(x, axis, from, length, 1);
}

/**
 * One element of an axis, which is left out: x[:, index] in PyTorch and NumPy, for dim 1.
 *
 * @param index negative numbers count from the end
 * @throws RangeError if the axis or the element does not exist
 * @example
 * const first = select(batch, 0, 0); // [C, H, W]
 */
export function select<D extends DType>(x: Tensor<D>, dim: number, index: number): Tensor<D> {
  checkTensor("select", "x", x, x?.dtype);
  const axis = checkDim("select", "dim", dim, x.shape);
  const length = x.shape[axis]!;
  checkInteger("select", "index", index, -length);
  if (index >= length) throw new RangeError(`select: index must be below ${length}, got ${index} (x ${format(x.shape)}, dim ${dim})`);
  const { start, axes, steps } = wholeWalk(x.shape.length);
  const y = take(x, x.shape.filter((_, other) => other !== axis), {
    start: start.map((_, other) => (other === axis ? (index + length) % length : 0)),
    axes: axes.filter((other) => other !== axis),
    steps: steps.slice(1),
  });
  const at = (index + length) % length;
  return traced(y, "Squeeze", [tracedBetween("Slice", [x, [at], [at + 1], [axis], [1]]), [axis]]);
}

/** `length` elements of an axis, from `start` on in steps. */
export function range<D extends DType>(x: Tensor<D>, axis: number, start: number, length: number, step: number): Tensor<D> {
  const whole = wholeWalk(x.shape.length);
  const y = take(x, x.shape.map((all, other) => (other === axis ? length : all)), {
    start: whole.start.map((_, other) => (other === axis ? start : 0)),
    axes: whole.axes,
    steps: whole.steps.map((_, other) => (other === axis ? step : 1)),
  });
  return traced(y, "Slice", [x, [start], [start + length * step], [axis], [step]]);
}
