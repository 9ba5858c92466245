import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { eq, ge } from "./comparisons.ts";
import { elementwise, type Operand, toward } from "./elementwise.ts";
import { log } from "./functions.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";
import { where } from "./where.ts";

/**
 * Power, y = a^b, elementwise with broadcasting, within one unit in the last place. NaN where a is negative and b no integer.
 * Anything to the power 0 is 1.
 *
 * Where b is 0 the derivative in a is 0, and where a is 0 and b is not negative that in b is, as in PyTorch.
 *
 * @param a,b tensors whose shapes broadcast, or a number and a tensor
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * pow(tensor([1, 2, 3]), 2); // [1, 4, 9]
 * pow(2, tensor([1, 2, 3])); // [2, 4, 8]
 */
export function pow(a: Operand, b: Operand): Tensor {
  // A square is one multiplication, and by far the most frequent power.
  const y = b === 2 ? elementwise("pow", kernels().mulBroadcast, { a, b: a }) : elementwise("pow", kernels().powBroadcast, { a, b });
  record(
    y,
    ...toward(a, (dy) => {
      if (typeof b === "number") return b === 0 ? mul(dy, 0) : mul(dy, mul(b === 2 ? a : pow(a, b - 1), b));
      return where(eq(b, 0), 0, mul(dy, mul(pow(a, sub(b, 1)), b)));
    }),
    ...toward(b, (dy) => {
      if (typeof a === "number") return a === 0 ? where(ge(b, 0), 0, mul(dy, mul(y, -Infinity))) : mul(dy, mul(y, Math.log(a)));
      return where(mul(eq(a, 0), ge(b, 0)), 0, mul(dy, mul(y, log(a))));
    }),
  );
  return traced(y, "Pow", [a, b]);
}
