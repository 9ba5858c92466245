import { defaultRandom } from "../random.ts";
import { isDry, kernels } from "../runtime/kernels.ts";
import { checkBoolean, checkNumber, checkOptions } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { identity } from "./identity.ts";
import { mul } from "./mul.ts";

/** Options of the dropouts. */
export interface DropoutOptions {
  /** Without it the input comes back as it is. Default true, as in PyTorch's functions; layers pass their own. */
  training?: boolean;
}

/**
 * Dropout: every element becomes 0 with probability p, independently; the others are multiplied by 1 / (1 - p), so that the
 * expectation stays the same. What is dropped is drawn from the default generator (`manualSeed`), alike in every engine and build.
 *
 * @param p from 0 to 1, default 0.5
 * @returns the shape of x
 * @throws RangeError if p is no probability
 * @example
 * const y = dropout(x, 0.2);
 */
export function dropout(x: Tensor, p: number = 0.5, options: DropoutOptions = {}): Tensor {
  checkDropout("dropout", x, p, options);
  return drop(x, p, options);
}

/** Checks the arguments of every dropout. */
export function checkDropout(op: string, x: Tensor, p: number, options: DropoutOptions): void {
  checkTensor(op, "x", x);
  checkOptions(op, options);
  const { training = true } = options;
  checkNumber(op, "p", p, 0, 1);
  checkBoolean(op, "training", training);
}

/** `dropout` without its checks. */
export function drop(x: Tensor, p: number, { training = true }: DropoutOptions): Tensor {
  if (!training || p === 0 || x.size === 0) return identity(x);
  if (p === 1) return mul(x, 0);
  // A dry run leaves the generator where it is.
  const random = isDry() ? undefined : defaultRandom();
  return masked(x, p, random?.next() ?? 0, random?.next() ?? 0);
}

/** y = S x, S diagonal with 0 or 1 / (1 - p) by chance: the keys determine which, so S is its own adjoint. */
function masked(x: Tensor, p: number, key0: number, key1: number): Tensor {
  const y = empty(x.shape, x.layout);
  kernels().dropout(y.size, key0, key1, Math.min(Math.round(p * 2 ** 32), 2 ** 32 - 1), 1 / (1 - p), x.ptr, y.ptr);
  return record(y, [x, (dy) => masked(withLayout(dy, x.layout), p, key0, key1)]);
}
