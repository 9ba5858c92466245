// Convolution over one, two or three spatial axes, and its two adjoints. With W^ the sparse (Toeplitz) matrix of w and
// X^ = im2col(x):
//
//   forward          y  = W^ x  = X^ w      a product with im2col, tile by tile
//   input adjoint    dx = W^' dy            convolution of dy with the flipped filter
//   filter adjoint   dw = X^' dy            a product with im2col again
//
// All three are bilinear and each one's adjoints are the other two. So the set is closed: recorded like any operation, the
// adjoints can be differentiated again without a further kernel.

import { kernels } from "../runtime/kernels.ts";
import { withScratch } from "../runtime/memory.ts";
import { empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { adjointWindow, type Window, windowPtr } from "../window.ts";
import { channelSum } from "./channels.ts";

/** y = conv(x, w) + bias, by the geometry of `win`. */
export function convolve(x: Tensor, w: Tensor, bias: Tensor | undefined, win: Window): Tensor {
  x = withLayout(x, "channelsLast");
  w = withLayout(w, "channelsLast");
  const y = forward(x.ptr, w.ptr, bias?.ptr ?? 0, win);
  const edges = [
    [x, (dy: Tensor) => convolveInputAdjoint(dy, w, win)],
    [w, (dy: Tensor) => convolveFilterAdjoint(x, dy, win)],
  ] as const;
  return bias ? record(y, ...edges, [bias, channelSum]) : record(y, ...edges);
}

/** dx: the transpose of `convolve` in x, applied to dy. */
export function convolveInputAdjoint(dy: Tensor, w: Tensor, win: Window): Tensor {
  dy = withLayout(dy, "channelsLast");
  w = withLayout(w, "channelsLast");
  // Gathering with the flipped filter beats scattering with col2im, but a stride would have it multiply by inserted zeros,
  // and padding beyond the kernel's extent would need negative padding.
  const back = adjointWindow(win);
  const gather = win.stride.every((step) => step === 1) && back.padding.every((size) => size >= 0);
  const dx = gather ? gathered(dy, w, win, back) : scattered(dy, w, win);
  return record(
    dx,
    [dy, (ddx) => convolve(ddx, w, undefined, win)],
    [w, (ddx) => convolveFilterAdjoint(ddx, dy, win)],
  );
}

/** dw: the transpose of `convolve` in w, applied to dy. */
export function convolveFilterAdjoint(x: Tensor, dy: Tensor, win: Window): Tensor {
  x = withLayout(x, "channelsLast");
  dy = withLayout(dy, "channelsLast");
  const dw = withScratch([kernels().columnFloats(windowPtr(win))], (col) => {
    const filters = empty(filterShape(win), "channelsLast");
    kernels().convFilterAdjoint(windowPtr(win), x.ptr, dy.ptr, filters.ptr, col!);
    return filters;
  });
  return record(
    dw,
    [x, (ddw) => convolveInputAdjoint(dy, ddw, win)],
    [dy, (ddw) => convolve(x, ddw, undefined, win)],
  );
}

function filterShape(win: Window): number[] {
  const spatial = win.inputShape.length - 2;
  return [win.o, win.c / win.groups, ...win.kernel.slice(3 - spatial)];
}

function forward(x: number, w: number, bias: number, win: Window): Tensor {
  const ptr = windowPtr(win);
  return withScratch([kernels().packedFloats(ptr), kernels().columnFloats(ptr)], (packed, col) => {
    const y = empty(win.outputShape, "channelsLast");
    kernels().packFilters(ptr, w, packed!);
    kernels().conv(ptr, 0, y.size / Math.max(win.o, 1), x, packed!, bias, y.ptr, col!);
    return y;
  });
}

function gathered(dy: Tensor, w: Tensor, win: Window, back: Window): Tensor {
  return withScratch([w.size], (flipped) => {
    kernels().flip(windowPtr(win), w.ptr, flipped!);
    return forward(dy.ptr, flipped!, 0, back);
  });
}

function scattered(dy: Tensor, w: Tensor, win: Window): Tensor {
  const ptr = windowPtr(win);
  return withScratch([kernels().packedAdjointFloats(ptr), kernels().columnFloats(ptr)], (packed, col) => {
    const dx = empty(win.inputShape, "channelsLast");
    kernels().convInputAdjoint(ptr, dy.ptr, w.ptr, dx.ptr, packed!, col!);
    return dx;
  });
}
