import { kernels } from "../runtime/kernels.ts";
import { checkOptions, describe } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { activate } from "./activation.ts";
import { add } from "./add.ts";
import { exp } from "./functions.ts";
import { mul } from "./mul.ts";
import { sigmoid, sigmoidSlope } from "./sigmoid.ts";
import { sub } from "./sub.ts";

/** Options of `gelu`. */
export interface GeluOptions {
  /** "none", the default, or "tanh": the approximation that some networks were trained with. */
  approximate?: "none" | "tanh";
}

/**
 * Gaussian error linear unit, elementwise:
 *
 *   y = x Phi(x),  Phi(x) = (1 + erf(x / sqrt(2))) / 2
 *   y = x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))   with approximate "tanh"
 *
 * @throws TypeError if `approximate` is neither "none" nor "tanh"
 * @example
 * const y = gelu(linear(x, w));
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions("gelu", options);
  const { approximate = "none" } = options;
  if (approximate !== "none" && approximate !== "tanh") {
    throw new TypeError(`gelu: approximate must be "none" or "tanh", got ${describe(approximate)}`);
  }
  const { gelu: exact, geluAdjoint, geluTanh, geluTanhAdjoint } = kernels();
  const y = approximate === "none"
    ? activate("gelu", x, { forward: exact, adjoint: geluAdjoint, second })
    : activate("gelu", x, { forward: geluTanh, adjoint: geluTanhAdjoint, second: secondTanh });
  return traced(y, "Gelu", [x], { approximate });
}

/** f'' = phi(x) (2 - x^2), phi the normal density. */
function second(x: Tensor): Tensor {
  const square = mul(x, x);
  return mul(mul(exp(mul(square, -0.5)), 1 / Math.sqrt(2 * Math.PI)), sub(2, square));
}

/** y = x s with s = sigmoid(u), u = 2 sqrt(2 / pi) (x + 0.044715 x^3): f'' = s' (2 u' + x (u'' + (1 - 2 s) u'^2)). */
function secondTanh(x: Tensor): Tensor {
  const linear = 2 * Math.sqrt(2 / Math.PI), cubic = linear * 0.044715;
  const square = mul(x, x);
  const u = mul(x, add(mul(square, cubic), linear));
  const du = add(mul(square, 3 * cubic), linear);
  const bend = add(mul(x, 6 * cubic), mul(sub(1, mul(sigmoid(u), 2)), mul(du, du)));
  return mul(sigmoidSlope(u), add(mul(du, 2), mul(x, bend)));
}
