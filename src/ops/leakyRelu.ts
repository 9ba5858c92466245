import { kernels } from "../runtime/kernels.ts";
import { checkNumber, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { activate } from "./activation.ts";

/** Options of `leakyRelu`. */
export interface LeakyReluOptions {
  /** Slope for negative x, default 0.01. */
  negativeSlope?: number;
}

/**
 * Leaky rectified linear unit, y = x for x > 0 and negativeSlope x elsewhere, elementwise; the derivative at 0 is
 * negativeSlope, as in PyTorch.
 *
 * @throws RangeError if negativeSlope is not finite
 * @example
 * const y = leakyRelu(x, { negativeSlope: 0.2 });
 */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  checkOptions("leakyRelu", options);
  const { negativeSlope = 0.01 } = options;
  checkNumber("leakyRelu", "negativeSlope", negativeSlope, -Infinity);
  const y = activate("leakyRelu", x, {
    forward: (n, from, to) => kernels().leakyRelu(n, negativeSlope, from, to),
    adjoint: (n, from, dy, dx) => kernels().leakyReluAdjoint(n, negativeSlope, from, dy, dx),
  });
  return traced(y, "LeakyRelu", [x], { alpha: negativeSlope });
}
