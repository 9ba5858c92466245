import { abs } from "../../ops/functions.ts";
import { add } from "../../ops/add.ts";
import { div } from "../../ops/div.ts";
import { gelu } from "../../ops/gelu.ts";
import { lt } from "../../ops/comparisons.ts";
import { mul } from "../../ops/mul.ts";
import { where } from "../../ops/where.ts";
import type { Tensor } from "../../tensor.ts";

/**
 * The error function, of operations that are there: gelu(z) = z (1 + erf(z / sqrt(2))) / 2, solved for erf. Near 0, where that
 * cancels, it is its power series, whose first term left out is below 2e-8 for |x| < 1/2.
 */
export function erf(x: Tensor): Tensor {
  const z = mul(x, Math.SQRT2), small = lt(abs(x), 0.5);
  const large = add(mul(div(gelu(z), where(small, 1, z)), 2), -1);
  const square = mul(x, x);
  // Horner's scheme.
  const [last, ...rest] = [...SERIES].reverse();
  const series = rest.reduce((sum, factor, i) => add(mul(i === 0 ? square : sum, i === 0 ? last! : square), factor), square);
  return where(small, mul(x, series), large);
}

// 2 / sqrt(pi) (-1)^n / (n! (2n + 1)).
const SERIES = [1, -1 / 3, 1 / 10, -1 / 42, 1 / 216, -1 / 1320].map((factor) => (2 / Math.sqrt(Math.PI)) * factor);
