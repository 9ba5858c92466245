import { kernels } from "../runtime/kernels.ts";
import type { Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { activate } from "./activation.ts";
import { le } from "./comparisons.ts";
import { mul } from "./mul.ts";

/**
 * y = min(max(x + 3, 0), 6) / 6, elementwise: a `sigmoid` of three straight lines. The derivative at -3 and at 3 is 0, as in
 * PyTorch.
 *
 * @example
 * const gate = hardsigmoid(x);
 */
export function hardsigmoid(x: Tensor): Tensor {
  const { hardsigmoid: forward, hardsigmoidAdjoint: adjoint } = kernels();
  return traced(activate("hardsigmoid", x, { forward, adjoint }), "HardSigmoid", [x], { alpha: 1 / 6, beta: 0.5 });
}

/**
 * y = x min(max(x + 3, 0), 6) / 6, elementwise. The derivative is x / 3 + 1/2 from -3 to 3, both ends included, as PyTorch defines
 * it (at 3 its own vector loop has 1).
 *
 * @example
 * const y = hardswish(conv2d(x, w));
 */
export function hardswish(x: Tensor): Tensor {
  const { hardswish: forward, hardswishAdjoint: adjoint } = kernels();
  // f'' = 1/3 from -3 to 3
  const y = activate("hardswish", x, { forward, adjoint, second: (x) => mul(mul(le(x, 3), le(-3, x)), 1 / 3) });
  return traced(y, "HardSwish", [x]);
}
