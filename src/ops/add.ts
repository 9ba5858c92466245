import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { elementwise, type Operand, toward } from "./elementwise.ts";

/**
 * Sum, y = a + b, elementwise with broadcasting. Its adjoint hands dy to both: the residual connection's identity path.
 *
 * @param a,b tensors whose shapes broadcast, or a number and a tensor
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * const y = add(x, conv2d(x, w, { padding: 1 })); // a residual block
 * const z = add(x, bias); // x [N, C], bias [C]
 */
export function add(a: Operand, b: Operand): Tensor {
  const y = elementwise("add", kernels().addBroadcast, { a, b });
  return traced(record(y, ...toward(a, (dy) => dy), ...toward(b, (dy) => dy)), "Add", [a, b]);
}
