import { kernels } from "../runtime/kernels.ts";
import { checkNumber, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { activate } from "./activation.ts";

/** Options of `hardtanh`. */
export interface HardtanhOptions {
  /** Smallest y, default -1. */
  minVal?: number;
  /** Largest y, default 1. */
  maxVal?: number;
}

/**
 * y = min(max(x, minVal), maxVal), elementwise. Other than for `clamp`, the derivative at both ends is 0, as in PyTorch.
 *
 * @throws RangeError if a number is not finite, or minVal is above maxVal
 * @example
 * const y = hardtanh(x);
 */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  checkOptions("hardtanh", options);
  const { minVal = -1, maxVal = 1 } = options;
  checkNumber("hardtanh", "minVal", minVal, -Infinity);
  checkNumber("hardtanh", "maxVal", maxVal, -Infinity);
  if (minVal > maxVal) throw new RangeError(`hardtanh: minVal ${minVal} is above maxVal ${maxVal}`);
  return bounded("hardtanh", x, minVal, maxVal);
}

/**
 * y = min(max(x, 0), 6), elementwise; the derivative at 0 and at 6 is 0, as in PyTorch.
 *
 * @example
 * const y = relu6(conv2d(x, w, { groups: 32 }));
 */
export function relu6(x: Tensor): Tensor {
  return bounded("relu6", x, 0, 6);
}

function bounded(op: string, x: Tensor, least: number, most: number): Tensor {
  const y = activate(op, x, {
    forward: (n, from, to) => kernels().clamp(n, least, most, from, to),
    adjoint: (n, from, dy, dx) => kernels().hardtanhAdjoint(n, least, most, from, dy, dx),
  });
  return traced(y, "Clip", [x, least, most]);
}
