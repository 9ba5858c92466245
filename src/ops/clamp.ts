import { kernels } from "../runtime/kernels.ts";
import { describe } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { traced } from "../trace.ts";

/**
 * Brings every element between two bounds: y = min(max(x, least), most). NaN stays NaN. The derivative is 1 from bound to bound,
 * ends included, and 0 outside, as in PyTorch.
 *
 * @param min,max numbers; `undefined` leaves a side open. If min is above max, everything becomes max. For bounds that are
 *   tensors there are `maximum` and `minimum`.
 * @throws RangeError if a bound is NaN; TypeError if there is none
 * @example
 * clamp(tensor([-2, 0.5, 3]), 0, 1); // [0, 0.5, 1]
 * clamp(x, undefined, 6);
 */
export function clamp(x: Tensor, min?: number, max?: number): Tensor {
  checkTensor("clamp", "x", x);
  if (min === undefined && max === undefined) throw new TypeError("clamp: min or max must be given, both are undefined");
  const least = bound("min", min, -Infinity), most = bound("max", max, Infinity);
  const y = empty(x.shape, x.layout);
  kernels().clamp(y.size, least, most, x.ptr, y.ptr);
  return traced(record(y, [x, (dy) => clampAdjoint(x, dy, least, most)]), "Clip", [x, min, max]);
}

function bound(name: string, value: number | undefined, open: number): number {
  if (value === undefined) return open;
  if (typeof value !== "number") throw new TypeError(`clamp: ${name} must be a number, got ${describe(value)}`);
  if (Number.isNaN(value)) throw new RangeError(`clamp: ${name} must not be NaN`);
  return value;
}

/** dx = dy where x lies between the bounds, else 0. Its own adjoint in dy; constant in x but for the jumps. */
function clampAdjoint(x: Tensor, dy: Tensor, least: number, most: number): Tensor {
  dy = withLayout(dy, x.layout);
  const dx = empty(x.shape, x.layout);
  kernels().clampAdjoint(x.size, least, most, x.ptr, dy.ptr, dx.ptr);
  return record(dx, [dy, (ddx) => clampAdjoint(x, ddx, least, most)]);
}
