import { checkDim, format, ShapeError } from "../shape.ts";
import { discard } from "../scope.ts";
import { wholeWalk } from "../strides.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { checkIndices, gatherElements } from "./gathering.ts";
import { take } from "./movement.ts";

/**
 * Picks single elements along an axis. For a matrix,
 *
 *   dim 0: y[i, j] = x[index[i, j], j]     dim 1: y[i, j] = x[i, index[i, j]]
 *
 * The adjoint adds every dy to the element that it was picked from.
 *
 * @param x float32 or int32
 * @param dim the axis; negative numbers count from the end
 * @param index int32, with as many axes as x; along the other axes at most as long
 * @returns of the shape of index
 * @throws ShapeError if the shapes do not fit; RangeError if an index is beyond the axis
 * @example
 * const scores = gather(logits, 1, tensor(Int32Array.of(3, 1, 4), [3, 1])); // the labels' logits
 */
export function gather<D extends "float32" | "int32" = "float32">(x: Tensor<D>, dim: number, index: Tensor<"int32">): Tensor<D> {
  checkTensor("gather", "x", x, (x as Tensor<"float32" | "int32"> | undefined)?.dtype === "int32" ? "int32" : "float32");
  checkTensor("gather", "index", index, "int32");
  const axis = checkDim("gather", "dim", dim, x.shape);
  const shapes = `(x ${format(x.shape)}, index ${format(index.shape)}, dim ${dim})`;
  if (index.shape.length !== x.shape.length) {
    throw new ShapeError(`gather: index has ${index.shape.length} axes, x has ${x.shape.length} ${shapes}`);
  }
  index.shape.forEach((length, k) => {
    if (k !== axis && length > x.shape[k]!) throw new ShapeError(`gather: index has length ${length} along axis ${k}, x has ${x.shape[k]} ${shapes}`);
  });
  checkIndices("gather", "index", index, x.shape[axis]!);
  const shape = index.shape.map((length, k) => (k === axis ? x.shape[axis]! : length));
  if (format(shape) === format(x.shape)) return gatherElements(x, axis, index);
  const part = traced(take(x, shape, wholeWalk(shape.length)), "Slice", [x, shape.map(() => 0), shape, shape.map((_, k) => k)]);
  const y = gatherElements(part, axis, index);
  discard(part);
  return y;
}
