import type { Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { exponentialUnit } from "./elu.ts";

// Klambauer et al., "Self-normalizing neural networks", 2017, to the digits that PyTorch has.
const ALPHA = 1.6732632423543772848170429916717;
const SCALE = 1.0507009873554804934193349852946;

/**
 * Scaled exponential linear unit, y = 1.0507 x for x > 0 and 1.0507 * 1.6733 (exp(x) - 1) elsewhere, elementwise.
 *
 * @example
 * const y = selu(linear(x, w));
 */
export function selu(x: Tensor): Tensor {
  return traced(exponentialUnit("selu", x, ALPHA * SCALE, SCALE), "Selu", [x], { alpha: ALPHA, gamma: SCALE });
}
