import { checkDim, describe, format, ShapeError } from "../shape.ts";
import { checkTensor, type DType, type Tensor } from "../tensor.ts";
import { arrange } from "./movement.ts";

/**
 * The axes in another order: axis k of y is axis dims[k] of x. A view where the elements already lie that way (from a map to
 * [N, H, W, C], for instance), otherwise a copy.
 *
 * @param dims every axis once; negative numbers count from the end
 * @throws ShapeError if there are more or fewer numbers than axes, or one appears twice; RangeError if an axis does not exist
 * @example
 * const picture = permute(x, [0, 2, 3, 1]); // [N, C, H, W] to [N, H, W, C]
 */
export function permute<D extends DType>(x: Tensor<D>, dims: readonly number[]): Tensor<D> {
  checkTensor("permute", "x", x, x?.dtype);
  if (!Array.isArray(dims)) throw new TypeError(`permute: dims must be a list of axes, got ${describe(dims)}`);
  const axes = dims.map((dim) => checkDim("permute", "dims", dim, x.shape));
  const shapes = `(x ${format(x.shape)}, dims ${format(dims)})`;
  if (axes.length !== x.shape.length) throw new ShapeError(`permute: dims has ${axes.length} axes, x has ${x.shape.length} ${shapes}`);
  if (new Set(axes).size !== axes.length) throw new ShapeError(`permute: dims must have every axis once ${shapes}`);
  return arrange(x, axes);
}
