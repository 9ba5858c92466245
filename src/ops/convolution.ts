// Convolution over one, two or three spatial axes, and its two adjoints. With W^ the sparse (Toeplitz) matrix of w and
// X^ = im2col(x):
//
//   forward          y  = W^ x  = X^ w      a product with im2col, tile by tile
//   input adjoint    dx = W^' dy            convolution of dy with the flipped filter
//   filter adjoint   dw = X^' dy            a product with im2col again
//
// All three are bilinear and each one's adjoints are the other two. So the set is closed: recorded like any operation, the
// adjoints can be differentiated again without a further kernel. The input adjoint is also the forward pass of a transposed
// convolution. Where every channel has a kernel of its own there is no matrix product to make: depthwise kernels do it directly.

import { type Epilogue, epiloguePtr } from "../epilogue.ts";
import { kernels } from "../runtime/kernels.ts";
import { keepsPrepared, withPrepared, withScratch } from "../runtime/memory.ts";
import { scope } from "../scope.ts";
import { sizeOf } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";
import { type Edge, record, withLayout } from "../tape.ts";
import { adjointWindow, type Window, windowPtr } from "../window.ts";
import { tracedWindow } from "../trace.ts";
import { type Algorithm, convAlgorithm, filterAdjointAlgorithm, isDepthwise, tileSide, tilesOf } from "./convAlgorithm.ts";
import { sum } from "./sum.ts";

/** y = conv(x, w) + bias, by the geometry of `win`. */
export function conv(x: Tensor, w: Tensor, bias: Tensor | undefined, win: Window): Tensor {
  x = withLayout(x, "channelsLast");
  w = withLayout(w, "channelsLast");
  const y = record(
    forward(x.ptr, w.ptr, { bias }, win),
    [x, (dy) => convInputAdjoint(dy, w, undefined, win)],
    [w, (dy) => convFilterAdjoint(x, dy, win)],
    ...biasEdge(bias),
  );
  return tracedWindow(y, "Conv", [x, w, bias], win);
}

/** y = activation(conv(x, w) + bias + residual) in one pass, not recorded: for inference. */
export function convFused(x: Tensor, w: Tensor, win: Window, epilogue: Epilogue): Tensor {
  return scope(() => {
    const residual = epilogue.residual && withLayout(epilogue.residual, "channelsLast");
    return forward(withLayout(x, "channelsLast").ptr, withLayout(w, "channelsLast").ptr, { ...epilogue, residual }, win);
  });
}

/** dx = the transpose of `conv` in x, applied to dy, + bias. */
export function convInputAdjoint(dy: Tensor, w: Tensor, bias: Tensor | undefined, win: Window): Tensor {
  dy = withLayout(dy, "channelsLast");
  w = withLayout(w, "channelsLast");
  // Gathering with the flipped filter beats scattering with col2im, but a stride would have it multiply by inserted zeros,
  // and padding beyond the kernel's extent would need negative padding. The depthwise kernel gathers at any stride by itself.
  const back = adjointWindow(win);
  const gather = !isDepthwise(win) && win.stride.every((step) => step === 1) && back.padding.every((size) => size >= 0);
  const dx = record(
    (gather ? gathered : scattered)(dy.ptr, w.ptr, bias, win),
    [dy, (ddx) => conv(ddx, w, undefined, win)],
    [w, (ddx) => convFilterAdjoint(ddx, dy, win)],
    ...biasEdge(bias),
  );
  return tracedWindow(dx, "ConvTranspose", [dy, w, bias], win);
}

/** dw = the transpose of `conv` in w, applied to dy. */
export function convFilterAdjoint(x: Tensor, dy: Tensor, win: Window): Tensor {
  x = withLayout(x, "channelsLast");
  dy = withLayout(dy, "channelsLast");
  return record(
    filters(x.ptr, dy.ptr, win),
    [x, (ddw) => convInputAdjoint(dy, ddw, undefined, win)],
    [dy, (ddw) => conv(x, ddw, undefined, win)],
  );
}

// Channels are axis 1.
function biasEdge(bias: Tensor | undefined): Edge[] {
  return bias ? [[bias, (dy) => sum(dy, dy.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])))]] : [];
}

/** Kernel taps: the length of a channel's kernel. */
function tapsOf(win: Window): number {
  return win.kernel[0] * win.kernel[1] * win.kernel[2];
}

function forward(x: number, w: number, epilogue: Epilogue, win: Window): Tensor {
  const algorithm = convAlgorithm(win, keepsPrepared(w));
  const side = tileSide(algorithm);
  if (side) return winograd(x, w, epilogue, win, algorithm, side);
  const ptr = windowPtr(win);
  if (algorithm === "depthwise" || algorithm === "grouped") {
    // Filters side by side in a vector: all of them, or the four of a group.
    const lanes = algorithm === "grouped" ? 4 : win.o, taps = (tapsOf(win) * win.c) / win.groups;
    const turn = (turned: number): void => kernels().transpose(win.o / lanes, lanes, taps, w, turned);
    return withPrepared(w, `tapsFirst${lanes}`, taps * win.o, turn, (turned) =>
      withScratch([algorithm === "grouped" ? kernels().groupedFloats(ptr) : 0], (scratch) => {
        const y = empty(win.outputShape, "channelsLast");
        kernels().depthwise(ptr, 0, y.size / win.o, x, turned, epiloguePtr(epilogue), y.ptr, scratch!);
        return y;
      }));
  }
  const pack = (packed: number): void => kernels().packFilters(ptr, 0, win.o, w, packed);
  return withPrepared(w, "panels", kernels().packedFloats(ptr), pack, (packed) =>
    withScratch([kernels().convFloats(ptr)], (scratch) => {
      const y = empty(win.outputShape, "channelsLast");
      kernels().conv(ptr, 0, y.size / Math.max(win.o, 1), x, packed, epiloguePtr(epilogue), y.ptr, scratch!);
      return y;
    }));
}

function winograd(x: number, w: number, epilogue: Epilogue, win: Window, algorithm: Algorithm, side: number): Tensor {
  const ptr = windowPtr(win);
  const transform = (u: number): void => kernels().winogradFilters(ptr, side, w, u);
  return withPrepared(w, algorithm, kernels().winogradFilterFloats(ptr, side), transform, (u) =>
    withScratch([kernels().winogradFloats(ptr, side)], (scratch) => {
      const y = empty(win.outputShape, "channelsLast");
      kernels().winograd(ptr, side, 0, tilesOf(win, side), 0, win.o, x, u, epiloguePtr(epilogue), y.ptr, scratch!);
      return y;
    }));
}

function gathered(dy: number, w: number, bias: Tensor | undefined, win: Window): Tensor {
  const flip = (flipped: number): void => kernels().flip(windowPtr(win), w, flipped);
  return withPrepared(w, "flipped", (tapsOf(win) * win.o * win.c) / win.groups, flip, (flipped) => forward(dy, flipped, { bias }, adjointWindow(win)));
}

function scattered(dy: number, w: number, bias: Tensor | undefined, win: Window): Tensor {
  const biasPtr = bias?.ptr ?? 0;
  const ptr = windowPtr(win);
  if (isDepthwise(win)) {
    const turn = (turned: number): void => kernels().transpose(1, win.o, tapsOf(win), w, turned);
    return withPrepared(w, `tapsFirst${win.o}`, tapsOf(win) * win.o, turn, (turned) => {
      const dx = empty(win.inputShape, "channelsLast");
      kernels().depthwiseInputAdjoint(ptr, dy, turned, biasPtr, dx.ptr);
      return dx;
    });
  }
  const pack = (packed: number): void => kernels().packAdjoint(ptr, w, packed);
  return withPrepared(w, "adjointPanels", kernels().packedAdjointFloats(ptr), pack, (packed) =>
    withScratch([kernels().columnFloats(ptr)], (col) => {
      const dx = empty(win.inputShape, "channelsLast");
      kernels().convInputAdjoint(ptr, dy, packed, biasPtr, dx.ptr, col!);
      return dx;
    }));
}

function filters(x: number, dy: number, win: Window): Tensor {
  const ptr = windowPtr(win);
  const spatial = win.inputShape.length - 2;
  const shape = [win.o, win.c / win.groups, ...win.kernel.slice(3 - spatial)];
  const algorithm = filterAdjointAlgorithm(win);
  const size = sizeOf(shape);
  const parts = algorithm === "gemm" ? filterParts(sizeOf(win.outputShape) / Math.max(win.o, 1), size) : 1;
  const floats = {
    depthwise: () => size,
    gemm: () => kernels().convFloats(ptr),
    winograd4: () => kernels().winogradFilterAdjointFloats(ptr),
  }[algorithm]();
  return withScratch([floats, parts === 1 ? 0 : parts * size], (scratch, sums) => {
    const dw = empty(shape, "channelsLast");
    if (algorithm === "winograd4") {
      kernels().winogradFilterAdjoint(ptr, 0, win.o, x, dy, dw.ptr, scratch!);
    } else if (algorithm === "depthwise") {
      kernels().depthwiseFilterAdjoint(ptr, x, dy, scratch!);
      kernels().transpose(1, tapsOf(win), win.o, scratch!, dw.ptr);
    } else {
      kernels().convFilterAdjoint(ptr, parts, 0, parts * win.o, x, dy, parts === 1 ? dw.ptr : sums!, scratch!);
      if (parts > 1) kernels().sumRows(parts, size, sums!, dw.ptr);
    }
    return dw;
  });
}

/**
 * Parts into which the sum over the output positions falls, so that threads can share them: 8 or 1. It is a matter of the geometry
 * alone, since it decides how the sum is rounded. With few positions the parts would cost more than they save, and many filters need
 * none: threads share their channels.
 */
function filterParts(positions: number, size: number): number {
  return positions >= 2048 && size <= 2 ** 17 ? 8 : 1;
}
