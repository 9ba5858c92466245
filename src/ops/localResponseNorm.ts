import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkInteger, checkNumber, checkOptions, format, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { traced, tracedBetween, tracing } from "../trace.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { pow } from "./pow.ts";

/** Options of `localResponseNorm`; the defaults are PyTorch's. */
export interface LocalResponseNormOptions {
  /** Factor of the mean square, default 1e-4. */
  alpha?: number;
  /** Exponent, default 0.75. */
  beta?: number;
  /** Added to the mean square, default 1. */
  k?: number;
}

/**
 * Local response normalisation over neighbouring channels (Krizhevsky, Sutskever, Hinton, 2012):
 *
 *   y[c] = x[c] (k + alpha / size * sum of x[l]^2 for l from c - floor(size / 2) to c + floor((size - 1) / 2))^-beta
 *
 * at every position, with zeros beyond the first and the last channel.
 *
 * @param x [N, C, ...], of any rank from 3
 * @param size channels in a window
 * @param options alpha, beta, k
 * @returns the shape of x
 * @throws ShapeError if x has fewer than 3 axes; RangeError if a number is out of its range
 * @example
 * const y = localResponseNorm(x, 5, { alpha: 1e-4, beta: 0.75, k: 2 });
 */
export function localResponseNorm(x: Tensor, size: number, options: LocalResponseNormOptions = {}): Tensor {
  checkTensor("localResponseNorm", "x", x);
  if (x.shape.length < 3) {
    throw new ShapeError(`localResponseNorm: x must have at least 3 axes [N, C, ...], it has ${x.shape.length} (x ${format(x.shape)})`);
  }
  checkInteger("localResponseNorm", "size", size, 1);
  checkOptions("localResponseNorm", options);
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  for (const [name, value] of Object.entries({ alpha, beta, k })) checkNumber("localResponseNorm", name, value, -Infinity);
  const before = Math.floor(size / 2), after = size - 1 - before;
  const y = tracing(undefined, () => scope(() => {
    const squares = windowSum(mul(x, x), before, after);
    return mul(x, pow(add(mul(squares, alpha / size), k), -beta));
  }));
  // In ONNX the larger half of an even window comes behind.
  if (before !== after) return y;
  const attributes = { size, alpha, beta, bias: k };
  if (x.shape.length === 4) return traced(y, "LRN", [x], attributes);
  // Engines normalise maps only.
  const maps = tracedBetween("Reshape", [x, [0, 0, -1, 1]]);
  return traced(y, "Reshape", [tracedBetween("LRN", [maps], attributes), [0, ...x.shape.slice(1)]]);
}

/** Sums over `before` channels in front of each one, itself and `after` behind it: linear, and the adjoint exchanges the two. */
function windowSum(x: Tensor, before: number, after: number): Tensor {
  const from = withLayout(x, "channelsLast");
  const c = x.shape[1]!;
  const y = empty(x.shape, "channelsLast");
  // A window need not reach further than all channels.
  kernels().channelWindowSum(y.size / Math.max(c, 1), c, Math.min(before, c), Math.min(after, c), from.ptr, y.ptr);
  return withLayout(record(y, [from, (dy) => windowSum(dy, after, before)]), x.layout);
}
