import { add } from "../../ops/add.ts";
import { floor, round } from "../../ops/functions.ts";
import { mul } from "../../ops/mul.ts";
import { sub } from "../../ops/sub.ts";
import type { Tensor } from "../../tensor.ts";

/**
 * The sine, of operations that are there: x less the nearest multiple k pi lies within half a turn of 0, where the power series is short,
 * and has the sign of (-1)^k. Within 2e-7 for |x| up to 100, as far as x itself tells beyond.
 */
export function sin(x: Tensor): Tensor {
  const k = round(mul(x, 1 / Math.PI));
  return alternating(k, PARTS.reduce((rest, part) => sub(rest, mul(k, part)), x));
}

/** The cosine: the sine a quarter of a turn on, from the nearest (k + 1/2) pi. */
export function cos(x: Tensor): Tensor {
  const k = floor(mul(x, 1 / Math.PI)), half = add(k, 0.5);
  return mul(alternating(k, PARTS.reduce((rest, part) => sub(rest, mul(half, part)), x)), -1);
}

// (-1)^k sin(r), |r| <= pi / 2.
function alternating(k: Tensor, r: Tensor): Tensor {
  const square = mul(r, r);
  // Horner's scheme.
  const [last, ...rest] = SERIES;
  const series = rest.reduce((sum, factor, i) => add(mul(i === 0 ? square : sum, i === 0 ? last! : square), factor), square);
  const odd = sub(k, mul(floor(mul(k, 0.5)), 2));
  return mul(mul(r, series), sub(1, mul(odd, 2)));
}

// pi in parts whose products with small integers are exact (Cody and Waite, "Software manual for the elementary functions", 1980).
const PARTS = [3.140625, 9.670257568359375e-4, 6.277114152908325e-7];

// (-1)^n / (2n + 1)!, the last first.
const SERIES = [-1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1];
