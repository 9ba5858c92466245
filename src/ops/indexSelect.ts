import { checkDim, format, ShapeError } from "../shape.ts";
import { discard } from "../scope.ts";
import { checkTensor, type DType, type Tensor } from "../tensor.ts";
import { checkIndices, gatherRows, type Indices } from "./gathering.ts";

/**
 * The parts of x at some positions along an axis, in their order: x[:, index] in PyTorch and NumPy, for dim 1. The adjoint adds
 * every part to where it was taken from.
 *
 * @param dim the axis; negative numbers count from the end
 * @param index positions, one after the other; any may appear many times
 * @returns of the shape of x, with as many positions along the axis as index has
 * @throws RangeError if the axis or a position does not exist; ShapeError if index has more than one axis
 * @example
 * const bgr = indexSelect(rgb, 1, [2, 1, 0]);
 */
export function indexSelect<D extends DType>(x: Tensor<D>, dim: number, index: Indices): Tensor<D> {
  checkTensor("indexSelect", "x", x, x?.dtype);
  const axis = checkDim("indexSelect", "dim", dim, x.shape);
  const shape = (index as Partial<Tensor>)?.shape;
  if (shape && shape.length > 1) throw new ShapeError(`indexSelect: index must have 1 axis, it has ${shape.length} (index ${format(shape)})`);
  const positions = checkIndices("indexSelect", "index", index, x.shape[axis]!);
  const y = gatherRows(x, axis, positions);
  if (positions !== index) discard(positions);
  return y;
}
