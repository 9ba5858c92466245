import { kernels } from "../runtime/kernels.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { traced } from "../trace.ts";

/**
 * Rectified linear unit, y = max(x, 0), elementwise; the derivative at 0 is 0, as in PyTorch.
 *
 * @example
 * const y = relu(conv2d(x, w));
 */
export function relu(x: Tensor): Tensor {
  checkTensor("relu", "x", x);
  const y = empty(x.shape, x.layout);
  kernels().relu(y.size, x.ptr, y.ptr);
  return traced(record(y, [x, (dy) => reluAdjoint(y, dy)]), "Relu", [x]);
}

/** dx = 0 where y <= 0, else dy, for NaN too, as in PyTorch. Linear in dy, and its own adjoint; constant in y but for the kink. */
function reluAdjoint(y: Tensor, dy: Tensor): Tensor {
  dy = withLayout(dy, y.layout);
  const dx = empty(y.shape, y.layout);
  kernels().reluAdjoint(y.size, y.ptr, dy.ptr, dx.ptr);
  return record(dx, [dy, (ddx) => reluAdjoint(y, ddx)]);
}
