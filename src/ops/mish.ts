import { scope } from "../scope.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { add } from "./add.ts";
import { div } from "./div.ts";
import { abs, square } from "./functions.ts";
import { mul } from "./mul.ts";
import { softplus } from "./softplus.ts";
import { tanh } from "./tanh.ts";

/**
 * y = x tanh(softplus(x)), elementwise.
 *
 * @example
 * const y = mish(conv2d(x, w));
 */
export function mish(x: Tensor): Tensor {
  checkTensor("mish", "x", x);
  return scope(() => mul(x, tanh(softplus(x))));
}

/**
 * y = x / (1 + |x|), elementwise.
 *
 * @example
 * const y = softsign(x);
 */
export function softsign(x: Tensor): Tensor {
  checkTensor("softsign", "x", x);
  return scope(() => {
    // On an alias, which no tape follows: the quotient rule would cancel for large x, where dx = dy / (1 + |x|)^2 does not.
    const y = div(x.alias(), add(abs(x.alias()), 1));
    return traced(record(y, [x, (dy) => div(dy, square(add(abs(x), 1)))]), "Softsign", [x]);
  });
}
