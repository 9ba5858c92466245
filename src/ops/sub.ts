import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { elementwise, type Operand, toward } from "./elementwise.ts";
import { mul } from "./mul.ts";

/**
 * Difference, y = a - b, elementwise with broadcasting.
 *
 * @param a,b tensors whose shapes broadcast, or a number and a tensor
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * const centred = sub(x, mean(x, 1, { keepdim: true }));
 */
export function sub(a: Operand, b: Operand): Tensor {
  const y = elementwise("sub", kernels().subBroadcast, { a, b });
  return traced(record(y, ...toward(a, (dy) => dy), ...toward(b, (dy) => mul(dy, -1))), "Sub", [a, b]);
}
