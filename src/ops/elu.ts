import { kernels } from "../runtime/kernels.ts";
import { checkNumber, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { activate } from "./activation.ts";
import { mul } from "./mul.ts";
import { exp } from "./functions.ts";
import { where } from "./where.ts";
import { gt } from "./comparisons.ts";

/** Options of `elu`. */
export interface EluOptions {
  /** What y tends to for large negative x is -alpha; default 1. */
  alpha?: number;
}

/**
 * Exponential linear unit, y = x for x > 0 and alpha (exp(x) - 1) elsewhere, elementwise.
 *
 * @throws RangeError if alpha is not finite
 * @example
 * const y = elu(x, { alpha: 0.5 });
 */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  checkOptions("elu", options);
  const { alpha = 1 } = options;
  checkNumber("elu", "alpha", alpha, -Infinity);
  return traced(exponentialUnit("elu", x, alpha, 1), "Elu", [x], { alpha });
}

/** y = positive x for x > 0, negative (exp(x) - 1) elsewhere; the derivative at 0 is `negative`, as in PyTorch. */
export function exponentialUnit(op: string, x: Tensor, negative: number, positive: number): Tensor {
  return activate(op, x, {
    forward: (n, from, to) => kernels().elu(n, negative, positive, from, to),
    adjoint: (n, from, dy, dx) => kernels().eluAdjoint(n, negative, positive, from, dy, dx),
    second: (x) => where(gt(x, 0), 0, mul(exp(x), negative)),
  });
}
