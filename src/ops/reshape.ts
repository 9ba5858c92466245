import { checkDim, describe, format, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, type DType, type Tensor, toLayout } from "../tensor.ts";
import { traced, tracing } from "../trace.ts";
import { recordMove } from "./movement.ts";

/**
 * The same elements, in row-major order, under another shape. A view: the memory is shared (maps that lie channels-last are
 * copied into row-major order first).
 *
 * @param shape the new shape; one length may be -1 and follows from the others
 * @throws ShapeError if the numbers of elements differ, or -1 stands beside a length of 0
 * @example
 * const rows = reshape(x, [-1, 4]);
 */
export function reshape<D extends DType>(x: Tensor<D>, shape: Shape): Tensor<D> {
  checkTensor("reshape", "x", x, x?.dtype);
  if (!Array.isArray(shape)) throw new TypeError(`reshape: shape must be a list of lengths, got ${describe(shape)}`);
  const free = shape.indexOf(-1);
  const lengths: number[] = [...shape];
  if (free >= 0) {
    const rest = sizeOf(lengths.filter((_, axis) => axis !== free));
    if (rest === 0) throw new ShapeError(`reshape: beside a length of 0 any length does for -1, shape ${format(shape)} (x ${format(x.shape)})`);
    lengths[free] = x.size / rest;
  }
  if (!lengths.every((length) => Number.isInteger(length) && length >= 0) || sizeOf(lengths) !== x.size) {
    throw new ShapeError(`reshape: x has ${x.size} elements, shape ${format(shape)} does not (x ${format(x.shape)})`);
  }
  const plain = toLayout(x, "rowMajor");
  const y = plain.alias(lengths);
  plain.dispose();
  // The first axis may have a batch in it, which another run may have of another length: 0 keeps it, -1 is what remains for it.
  const batch = lengths[0] === x.shape[0] ? 0 : -1;
  traced(y, "Reshape", [x, lengths.map((length, axis) => (axis === 0 && x.size > 0 ? batch : length))]);
  return recordMove(y, [x, (dy) => reshape(dy, x.shape)]);
}

/**
 * Joins the axes from `startDim` to `endDim`, ends included; negative numbers count from the end.
 *
 * @throws RangeError if an axis does not exist
 * @example
 * flatten(x, 1).shape; // [N, C * H * W]
 */
export function flatten<D extends DType>(x: Tensor<D>, startDim: number = 0, endDim: number = -1): Tensor<D> {
  checkTensor("flatten", "x", x, x?.dtype);
  if (x.shape.length === 0) return reshape(x, [1]);
  const start = checkDim("flatten", "startDim", startDim, x.shape), end = checkDim("flatten", "endDim", endDim, x.shape);
  if (start > end) throw new RangeError(`flatten: startDim ${startDim} comes after endDim ${endDim} (x ${format(x.shape)})`);
  const shape = [...x.shape.slice(0, start), sizeOf(x.shape.slice(start, end + 1)), ...x.shape.slice(end + 1)];
  if (start !== 1 || end !== x.shape.length - 1) return reshape(x, shape);
  return traced(tracing(undefined, () => reshape(x, shape)), "Flatten", [x], { axis: 1 });
}
