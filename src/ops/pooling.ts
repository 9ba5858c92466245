// Pooling over one, two or three spatial axes.
//
//   max        y = S x   S selects one element of each window: linear while the winners stay the same
//   average    y = A x   linear
//
// The adjoints are S' and A'. Recorded like any operation, with the forward maps as their adjoints, they can be differentiated
// again.

import { kernels } from "../runtime/kernels.ts";
import { isHeld } from "../scope.ts";
import { checkBoolean, describe } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { type PoolOptions, poolWindow, type Sizes, type Window, windowPtr } from "../window.ts";
import { tracedWindow } from "../trace.ts";

/** Options of a max pooling; the defaults are PyTorch's. */
export interface MaxPoolOptions extends PoolOptions {
  /** Distance between the taps of a window, default 1. */
  dilation?: Sizes;
}

/** Options of an average pooling; the defaults are PyTorch's. */
export interface AvgPoolOptions extends PoolOptions {
  /** Counts the zeros of the padding into the mean, default true. What a window covers beyond the padding never counts. */
  countIncludePad?: boolean;
  /** A number to divide every window's sum by, instead of its count. */
  divisorOverride?: number;
}

/** The maxima, and where they lie in their planes. */
export interface MaxPoolResult {
  values: Tensor;
  /** Flat positions inside the input plane, (d * H + h) * W + w, of the shape of `values`. */
  indices: Tensor<"int32">;
}

/** Checks and computes a max pooling with `rank` spatial axes. */
export function maxPool(op: string, rank: number, x: Tensor, kernelSize: Sizes, options: MaxPoolOptions): Tensor {
  checkTensor(op, "x", x);
  return maxima(x, poolWindow(op, rank, x.shape, kernelSize, options, options.dilation));
}

/** `maxPool`, with the winners' positions. */
export function maxPoolWithIndices(op: string, rank: number, x: Tensor, kernelSize: Sizes, options: MaxPoolOptions): MaxPoolResult {
  checkTensor(op, "x", x);
  return selectMaxima(x, poolWindow(op, rank, x.shape, kernelSize, options, options.dilation));
}

/** The maxima of the window, recorded. */
export function maxima(x: Tensor, win: Window): Tensor {
  // Only a tape asks for the winners later on.
  if (isHeld()) return selectMaxima(x, win).values;
  x = withLayout(x, "channelsLast");
  const y = empty(win.outputShape, "channelsLast");
  kernels().maxPool(windowPtr(win), 0, y.size / Math.max(win.c, 1), x.ptr, y.ptr, 0);
  return tracedWindow(y, "MaxPool", [x], win);
}

/** The maxima of the window and their positions, recorded. */
export function selectMaxima(x: Tensor, win: Window): MaxPoolResult {
  x = withLayout(x, "channelsLast");
  const values = empty(win.outputShape, "channelsLast");
  const indices = empty(win.outputShape, "channelsLast", "int32");
  kernels().maxPool(windowPtr(win), 0, values.size / Math.max(win.c, 1), x.ptr, values.ptr, indices.ptr);
  record(values, [x, (dy) => maxPoolAdjoint(dy, indices, win)]);
  tracedWindow(values, "MaxPool", [x], win);
  return { values, indices };
}

/** dx = S' dy: every dy goes to the winner of its window. */
export function maxPoolAdjoint(dy: Tensor, indices: Tensor<"int32">, win: Window): Tensor {
  dy = withLayout(dy, "channelsLast");
  const dx = empty(win.inputShape, "channelsLast");
  kernels().maxPoolAdjoint(windowPtr(win), indices.ptr, dy.ptr, dx.ptr);
  return record(dx, [dy, (ddx) => maxPoolSelect(ddx, indices, win)]);
}

/** y = S x: the elements of x where an earlier pooling found its maxima. */
export function maxPoolSelect(x: Tensor, indices: Tensor<"int32">, win: Window): Tensor {
  x = withLayout(x, "channelsLast");
  const y = empty(win.outputShape, "channelsLast");
  kernels().maxPoolSelect(windowPtr(win), indices.ptr, x.ptr, y.ptr);
  return record(y, [x, (dy) => maxPoolAdjoint(dy, indices, win)]);
}

/** The geometry of an average pooling, and how it counts. */
export interface AvgWindow extends Window {
  readonly countIncludePad: boolean;
  /** 0 where every window has its own count. */
  readonly divisor: number;
}

/** Checks and computes an average pooling with `rank` spatial axes. */
export function avgPool(op: string, rank: number, x: Tensor, kernelSize: Sizes, options: AvgPoolOptions): Tensor {
  checkTensor(op, "x", x);
  return average(x, avgWindow(op, rank, x, kernelSize, options));
}

function avgWindow(op: string, rank: number, x: Tensor, kernelSize: Sizes, options: AvgPoolOptions): AvgWindow {
  const win = poolWindow(op, rank, x.shape, kernelSize, options);
  const { countIncludePad = true, divisorOverride } = options;
  checkBoolean(op, "countIncludePad", countIncludePad);
  if (divisorOverride !== undefined) {
    if (typeof divisorOverride !== "number") {
      throw new TypeError(`${op}: divisorOverride must be a number, got ${describe(divisorOverride)}`);
    }
    if (!Number.isSafeInteger(divisorOverride) || divisorOverride === 0) {
      throw new RangeError(`${op}: divisorOverride must be an integer other than 0, got ${divisorOverride}`);
    }
  }
  return Object.freeze({ ...win, countIncludePad, divisor: divisorOverride ?? 0 });
}

/** y = A x. */
export function average(x: Tensor, win: AvgWindow): Tensor {
  x = withLayout(x, "channelsLast");
  const y = empty(win.outputShape, "channelsLast");
  kernels().avgPool(windowPtr(win), 0, y.size / Math.max(win.c, 1), win.countIncludePad, win.divisor, x.ptr, y.ptr);
  record(y, [x, (dy) => averageAdjoint(dy, win)]);
  return tracedWindow(y, "AveragePool", [x], win);
}

/** dx = A' dy: every dy, divided by its window's count, goes to all taps of the window. */
export function averageAdjoint(dy: Tensor, win: AvgWindow): Tensor {
  dy = withLayout(dy, "channelsLast");
  const dx = empty(win.inputShape, "channelsLast");
  kernels().avgPoolAdjoint(windowPtr(win), win.countIncludePad, win.divisor, dy.ptr, dx.ptr);
  return record(dx, [dy, (ddx) => average(ddx, win)]);
}
