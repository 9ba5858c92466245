import { checkDim, describe, format, ShapeError } from "../shape.ts";
import { checkTensor, type DType, type Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { take } from "./movement.ts";

/**
 * Turns axes around: their last element comes first. Its own adjoint.
 *
 * @param dims an axis or several; negative numbers count from the end
 * @throws ShapeError if an axis appears twice; RangeError if one does not exist
 * @example
 * const mirrored = flip(x, 3); // [N, C, H, W], left and right exchanged
 */
export function flip<D extends DType>(x: Tensor<D>, dims: number | readonly number[]): Tensor<D> {
  checkTensor("flip", "x", x, x?.dtype);
  const list = typeof dims === "number" ? [dims] : dims;
  if (!Array.isArray(list)) throw new TypeError(`flip: dims must be an axis or a list of axes, got ${describe(dims)}`);
  const turned = list.map((dim) => checkDim("flip", "dims", dim, x.shape));
  if (new Set(turned).size !== turned.length) throw new ShapeError(`flip: dims must not have an axis twice (x ${format(x.shape)}, dims ${format(list)})`);
  const axes = x.shape.map((_, axis) => axis);
  const y = take(x, x.shape, {
    start: x.shape.map((length, axis) => (turned.includes(axis) ? length - 1 : 0)),
    axes,
    steps: axes.map((axis) => (turned.includes(axis) ? -1 : 1)),
  });
  const back = turned.map(() => -1);
  return traced(y, "Slice", [x, back, turned.map(() => Number.MIN_SAFE_INTEGER), turned, back]);
}
