import { checkDim, checkInteger, describe, format, ShapeError } from "../shape.ts";
import { checkTensor, type DType, type Tensor } from "../tensor.ts";
import { range } from "./slice.ts";

/**
 * Cuts an axis into parts.
 *
 * @param sizeOrSizes the length of every part, of which the last may be shorter; or each part's length
 * @param dim the axis, default 0; negative numbers count from the end
 * @throws ShapeError if lengths do not add up to the axis's; RangeError if a number is out of its range
 * @example
 * const [a, b] = split(x, [3, 5], 1); // of 8 channels
 */
export function split<D extends DType>(x: Tensor<D>, sizeOrSizes: number | readonly number[], dim: number = 0): Tensor<D>[] {
  checkTensor("split", "x", x, x?.dtype);
  const axis = checkDim("split", "dim", dim, x.shape);
  const length = x.shape[axis]!;
  if (typeof sizeOrSizes === "number") {
    checkInteger("split", "size", sizeOrSizes, length === 0 ? 0 : 1);
    return parts(x, axis, evenly(length, sizeOrSizes));
  }
  if (!Array.isArray(sizeOrSizes)) throw new TypeError(`split: sizes must be a number or a list of numbers, got ${describe(sizeOrSizes)}`);
  let sum = 0;
  for (const size of sizeOrSizes) {
    checkInteger("split", "sizes", size, 0);
    sum += size;
  }
  if (sum !== length) {
    throw new ShapeError(`split: sizes add up to ${sum}, axis ${axis} has length ${length} (x ${format(x.shape)}, sizes ${format(sizeOrSizes)})`);
  }
  return parts(x, axis, sizeOrSizes);
}

/**
 * Cuts an axis into at most so many parts of equal length, of which the last may be shorter. As in PyTorch there are fewer
 * where the length leaves nothing for the last ones: 6 elements in 4 chunks are 2 + 2 + 2.
 *
 * @param dim the axis, default 0; negative numbers count from the end
 * @throws RangeError if the number of chunks is not positive or the axis does not exist
 * @example
 * const [gate, value] = chunk(x, 2, 1); // a gated linear unit's halves
 */
export function chunk<D extends DType>(x: Tensor<D>, chunks: number, dim: number = 0): Tensor<D>[] {
  checkTensor("chunk", "x", x, x?.dtype);
  const axis = checkDim("chunk", "dim", dim, x.shape);
  checkInteger("chunk", "chunks", chunks, 1);
  const length = x.shape[axis]!;
  // An empty axis gives as many empty parts as were asked for.
  return parts(x, axis, length === 0 ? new Array<number>(chunks).fill(0) : evenly(length, Math.ceil(length / chunks)));
}

function evenly(length: number, size: number): number[] {
  const count = length === 0 ? 1 : Math.ceil(length / size);
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}

function parts<D extends DType>(x: Tensor<D>, axis: number, sizes: readonly number[]): Tensor<D>[] {
  let start = 0;
  return sizes.map((size) => {
    const part = range(x, axis, start, size, 1);
    start += size;
    return part;
  });
}
