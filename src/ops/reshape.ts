import { checkInteger, format, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";

/**
 * The same elements, in row-major order, under another shape. A view: the memory is shared (maps that lie channels-last are
 * copied into row-major order first).
 *
 * @param shape the new shape; one length may be -1 and follows from the others
 * @throws ShapeError if the numbers of elements differ
 * @example
 * const rows = reshape(x, [-1, 4]);
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor("reshape", "x", x);
  const free = shape.indexOf(-1);
  const lengths = [...shape];
  if (free >= 0) {
    const rest = sizeOf(lengths.filter((_, axis) => axis !== free));
    lengths[free] = rest === 0 ? 0 : x.size / rest;
  }
  if (!lengths.every((length) => Number.isInteger(length) && length >= 0) || sizeOf(lengths) !== x.size) {
    throw new ShapeError(`reshape: x has ${x.size} elements, shape ${format(shape)} does not (x ${format(x.shape)})`);
  }
  const from = withLayout(x, "rowMajor");
  return record(from.alias(lengths), [from, (dy) => reshape(dy, from.shape)]);
}

/**
 * Joins the axes from `startDim` to `endDim`, ends included; negative numbers count from the end.
 *
 * @throws RangeError if an axis does not exist
 * @example
 * flatten(x, 1).shape; // [N, C * H * W]
 */
export function flatten(x: Tensor, startDim: number = 0, endDim: number = -1): Tensor {
  checkTensor("flatten", "x", x);
  const rank = x.shape.length;
  if (rank === 0) return reshape(x, [1]);
  const start = axis("startDim", startDim), end = axis("endDim", endDim);
  if (start > end) throw new RangeError(`flatten: startDim ${startDim} comes after endDim ${endDim} (x ${format(x.shape)})`);
  return reshape(x, [...x.shape.slice(0, start), sizeOf(x.shape.slice(start, end + 1)), ...x.shape.slice(end + 1)]);

  function axis(name: string, value: number): number {
    checkInteger("flatten", name, value, -rank);
    if (value >= rank) throw new RangeError(`flatten: ${name} must be below ${rank}, got ${value} (x ${format(x.shape)})`);
    return value < 0 ? value + rank : value;
  }
}
