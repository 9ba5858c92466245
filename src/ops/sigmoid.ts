import { kernels } from "../runtime/kernels.ts";
import { full, type Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { activate, activateAdjoint, type Activation } from "./activation.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

/**
 * Logistic function, y = 1 / (1 + exp(-x)), elementwise.
 *
 * @example
 * const probability = sigmoid(logits);
 */
export function sigmoid(x: Tensor): Tensor {
  return traced(activate("sigmoid", x, logistic), "Sigmoid", [x]);
}

/** The derivative of `sigmoid`, y (1 - y), but exact where y is almost 1. */
export function sigmoidSlope(x: Tensor): Tensor {
  return activateAdjoint(x, full(x.shape, 1), logistic);
}

const logistic: Activation = {
  forward: (n, x, y) => kernels().sigmoid(n, x, y),
  adjoint: (n, x, dy, dx) => kernels().sigmoidAdjoint(n, x, dy, dx),
  // f'' = f' (1 - 2 y)
  second: (x) => mul(sigmoidSlope(x), sub(1, mul(sigmoid(x), 2))),
};
