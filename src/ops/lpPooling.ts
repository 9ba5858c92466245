// Power-average pooling: the p-norm of every window, made of operations that are there.

import { scope } from "../scope.ts";
import { checkNumber, checkOptions } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { type PoolOptions, poolWindow, type Sizes } from "../window.ts";
import { eq } from "./comparisons.ts";
import { mul } from "./mul.ts";
import { average } from "./pooling.ts";
import { pow } from "./pow.ts";
import { where } from "./where.ts";

/** Options of a power-average pooling; the defaults are PyTorch's. */
export type LpPoolOptions = Pick<PoolOptions, "stride" | "ceilMode">;

/** Checks and computes a power-average pooling with `rank` spatial axes. */
export function lpPool(op: string, rank: number, x: Tensor, normType: number, kernelSize: Sizes, options: LpPoolOptions): Tensor {
  checkNumber(op, "normType", normType, -Infinity);
  if (normType === 0) throw new RangeError(`${op}: normType must not be 0`);
  checkTensor(op, "x", x);
  checkOptions(op, options);
  const { stride = kernelSize, ceilMode = false } = options;
  const win = poolWindow(op, rank, x.shape, kernelSize, { stride, ceilMode });
  return scope(() => {
    // The mean of what a window sees times the taps of a whole one, as in PyTorch: the two differ where ceilMode cuts a window off.
    const mean = average(pow(x, normType), { ...win, countIncludePad: false, divisor: 0 });
    const sum = mul(mean, win.kernel.reduce((a, b) => a * b));
    // The root has no slope at 0; the gradient is 0 there.
    const none = eq(sum, 0);
    return where(none, 0, pow(where(none, 1, sum), 1 / normType));
  });
}
