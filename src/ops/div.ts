import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { elementwise, type Operand, toward } from "./elementwise.ts";
import { mul } from "./mul.ts";

/**
 * Quotient, y = a / b, elementwise with broadcasting. Division by zero gives an infinity or NaN, as everywhere in float32.
 *
 * @param a,b tensors whose shapes broadcast, or a number and a tensor
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * const unit = div(x, sqrt(sum(square(x), 1, { keepdim: true })));
 */
export function div(a: Operand, b: Operand): Tensor {
  const y = elementwise("div", kernels().divBroadcast, { a, b });
  // db = -dy a / b^2, without the square, which may overflow.
  return traced(record(y, ...toward(a, (dy) => div(dy, b)), ...toward(b, (dy) => mul(mul(dy, div(y, b)), -1))), "Div", [a, b]);
}
