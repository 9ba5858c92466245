import { reshape, type Shape, type Tensor } from "../../src/index.ts";
import { at, forEachIndex, type NdArray, ndarray, setAt } from "../array.ts";

/** f of the elements of every operand, by NumPy's rules: aligned at the last axes, axes of length 1 repeated. */
export function broadcast(operands: NdArray[], f: (...values: number[]) => number): NdArray {
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  const lengths = (axis: number) => operands.map(({ shape }) => shape[axis - rank + shape.length] ?? 1);
  const shape = Array.from({ length: rank }, (_, axis) => lengths(axis).find((length) => length !== 1) ?? 1);
  const y = ndarray(shape);
  forEachIndex(shape, (...index) => {
    const element = (x: NdArray) => at(x, ...x.shape.map((length, i) => (length === 1 ? 0 : index[rank - x.shape.length + i]!)));
    setAt(y, f(...operands.map(element)), ...index);
  });
  return y;
}

/** The same values with the memory in row-major order: maps that `tensor` makes lie channels-last. */
export function plain(x: Tensor): Tensor {
  return reshape(x, x.shape);
}

/** Shapes around the vector width, maps and volumes. */
export const shapes: Shape[] = [[], [0], [1], [3], [4], [5], [2, 3], [7, 9], [2, 3, 5, 4], [1, 8, 3, 3], [2, 3, 2, 3, 2]];

/** Pairs of shapes that broadcast: every way in which a pair can be repeated. */
export const pairs: [Shape, Shape][] = [
  ...shapes.map((shape): [Shape, Shape] => [shape, shape]),
  // One value for all; for each row; for each column; an outer product.
  [[], [5]], [[4, 9], [1]], [[4, 5], [4, 1]], [[4, 5], [5]], [[5], [4, 5]], [[7, 1], [1, 5]], [[1, 1, 4], [3, 1]],
  // For each channel, position, image and pixel of maps and volumes, and maps of another rank.
  [[2, 5, 3, 4], [1, 5, 1, 1]], [[5, 1, 1], [2, 5, 3, 4]], [[2, 5, 3, 4], [3, 4]], [[2, 5, 3, 4], [2, 1, 1, 1]],
  [[2, 5, 3, 4], [2, 1, 3, 4]],
  [[2, 5, 3, 4], [2, 5, 1, 4]], [[2, 1, 3, 1], [5, 1, 4]], [[1, 3, 2, 1, 5], [2, 3, 1, 2, 1]], [[2, 4, 1, 3, 2], [4, 3, 1, 2]],
  // Short rows of which many are joined, with a rest; in the last pair the row that is repeated does not lie dense.
  [[131, 3], [3]], [[2, 90, 5], [2, 1, 5]], [[2, 3, 90, 3], [2, 3, 1, 3]],
  // Longer than what is gathered at a time; as many axes as there may be, none of which can be joined.
  [[3, 300], [3, 1]], [[2, 300, 1], [300, 2]], [[2, 1, 2, 1, 2, 1, 2, 1], [1, 2, 1, 2, 1, 2, 1, 2]],
  // Nothing.
  [[0, 3], [3]], [[2, 0, 3, 3], [1, 1, 3, 3]], [[0], [1]],
];
