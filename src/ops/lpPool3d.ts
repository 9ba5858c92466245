import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { lpPool, type LpPoolOptions } from "./lpPooling.ts";

/**
 * Three-dimensional power-average pooling:
 *
 *   y[n, c, h, i, j] = (sum over m, k, l of x[n, c, h * stride + m, i * stride + k, j * ...] ^ p) ^ (1 / p)
 *
 * Powers keep their sign, as in PyTorch: with an odd p negative elements count against positive ones, and a negative sum has no
 * root, NaN. Where the sum is 0 the gradient is 0. A window that `ceilMode` lets reach beyond x counts as if what it does not see
 * were the mean of what it sees.
 *
 * @param x input [N, C, D, H, W]
 * @param normType p; 1 gives sums, 2 Euclidean norms, and the larger p is, the closer it comes to the maximum
 * @param kernelSize size of the window, a number or [depth, height, width]
 * @param options stride (default kernelSize) and ceilMode
 * @returns [N, C, OD, OH, OW]
 * @throws ShapeError if the kernel does not fit x; RangeError if a number is out of its range; TypeError if something is of the
 *   wrong kind
 * @example
 * const y = lpPool3d(x, 2, 3, { stride: 2 });
 */
export function lpPool3d(x: Tensor, normType: number, kernelSize: Sizes, options: LpPoolOptions = {}): Tensor {
  return lpPool("lpPool3d", 3, x, normType, kernelSize, options);
}
