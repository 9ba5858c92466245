import { kernels } from "../runtime/kernels.ts";
import { describe } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced, tracedBetween } from "../trace.ts";
import { elementwise, type Operand, toward } from "./elementwise.ts";

/**
 * y = a where the condition holds, else b, elementwise with broadcasting. Gradients go to where the values came from.
 *
 * @param condition a float32 tensor, as comparisons give it: 0 is false, anything else true
 * @param a,b tensors or numbers; all shapes broadcast
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * const rectified = where(gt(x, 0), x, 0);
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (!(condition instanceof Tensor)) throw new TypeError(`where: condition must be a tensor, got ${describe(condition)}`);
  const y = elementwise("where", kernels().where, { condition, a, b });
  record(y, ...toward(a, (dy) => where(condition, dy, 0)), ...toward(b, (dy) => where(condition, 0, dy)));
  // 9: bool
  return traced(y, "Where", [tracedBetween("Cast", [condition], { to: 9 }), a, b]);
}
