import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { format, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { convWindow, windowPtr } from "../window.ts";

/**
 * Turns every kernel by 180 degrees: reverses all axes but the first two. Its own inverse and adjoint.
 *
 *   y[o, c, k, l] = w[o, c, KH - 1 - k, KW - 1 - l]
 *
 * @param w filters [O, C, KH, KW] ([O, C, K], [O, C, KD, KH, KW])
 * @throws ShapeError if w is of another rank
 * @example
 * const y = conv2d(x, flipFilters(w)); // the convolution of mathematics
 */
export function flipFilters(w: Tensor): Tensor {
  checkTensor("flipFilters", "w", w);
  const spatial = w.shape.length - 2;
  if (spatial < 1 || spatial > 3) {
    throw new ShapeError(`flipFilters: w must have 3, 4 or 5 axes [O, C, kernel axes], it has ${w.shape.length} (w ${format(w.shape)})`);
  }
  return scope(() => turned(w, spatial));
}

function turned(w: Tensor, spatial: number): Tensor {
  w = withLayout(w, "channelsLast");
  // The kernel exchanges input and output channels of each group. With a group per filter, [1, K, C] becomes [C, K, 1]: row-major.
  const y = empty(w.shape);
  if (y.size > 0) {
    const [o, c, ...kernel] = w.shape as [number, number, ...number[]];
    kernels().flip(windowPtr(convWindow("flipFilters", spatial, [1, o * c, ...kernel], w.shape, { groups: o })), w.ptr, y.ptr);
  }
  return record(y, [w, (dy) => turned(dy, spatial)]);
}
