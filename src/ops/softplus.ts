import { kernels } from "../runtime/kernels.ts";
import { checkNumber, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { traced, tracedBetween } from "../trace.ts";
import { activate } from "./activation.ts";
import { gt } from "./comparisons.ts";
import { mul } from "./mul.ts";
import { sigmoidSlope } from "./sigmoid.ts";
import { where } from "./where.ts";

/** Options of `softplus`. */
export interface SoftplusOptions {
  /** Steepness of the bend, default 1. */
  beta?: number;
  /** Where beta x is above it, y = x; default 20. */
  threshold?: number;
}

/**
 * A smooth `relu`, y = log(1 + exp(beta x)) / beta, elementwise; y = x where beta x > threshold.
 *
 * @throws RangeError if beta is 0 or a number is not finite
 * @example
 * const positive = softplus(x);
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkOptions("softplus", options);
  const { beta = 1, threshold = 20 } = options;
  checkNumber("softplus", "beta", beta, -Infinity);
  checkNumber("softplus", "threshold", threshold, -Infinity);
  if (beta === 0) throw new RangeError("softplus: beta must not be 0");
  const y = activate("softplus", x, {
    forward: (n, from, to) => kernels().softplus(n, beta, threshold, from, to),
    adjoint: (n, from, dy, dx) => kernels().softplusAdjoint(n, beta, threshold, from, dy, dx),
    // f'' = beta sigmoid'(beta x)
    second: (x) => {
      const z = mul(x, beta);
      return where(gt(z, threshold), 0, mul(sigmoidSlope(z), beta));
    },
  });
  // ONNX's has no threshold; from 20 on it makes no difference in float32.
  if (threshold < 20) return y;
  if (beta === 1) return traced(y, "Softplus", [x]);
  return traced(y, "Div", [tracedBetween("Softplus", [tracedBetween("Mul", [x, beta])]), beta]);
}
