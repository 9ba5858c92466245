import type { AvgPoolOptions, MaxPoolOptions, Sizes } from "../../src/index.ts";
import { type NdArray, ndarray, product } from "../array.ts";
import type { Case } from "./spec.ts";

// The definition of both poolings for any number of spatial axes, window by window and tap by tap.

export type MaxCase = MaxPoolOptions & { kernelSize: Sizes };
export type AvgCase = AvgPoolOptions & { kernelSize: Sizes };

interface Geometry {
  kernel: number[];
  stride: number[];
  padding: number[];
  dilation: number[];
  ceilMode: boolean;
}

function geometry(rank: number, { kernelSize, stride = kernelSize, padding = 0, dilation = 1, ceilMode = false }: MaxCase): Geometry {
  const list = (value: Sizes): number[] => (typeof value === "number" ? new Array<number>(rank).fill(value) : [...value]);
  return { kernel: list(kernelSize), stride: list(stride), padding: list(padding), dilation: list(dilation), ceilMode };
}

/**
 * Windows along one axis, counted one by one: a window must end inside the padded input; in ceil mode it must start inside the
 * input or the padding in front, and the window before it must leave something of the padded input uncovered.
 */
function windows(length: number, kernel: number, stride: number, padding: number, dilation: number, ceilMode: boolean): number {
  const extent = dilation * (kernel - 1) + 1;
  for (let count = 0; ; count++) {
    const start = count * stride - padding;
    const fits = ceilMode ? start < length && start - stride + extent < length + padding : start + extent <= length + padding;
    if (!fits) return count;
  }
}

/** Extent of the output, by axis; some are 0 where the kernel does not fit. */
export function pooledExtent(input: readonly number[], options: MaxCase): number[] {
  const { kernel, stride, padding, dilation, ceilMode } = geometry(input.length, options);
  return input.map((length, i) => windows(length, kernel[i]!, stride[i]!, padding[i]!, dilation[i]!, ceilMode));
}

/** Calls `visit` for every output element with its number and its taps: positions along each axis, inside the input or not. */
function forEachWindow(x: NdArray, options: MaxCase, visit: (element: number, plane: Float64Array, taps: number[][]) => void): NdArray {
  const [n, c, ...input] = x.shape as [number, number, ...number[]];
  const { kernel, stride, padding, dilation } = geometry(input.length, options);
  const extent = pooledExtent(input, options);
  const y = ndarray([n, c, ...extent]);
  const size = input.reduce((a, b) => a * b);
  const positions = indices(extent), offsets = indices(kernel);
  for (let map = 0; map < n * c; map++) {
    const plane = x.data.subarray(map * size, (map + 1) * size);
    positions.forEach((position, q) => {
      const taps = offsets.map((tap) => tap.map((k, i) => position[i]! * stride[i]! + k * dilation[i]! - padding[i]!));
      visit(map * positions.length + q, plane, taps);
    });
  }
  return y;
}

function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>((all, length) => all.flatMap((one) => Array.from({ length }, (_, i) => [...one, i])), [[]]);
}

/** Values and flat positions of the maxima; index -1 where a window has no tap inside the input. */
export function maxPoolReference(x: NdArray, options: MaxCase): { values: NdArray; indices: NdArray } {
  const input = x.shape.slice(2);
  const maxima: number[] = [], winners: number[] = [];
  const values = forEachWindow(x, options, (element, plane, taps) => {
    let max = -Infinity, winner = -1;
    for (const tap of taps) {
      if (tap.some((position, i) => position < 0 || position >= input[i]!)) continue;
      const at = tap.reduce((sum, position, i) => sum * input[i]! + position, 0);
      const value = plane[at]!;
      if (winner < 0 || value > max || Number.isNaN(value)) {
        max = value;
        winner = at;
      }
    }
    maxima[element] = max;
    winners[element] = winner;
  });
  return { values: ndarray(values.shape, maxima), indices: ndarray(values.shape, winners) };
}

/** The means. */
export function avgPoolReference(x: NdArray, options: AvgCase): NdArray {
  const input = x.shape.slice(2);
  const { padding } = geometry(input.length, options);
  const means: number[] = [];
  const y = forEachWindow(x, options, (element, plane, taps) => {
    let sum = 0, inside = 0, padded = 0;
    for (const tap of taps) {
      if (tap.every((position, i) => position < input[i]! + padding[i]!)) padded++;
      if (tap.some((position, i) => position < 0 || position >= input[i]!)) continue;
      inside++;
      sum += plane[tap.reduce((at, position, i) => at * input[i]! + position, 0)]!;
    }
    means[element] = sum / (options.divisorOverride ?? (options.countIncludePad === false ? inside : padded));
  });
  return ndarray(y.shape, means);
}

// Around the four and sixteen channels that kernels take at a time.
const channels = [1, 3, 4, 5, 8, 9, 16, 17, 21];

/** All combinations of the lists that an operation accepts, with changing numbers of channels. A list's `undefined` is the default. */
export function poolCases<O extends MaxCase>(input: readonly number[], lists: { [K in keyof O]-?: readonly O[K][] }): Case<O>[] {
  const all = product(lists as Record<string, readonly unknown[]>).map((one) => {
    return Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)) as unknown as O;
  });
  return all.filter((options) => {
    const { kernel, padding } = geometry(input.length, options);
    return padding.every((size, i) => 2 * size <= kernel[i]!) && pooledExtent(input, options).every((length) => length > 0);
  }).map((options, i) => ({ shapes: [[1 + (i % 2), channels[i % channels.length]!, ...input]], options }));
}

/** Taps of a window: the longest sum behind an element of the output or the gradient. */
export function tapsOf(shapes: readonly (readonly number[])[], { kernelSize }: MaxCase): number {
  return typeof kernelSize === "number" ? kernelSize ** (shapes[0]!.length - 2) : kernelSize.reduce((a, b) => a * b, 1);
}

/** Comparisons or additions: one for every tap of every output element. */
export function flopsOf(shapes: readonly (readonly number[])[], options: MaxCase): number {
  const [n, c, ...input] = shapes[0] as [number, number, ...number[]];
  return n * c * pooledExtent(input, options).reduce((a, b) => a * b) * tapsOf(shapes, options);
}
