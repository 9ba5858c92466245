import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { elementwise, type Operand, toward } from "./elementwise.ts";

/**
 * Product, y = a * b, elementwise with broadcasting.
 *
 * @param a,b tensors whose shapes broadcast, or a number and a tensor
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * const y = mul(tensor([1, 2]), tensor([3, 4])); // [3, 8]
 * const gated = mul(x, reshape(gate, [1, C, 1, 1])); // each channel by its own factor
 */
export function mul(a: Operand, b: Operand): Tensor {
  const y = elementwise("mul", kernels().mulBroadcast, { a, b });
  return traced(record(y, ...toward(a, (dy) => mul(dy, b)), ...toward(b, (dy) => mul(dy, a))), "Mul", [a, b]);
}
