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
import { poolAttributes, type PoolOptions, poolWindow, type Sizes, type Window, windowPtr } from "../window.ts";
import { traced, tracedBetween, type TracedInput } from "../trace.ts";

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
  return tracedMaxima(x, y, win);
}

/** The maxima of the window and their positions, recorded. */
export function selectMaxima(x: Tensor, win: Window): MaxPoolResult {
  x = withLayout(x, "channelsLast");
  const values = empty(win.outputShape, "channelsLast");
  const indices = empty(win.outputShape, "channelsLast", "int32");
  kernels().maxPool(windowPtr(win), 0, values.size / Math.max(win.c, 1), x.ptr, values.ptr, indices.ptr);
  record(values, [x, (dy) => maxPoolAdjoint(dy, indices, win)]);
  tracedMaxima(x, values, win);
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
interface AvgWindow extends Window {
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
  return tracedAverage(x, y, win);
}

/** dx = A' dy: every dy, divided by its window's count, goes to all taps of the window. */
export function averageAdjoint(dy: Tensor, win: AvgWindow): Tensor {
  dy = withLayout(dy, "channelsLast");
  const dx = empty(win.inputShape, "channelsLast");
  kernels().avgPoolAdjoint(windowPtr(win), win.countIncludePad, win.divisor, dy.ptr, dx.ptr);
  return record(dx, [dy, (ddx) => average(ddx, win)]);
}

function tracedMaxima(x: Tensor, y: Tensor, win: Window): Tensor {
  if (win.kernel[2] === 0) return tracedAdaptive("Max", x, y, win);
  const { attributes, pads } = poolAttributes(win);
  // Engines pad by less than the kernel; the last window may reach further where it is dilated.
  const kernel = win.kernel.slice(3 - pads.length / 2);
  if (pads.some((size, i) => size >= kernel[i % kernel.length]!)) return traced(y, "MaxPool", [tracedPadding(x, pads, -Infinity)], attributes);
  return traced(y, "MaxPool", [x], { ...attributes, pads });
}

// Engines do not agree on ceil_mode: what the last windows need behind is padding, which does not count.
function tracedAverage(x: Tensor, y: Tensor, win: AvgWindow): Tensor {
  if (win.kernel[2] === 0) return tracedAdaptive("Average", x, y, win);
  const { attributes, pads } = poolAttributes(win);
  if (win.divisor !== 0) {
    const mean = tracedBetween("AveragePool", [tracedPadding(x, pads, 0)], attributes);
    return traced(y, "Mul", [mean, (win.kernel[0] * win.kernel[1] * win.kernel[2]) / win.divisor]);
  }
  if (!win.countIncludePad) return traced(y, "AveragePool", [x], { ...attributes, pads });
  const rank = pads.length / 2, before = win.padding.slice(3 - rank), around = [...before, ...before];
  const beyond = pads.map((size, i) => Math.max(0, size - around[i]!));
  // Where both occur, the padding that counts lies in memory.
  if (beyond.some((size) => size > 0)) return traced(y, "AveragePool", [tracedPadding(x, around, 0)], { ...attributes, pads: beyond });
  return traced(y, "AveragePool", [x], { ...attributes, pads: around, count_include_pad: 1 });
}

function tracedPadding(x: Tensor, pads: readonly number[], value: number): TracedInput {
  const rank = pads.length / 2;
  return pads.some((size) => size > 0) ? tracedBetween("Pad", [x, [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)], value]) : x;
}

// A window of kernel 0 is adaptive: ONNX has those that see everything, and those that are of one size.
function tracedAdaptive(kind: "Max" | "Average", x: Tensor, y: Tensor, win: Window): Tensor {
  const input = win.inputShape.slice(2), output = win.outputShape.slice(2);
  if (output.every((length) => length === 1)) return traced(y, `Global${kind}Pool`, [x]);
  const size = input.map((length, i) => length / output[i]!);
  return size.every(Number.isInteger) ? traced(y, `${kind}Pool`, [x], { kernel_shape: size, strides: size }) : y;
}
