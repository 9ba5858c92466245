// The definitions of convolution, transposed convolution and the column matrix for any number of spatial axes, tap by tap.

import type { ConvNdOptions, ConvTransposeNdOptions, Shape } from "../../src/index.ts";
import { type NdArray, ndarray } from "../array.ts";

export type ConvCase = Omit<ConvNdOptions, "bias">;
export type TransposedCase = Omit<ConvTransposeNdOptions, "bias">;
type Sides = [before: number, after: number][];

/** One number per axis. */
function list(rank: number, value: number | readonly number[] = 1): number[] {
  return typeof value === "number" ? new Array<number>(rank).fill(value) : [...value];
}

/** The border before and after each axis. */
export function sides(kernel: Shape, { padding = 0, dilation }: ConvCase): Sides {
  if (padding === "valid") padding = 0;
  if (padding === "same") {
    return kernel.map((size, i) => {
      const total = list(kernel.length, dilation)[i]! * (size - 1);
      return [total >> 1, total - (total >> 1)];
    });
  }
  const each = typeof padding === "number" ? kernel.map(() => padding) : padding;
  return each.map((side) => (typeof side === "number" ? [side, side] : [...side]));
}

/** Windows along each axis, counted one by one: each must end inside the padded input. */
export function convExtent(input: Shape, kernel: Shape, options: ConvCase): number[] {
  const stride = list(input.length, options.stride), dilation = list(input.length, options.dilation);
  return sides(kernel, options).map(([before, after], i) => {
    let count = 0;
    while (count * stride[i]! + dilation[i]! * (kernel[i]! - 1) < before + input[i]! + after) count++;
    return count;
  });
}

/** Every index of a shape, in row-major order. */
function indices(shape: Shape): number[][] {
  return shape.reduce<number[][]>((all, length) => all.flatMap((one) => Array.from({ length }, (_, i) => [...one, i])), [[]]);
}

/** Where along an axis of `length` the value at `position`, perhaps outside, is found; -1 where nothing is. */
function source(position: number, length: number, mode: string): number {
  if (position >= 0 && position < length) return position;
  if (mode === "reflect") return position < 0 ? -position : 2 * (length - 1) - position;
  if (mode === "replicate") return position < 0 ? 0 : length - 1;
  if (mode === "circular") return ((position % length) + length) % length;
  return -1;
}

/** For each window and each of its taps, where in its plane of x the tap finds its value: a flat position, -1 for none. */
function findings(input: Shape, kernel: Shape, options: ConvCase): number[][] {
  const stride = list(input.length, options.stride), dilation = list(input.length, options.dilation);
  const border = sides(kernel, options), taps = indices(kernel);
  return indices(convExtent(input, kernel, options)).map((position) => taps.map((tap) => {
    const found = tap.map((k, i) => {
      return source(position[i]! * stride[i]! + k * dilation[i]! - border[i]![0], input[i]!, options.paddingMode ?? "zeros");
    });
    return found.includes(-1) ? -1 : found.reduce((sum, at, i) => sum * input[i]! + at, 0);
  }));
}

/** What stands where there is nothing to be found. */
function outside(plane: Float64Array, { paddingMode = "zeros", paddingValue = 0 }: ConvCase): number {
  if (paddingMode === "mean") return plane.reduce((a, b) => a + b, 0) / plane.length;
  return paddingMode === "constant" ? paddingValue : 0;
}

/** y[n, o, i] = bias[o] + sum over c, k of w[o, c, k] x[n, c, i * stride + k * dilation - padding]. */
export function convReference([x, w, bias]: NdArray[], options: ConvCase): NdArray {
  const [n, c, ...input] = x!.shape as [number, number, ...number[]];
  const [o, perGroup, ...kernel] = w!.shape as [number, number, ...number[]];
  const windows = findings(input, kernel, options);
  const taps = kernel.reduce((a, b) => a * b, 1), size = input.reduce((a, b) => a * b, 1), outputsPerGroup = o / (options.groups ?? 1);
  const y = ndarray([n, o, ...convExtent(input, kernel, options)]);
  for (let image = 0; image < n; image++) {
    for (let out = 0; out < o; out++) {
      const values = y.data.subarray((image * o + out) * windows.length, (image * o + out + 1) * windows.length);
      if (bias) values.fill(bias.data[out]!);
      for (let inGroup = 0; inGroup < perGroup; inGroup++) {
        const channel = image * c + Math.floor(out / outputsPerGroup) * perGroup + inGroup;
        const plane = x!.data.subarray(channel * size, (channel + 1) * size), nothing = outside(plane, options);
        const filter = (out * perGroup + inGroup) * taps;
        windows.forEach((window, q) => {
          let sum = 0;
          for (let t = 0; t < taps; t++) sum += w!.data[filter + t]! * (window[t]! < 0 ? nothing : plane[window[t]!]!);
          values[q]! += sum;
        });
      }
    }
  }
  return y;
}

/** Extent of a transposed convolution's output; some may be below 1 where nothing is left. */
export function transposedExtent(input: Shape, kernel: Shape, options: TransposedCase): number[] {
  const rank = input.length;
  const stride = list(rank, options.stride), dilation = list(rank, options.dilation), added = list(rank, options.outputPadding ?? 0);
  return sides(kernel, options).map(([before, after], i) => {
    return (input[i]! - 1) * stride[i]! + dilation[i]! * (kernel[i]! - 1) + 1 + added[i]! - before - after;
  });
}

/** y[n, o, i * stride + k * dilation - padding] += w[c, o, k] x[n, c, i], from bias[o]. */
export function transposedReference([x, w, bias]: NdArray[], options: TransposedCase): NdArray {
  const [n, c, ...input] = x!.shape as [number, number, ...number[]];
  const [, perGroup, ...kernel] = w!.shape as [number, number, ...number[]];
  const groups = options.groups ?? 1, o = perGroup * groups;
  const stride = list(input.length, options.stride), dilation = list(input.length, options.dilation);
  const before = sides(kernel, options).map(([first]) => first);
  const extent = transposedExtent(input, kernel, options);
  const size = extent.reduce((a, b) => a * b, 1);
  const y = ndarray([n, o, ...extent]);
  y.data.forEach((_, i) => (y.data[i] = bias ? bias.data[Math.floor(i / size) % o]! : 0));
  const taps = indices(kernel);
  const targets = indices(input).map((position) => taps.map((tap) => {
    const to = tap.map((k, i) => position[i]! * stride[i]! + k * dilation[i]! - before[i]!);
    return to.some((at, i) => at < 0 || at >= extent[i]!) ? -1 : to.reduce((sum, at, i) => sum * extent[i]! + at, 0);
  }));
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      targets.forEach((target, q) => {
        const value = x!.data[(image * c + channel) * targets.length + q]!;
        for (let inGroup = 0; inGroup < perGroup; inGroup++) {
          const plane = (image * o + Math.floor(channel / (c / groups)) * perGroup + inGroup) * size;
          target.forEach((to, t) => {
            if (to >= 0) y.data[plane + to]! += value * w!.data[(channel * perGroup + inGroup) * taps.length + t]!;
          });
        }
      });
    }
  }
  return y;
}

/** y[n, (c, k), i] = x[n, c, i * stride + k * dilation - padding]. */
export function columnsReference(x: NdArray, kernel: Shape, options: ConvCase): NdArray {
  const [n, c, ...input] = x.shape as [number, number, ...number[]];
  const windows = findings(input, kernel, options);
  const taps = kernel.reduce((a, b) => a * b, 1), size = input.reduce((a, b) => a * b, 1);
  const data: number[] = [];
  for (let channel = 0; channel < n * c; channel++) {
    const plane = x.data.subarray(channel * size, (channel + 1) * size);
    for (let t = 0; t < taps; t++) for (const window of windows) data.push(window[t]! < 0 ? 0 : plane[window[t]!]!);
  }
  return ndarray([n, c * taps, windows.length], data);
}

/** Longest sum behind an element of a convolution's output or of a gradient. */
export function convTerms([x, w]: Shape[], options: ConvCase): number {
  const volume = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
  const positions = x![0]! * volume(convExtent(x!.slice(2), w!.slice(2), options));
  return Math.max(volume(w!.slice(1)), (w![0]! / (options.groups ?? 1)) * volume(w!.slice(2)), positions, volume(x!.slice(2)));
}

/** The same for a transposed convolution. */
export function transposedTerms([x, w]: Shape[], options: TransposedCase): number {
  const volume = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
  const y = x![0]! * volume(transposedExtent(x!.slice(2), w!.slice(2), options));
  return Math.max(volume(w!.slice(1)), (w![0]! / (options.groups ?? 1)) * volume(w!.slice(2)), y);
}
