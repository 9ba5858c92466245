import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { activate } from "./activation.ts";
import { mul } from "./mul.ts";
import { sigmoidSlope } from "./sigmoid.ts";

/**
 * Hyperbolic tangent, y = tanh(x), elementwise.
 *
 * @example
 * const y = tanh(linear(x, w));
 */
export function tanh(x: Tensor): Tensor {
  const { tanh: forward, tanhAdjoint: adjoint } = kernels();
  return traced(activate("tanh", x, { forward, adjoint, second }), "Tanh", [x]);
}

/** f'' = -2 y f', with f'(x) = 4 sigmoid'(2 x). */
function second(x: Tensor): Tensor {
  return mul(mul(tanh(x), -8), sigmoidSlope(mul(x, 2)));
}
