import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { add } from "./add.ts";
import { le, lt } from "./comparisons.ts";
import { elementwise, type Operand, toward } from "./elementwise.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

/**
 * The larger of a and b, elementwise with broadcasting; NaN if one is. Where both are equal each gets half of the gradient, as
 * in PyTorch.
 *
 * @param a,b tensors whose shapes broadcast, or a number and a tensor
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * maximum(tensor([1, 5]), tensor([3, 2])); // [3, 5]
 */
export function maximum(a: Operand, b: Operand): Tensor {
  const y = elementwise("maximum", kernels().maximumBroadcast, { a, b });
  return traced(record(y, ...toward(a, (dy) => mul(dy, share(a, b))), ...toward(b, (dy) => mul(dy, share(b, a)))), "Max", [a, b]);
}

/**
 * The smaller of a and b, elementwise with broadcasting; NaN if one is. Where both are equal each gets half of the gradient, as
 * in PyTorch.
 *
 * @param a,b tensors whose shapes broadcast, or a number and a tensor
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * minimum(tensor([1, 5]), tensor([3, 2])); // [1, 2]
 */
export function minimum(a: Operand, b: Operand): Tensor {
  const y = elementwise("minimum", kernels().minimumBroadcast, { a, b });
  return traced(record(y, ...toward(a, (dy) => mul(dy, share(b, a))), ...toward(b, (dy) => mul(dy, share(a, b)))), "Min", [a, b]);
}

// 1 where a > b, 1/2 where they are equal, 0 where a < b; 1 where one is NaN.
function share(a: Operand, b: Operand): Tensor {
  return sub(1, mul(add(lt(a, b), le(a, b)), 0.5));
}
