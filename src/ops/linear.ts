import { scope } from "../scope.ts";
import { format, sameShape, ShapeError } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { product } from "./matmul.ts";
import { reshape } from "./reshape.ts";

/**
 * Fully connected layer, y = x w' + bias.
 *
 * @param x [..., in]
 * @param w [out, in]
 * @param bias [out]
 * @returns [..., out]
 * @throws ShapeError if the lengths of the last axes differ
 * @example
 * const logits = linear(features, w, bias);
 */
export function linear(x: Tensor, w: Tensor, bias?: Tensor): Tensor {
  checkTensor("linear", "x", x);
  checkTensor("linear", "w", w);
  const shapes = `(x ${format(x.shape)}, w ${format(w.shape)})`;
  if (w.shape.length !== 2) throw new ShapeError(`linear: w must have 2 axes [out, in], it has ${w.shape.length} ${shapes}`);
  if (x.shape.length === 0) throw new ShapeError(`linear: x must have at least 1 axis ${shapes}`);
  const [out, features] = w.shape as [number, number];
  const last = x.shape[x.shape.length - 1]!;
  if (last !== features) throw new ShapeError(`linear: x has ${last} features, w expects ${features} ${shapes}`);
  if (bias) {
    checkTensor("linear", "bias", bias);
    if (!sameShape(bias.shape, [out])) throw new ShapeError(`linear: bias must have shape [${out}], it has ${format(bias.shape)} ${shapes}`);
  }
  if (x.shape.length === 2) return product(x, w, false, true, bias);
  const leading = x.shape.slice(0, -1);
  const rows = leading.reduce((a, b) => a * b, 1);
  return scope(() => reshape(product(reshape(x, [rows, features]), w, false, true, bias), [...leading, out]));
}
