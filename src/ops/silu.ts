import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { traced, tracedBetween } from "../trace.ts";
import { activate } from "./activation.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { sigmoid, sigmoidSlope } from "./sigmoid.ts";
import { sub } from "./sub.ts";

/**
 * Sigmoid linear unit ("swish"), y = x sigmoid(x), elementwise.
 *
 * @example
 * const y = silu(conv2d(x, w));
 */
export function silu(x: Tensor): Tensor {
  const { silu: forward, siluAdjoint: adjoint } = kernels();
  const y = activate("silu", x, { forward, adjoint, second });
  return traced(y, "Mul", [x, tracedBetween("Sigmoid", [x])]);
}

/** f'' = s' (2 + x (1 - 2 s)) with s = sigmoid(x). */
function second(x: Tensor): Tensor {
  return mul(sigmoidSlope(x), add(mul(x, sub(1, mul(sigmoid(x), 2))), 2));
}
