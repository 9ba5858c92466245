// The geometry of one sliding window: options checked once, sizes computed once, frozen, and handed to the forward pass, to
// every adjoint and to the kernels. One- and two-dimensional windows are three-dimensional ones of depth (and height) 1.

import { ints, structPtr, WINDOW_PTR } from "./runtime/memory.ts";
import { checkBoolean, checkInteger, checkOptions, checkShape, describe, format, type Shape, ShapeError } from "./shape.ts";

/** A number for every spatial axis, or one number each, outermost first: [vertical, horizontal]. */
export type Sizes = number | readonly number[];

/** A border: the same on both sides of an axis, or a pair of numbers for each axis: [[top, bottom], [left, right]]. */
export type Padding = Sizes | readonly (readonly [before: number, after: number])[];

/** Depth, height, width. */
type Triple = readonly [number, number, number];

/** What lies before and after each spatial axis. */
export type Pairs = readonly (readonly [before: number, after: number])[];

/** Algorithms of a convolution that can be asked for. */
export type ConvAlgorithm = "gemm" | "winograd2" | "winograd4";
const algorithms: readonly ConvAlgorithm[] = ["gemm", "winograd2", "winograd4"];

/** The geometry of a convolution or pooling. Spatial triples are depth, height, width. */
export interface Window {
  readonly n: number;
  /** Input channels and extent. */
  readonly c: number;
  readonly input: Triple;
  /** Output channels and extent. */
  readonly o: number;
  readonly output: Triple;
  readonly kernel: Triple;
  readonly stride: Triple;
  /** In front, above, left. What lies behind, below and right follows from the output's extent. */
  readonly padding: Triple;
  readonly dilation: Triple;
  readonly groups: number;
  /** The algorithm that the user asks for. */
  readonly algorithm?: ConvAlgorithm | undefined;
  /** Logical shapes of the tensors around the window, of rank 2 + spatial axes. */
  readonly inputShape: Shape;
  readonly outputShape: Shape;
}

/** Options of a convolution; the defaults are PyTorch's. */
export interface ConvOptions {
  /** Steps of the window, default 1. */
  stride?: Sizes;
  /**
   * Width of the border around the input, default 0 ("valid"). "same" keeps the input's extent, at stride 1 only: dilation (K - 1)
   * in all along each axis, of which an odd one more goes to the end.
   */
  padding?: Padding | "same" | "valid";
  /** Distance between kernel taps, default 1. */
  dilation?: Sizes;
  /** Groups of channels that are convolved apart, default 1. */
  groups?: number;
  /**
   * How it is computed: "gemm" sums every element in one order; at stride 1 "winograd2" and "winograd4" make 2.25 and 4 times fewer
   * products of a 3x3 kernel, "winograd2" 2.78 times fewer of a 5x5 kernel, and round elsewhere. By default the fastest for the sizes.
   */
  algorithm?: ConvAlgorithm;
}

/** Options of a transposed convolution; the defaults are PyTorch's. */
export interface TransposedOptions {
  /** Distance between the windows that the input's elements are spread over, default 1. */
  stride?: Sizes;
  /** What is cut off around the output, default 0. */
  padding?: Padding;
  /** What is added behind the output, less than the stride or the dilation, default 0. */
  outputPadding?: Sizes;
  /** Distance between kernel taps, default 1. */
  dilation?: Sizes;
  /** Groups of channels that are convolved apart, default 1. */
  groups?: number;
}

/** Options of `im2col` and `col2im`; the defaults are PyTorch's. */
export interface ColumnOptions {
  /** Steps of the window, default 1. */
  stride?: Sizes;
  /** Zeros around the input, default 0. */
  padding?: Padding;
  /** Distance between kernel taps, default 1. */
  dilation?: Sizes;
}

/** Options of a pooling; the defaults are PyTorch's. */
export interface PoolOptions {
  /** Steps of the window; the kernel's size by default. */
  stride?: Sizes;
  /** Border around the input, at most half the kernel, default 0. */
  padding?: Sizes;
  /**
   * Lets the last window reach beyond the padded input, instead of leaving a rest of the input out; default false. A window
   * that would start behind the input is dropped nevertheless.
   */
  ceilMode?: boolean;
}

/** Geometry of a convolution of x [N, C, ...] with w [O, C/groups, ...]; `rank` counts spatial axes. */
export function convWindow(op: string, rank: number, x: Shape, w: Shape, options: ConvOptions): Window {
  const axes = axisNames[rank]!;
  checkRank(op, "x", x, `[N, C, ${axes.join(", ")}]`);
  checkRank(op, "w", w, `[O, C/groups, ${axes.map((axis) => `K${axis}`).join(", ")}]`);
  const { groups = 1 } = options;
  checkInteger(op, "groups", groups, 1);
  const [n, c] = x as [number, number];
  const [o, perGroup] = w as [number, number];
  const shapes = `(x ${format(x)}, w ${format(w)}, groups ${groups})`;
  if (c !== perGroup * groups) {
    const expected = groups === 1 ? `${perGroup}` : `${perGroup} x ${groups} groups = ${perGroup * groups}`;
    throw new ShapeError(`${op}: x has ${c} channels, w expects ${expected} ${shapes}`);
  }
  if (o % groups !== 0) throw new ShapeError(`${op}: w has ${o} output channels, not divisible by ${groups} groups ${shapes}`);
  const kernel = w.slice(2);
  checkKernel(op, kernel, shapes);
  const { stride, padding, dilation } = checkConvOptions(op, kernel, options);
  const { algorithm } = options;
  return Object.freeze({ ...window(op, n, c, x.slice(2), o, kernel, stride, padding, dilation, groups), algorithm });
}

/** Options of a convolution by axis, as far as they do not depend on x. */
export function checkConvOptions(op: string, kernel: Shape, options: ConvOptions): { stride: Shape; padding: Pairs; dilation: Shape } {
  const rank = kernel.length;
  const stride = spatialSizes(op, "stride", rank, options.stride ?? 1, 1);
  const dilation = spatialSizes(op, "dilation", rank, options.dilation ?? 1, 1);
  let { padding = 0 } = options;
  if (padding === "same") {
    if (stride.some((step) => step !== 1)) {
      throw new RangeError(`${op}: padding "same" needs stride 1, got ${rank === 1 ? stride[0] : format(stride)}`);
    }
    padding = kernel.map((size, i) => {
      const total = dilation[i]! * (size - 1);
      return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
    });
  }
  const pairs = spatialPadding(op, rank, padding === "valid" ? 0 : padding, `, "same" or "valid"`);
  checkAlgorithm(op, kernel, stride, pairs, options.algorithm);
  return { stride, padding: pairs, dilation };
}

function checkAlgorithm(op: string, kernel: Shape, stride: Shape, padding: Pairs, algorithm: ConvAlgorithm | undefined): void {
  if (algorithm === undefined || algorithm === "gemm") return;
  if (!algorithms.includes(algorithm)) {
    throw new TypeError(`${op}: algorithm must be one of ${algorithms.join(", ")}, got ${describe(algorithm)}`);
  }
  const keepsDepth = kernel.length < 3 || (padding[0]![0] | padding[0]![1]) === 0;
  if (!winogradSides(extend(kernel, 1), stride).some((side) => algorithm === `winograd${side}`) || !keepsDepth) {
    throw new RangeError(
      `${op}: algorithm "${algorithm}" needs a kernel of 3x3${algorithm === "winograd2" ? " or 5x5" : ""}, stride 1 and no padding along a depth, ` +
        `got kernel ${kernel.join("x")}, stride ${format(stride)}, padding ${format(padding.flat())}`,
    );
  }
}

/** Sides of the output tiles by which Winograd's algorithms compute such convolutions. */
export function winogradSides([depth, height, width]: Triple, stride: Shape): readonly (2 | 4)[] {
  if (depth !== 1 || height !== width || stride.some((step) => step !== 1)) return [];
  return height === 3 ? [4, 2] : height === 5 ? [2] : [];
}

/**
 * Geometry of a transposed convolution of x [N, I, ...] with w [I, O/groups, ...]: the window of the convolution whose input
 * adjoint it is. That convolution's input is y, [N, O, ...], its output is x.
 */
export function transposedWindow(op: string, rank: number, x: Shape, w: Shape, options: TransposedOptions): Window {
  const axes = axisNames[rank]!, names = extentNames[rank]!;
  checkRank(op, "x", x, `[N, I, ${axes.join(", ")}]`);
  checkRank(op, "w", w, `[I, O/groups, ${axes.map((axis) => `K${axis}`).join(", ")}]`);
  const { groups = 1 } = options;
  checkInteger(op, "groups", groups, 1);
  const [n, i] = x as [number, number];
  const shapes = `(x ${format(x)}, w ${format(w)}, groups ${groups})`;
  if (w[0] !== i) throw new ShapeError(`${op}: x has ${i} channels, w expects ${w[0]} ${shapes}`);
  if (i % groups !== 0) throw new ShapeError(`${op}: x has ${i} channels, not divisible by ${groups} groups ${shapes}`);
  const kernel = w.slice(2);
  checkKernel(op, kernel, shapes);
  const { stride, padding, outputPadding, dilation } = checkTransposedOptions(op, rank, options);
  const output = x.slice(2).map((length, axis) => {
    if (length === 0) throw new ShapeError(`${op}: x has an empty axis ${axes[axis]} ${shapes}`);
    const [before, after] = padding[axis]!;
    const extent = (length - 1) * stride[axis]! + dilation[axis]! * (kernel[axis]! - 1) + 1 + outputPadding[axis]!;
    if (extent - before - after < 1) {
      throw new ShapeError(
        `${op}: padding ${before} + ${after} leaves nothing of the ${names[axis]} ${extent} ` +
          `(x ${format(x)}, kernel ${kernel[axis]}, stride ${stride[axis]}, dilation ${dilation[axis]}, outputPadding ${outputPadding[axis]})`,
      );
    }
    return extent - before - after;
  });
  return freeze(op, n, w[1]! * groups, output, i, x.slice(2), kernel, stride, padding, dilation, groups);
}

/** Options of a transposed convolution by axis, as far as they do not depend on x. */
export function checkTransposedOptions(
  op: string, rank: number, options: TransposedOptions,
): { stride: Shape; padding: Pairs; outputPadding: Shape; dilation: Shape } {
  const stride = spatialSizes(op, "stride", rank, options.stride ?? 1, 1);
  const dilation = spatialSizes(op, "dilation", rank, options.dilation ?? 1, 1);
  const padding = spatialPadding(op, rank, options.padding ?? 0);
  const outputPadding = spatialSizes(op, "outputPadding", rank, options.outputPadding ?? 0, 0);
  outputPadding.forEach((added, i) => {
    if (added >= Math.max(stride[i]!, dilation[i]!)) {
      throw new RangeError(`${op}: outputPadding must be less than stride or dilation, got ${added} (stride ${stride[i]}, dilation ${dilation[i]})`);
    }
  });
  return { stride, padding, outputPadding, dilation };
}

/** Geometry of the column matrix of x [N, C, ...]: that of a convolution without filters. */
export function columnWindow(op: string, x: Shape, kernelSize: Sizes, options: ColumnOptions): Window {
  checkOptions(op, options);
  const rank = x.length - 2;
  const kernel = spatialSizes(op, "kernelSize", rank, kernelSize, 1);
  const stride = spatialSizes(op, "stride", rank, options.stride ?? 1, 1);
  const dilation = spatialSizes(op, "dilation", rank, options.dilation ?? 1, 1);
  const padding = spatialPadding(op, rank, options.padding ?? 0);
  return window(op, x[0]!, x[1]!, x.slice(2), x[1]!, kernel, stride, padding, dilation, 1);
}

/**
 * Geometry of a pooling of x [N, C, ...]; `rank` counts spatial axes. Every window has a tap inside the input: empty inputs
 * are refused, and so is a dilation that steps over the whole input from one border into the other.
 */
export function poolWindow(op: string, rank: number, x: Shape, kernelSize: Sizes, options: PoolOptions, dilation: Sizes = 1): Window {
  checkOptions(op, options);
  const axes = axisNames[rank]!;
  checkRank(op, "x", x, `[N, C, ${axes.join(", ")}]`);
  const kernel = spatialSizes(op, "kernelSize", rank, kernelSize, 1);
  const stride = spatialSizes(op, "stride", rank, options.stride ?? kernel, 1);
  const padding = spatialSizes(op, "padding", rank, options.padding ?? 0, 0);
  const steps = spatialSizes(op, "dilation", rank, dilation, 1);
  const { ceilMode = false } = options;
  checkBoolean(op, "ceilMode", ceilMode);
  padding.forEach((size, i) => {
    if (size > kernel[i]! / 2) {
      throw new RangeError(`${op}: padding must be at most half the kernel, got ${size} for kernel ${kernel[i]} (x ${format(x)})`);
    }
  });
  const [n, c] = x as [number, number];
  const input = x.slice(2);
  input.forEach((length, i) => {
    if (length === 0) throw new ShapeError(`${op}: x has an empty axis ${axes[i]} (x ${format(x)})`);
  });
  const win = window(op, n, c, input, c, kernel, stride, padding.map((size) => [size, size]), steps, 1, ceilMode);
  input.forEach((length, i) => {
    if (skips(length, win.outputShape[2 + i]!, steps[i]!, stride[i]!, padding[i]!)) {
      throw new ShapeError(
        `${op}: dilation ${steps[i]} leaves a window without a tap inside ${axes[i]} = ${length} ` +
          `(kernel ${kernel[i]}, stride ${stride[i]}, padding ${padding[i]}, x ${format(x)})`,
      );
    }
  });
  return win;
}

// True if a window that starts in the padding in front has its next tap behind the input. Only a dilation beyond the input's
// length can do that; PyTorch 1.13 returns indices outside the input then.
function skips(length: number, windows: number, dilation: number, stride: number, padding: number): boolean {
  if (dilation <= length) return false;
  for (let start = -padding; start < 0 && windows > 0; start += stride, windows--) {
    if (start + Math.ceil(-start / dilation) * dilation >= length) return true;
  }
  return false;
}

/** The window through which the input adjoint of a unit-stride convolution sees dy: the flipped filter's, channels exchanged. */
export function adjointWindow(win: Window): Window {
  return Object.freeze({
    ...win,
    c: win.o,
    input: win.output,
    o: win.c,
    output: win.input,
    padding: triple((axis) => win.dilation[axis]! * (win.kernel[axis]! - 1) - win.padding[axis]!),
    inputShape: win.outputShape,
    outputShape: win.inputShape,
  });
}

/** The same windows over an input that has its border already. */
export function windowOver(win: Window, inputShape: Shape): Window {
  return Object.freeze({ ...win, input: extend(inputShape.slice(2), 1), padding: triple(() => 0), inputShape: Object.freeze(inputShape) });
}

/** Writes the geometry where the next kernel call reads it (`assembly/window.ts`, same order) and returns the address. */
export function windowPtr(win: Window): number {
  const ptr = structPtr(WINDOW_PTR, 128);
  ints(ptr, 22).set([
    win.n, win.c, ...win.input, win.o, ...win.output, ...win.kernel, ...win.stride, ...win.padding, ...win.dilation, win.groups,
  ]);
  return ptr;
}

function window(
  op: string, n: number, c: number, input: Shape, o: number, kernel: Shape, stride: Shape, padding: Pairs, dilation: Shape, groups: number,
  ceilMode: boolean = false,
): Window {
  const names = extentNames[input.length]!;
  const output = input.map((length, i) => {
    const [before, after] = padding[i]!;
    const extent = dilation[i]! * (kernel[i]! - 1) + 1;
    const padded = length + before + after;
    // In ceil mode the last window may hang over by less than a stride.
    const slack = padded - extent + (ceilMode ? stride[i]! - 1 : 0);
    if (slack < 0) {
      throw new ShapeError(
        `${op}: kernel spans ${extent}, more than the padded ${names[i]} ${padded} ` +
          `(kernel ${kernel[i]}, dilation ${dilation[i]}, ${names[i]} ${length}, padding ${before === after ? before : `${before} + ${after}`})`,
      );
    }
    const last = Math.floor(slack / stride[i]!);
    return ceilMode && last * stride[i]! >= length + before ? last : last + 1;
  });
  return freeze(op, n, c, input, o, output, kernel, stride, padding, dilation, groups);
}

function freeze(
  op: string, n: number, c: number, input: Shape, o: number, output: Shape, kernel: Shape, stride: Shape, padding: Pairs, dilation: Shape,
  groups: number,
): Window {
  const inputShape = Object.freeze([n, c, ...input]), outputShape = Object.freeze([n, o, ...output]);
  // A transposed convolution's result is the window's input.
  checkShape(op, inputShape);
  checkShape(op, outputShape);
  return Object.freeze({
    n, c, o, groups, inputShape, outputShape,
    input: extend(input, 1),
    output: extend(output, 1),
    kernel: extend(kernel, 1),
    stride: extend(stride, 1),
    padding: extend(padding.map(([before]) => before), 0),
    dilation: extend(dilation, 1),
  });
}

/** One number per spatial axis from an option, checked against a smallest value. */
export function spatialSizes(op: string, name: string, rank: number, value: Sizes, least: number): Shape {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  if (!Array.isArray(list)) throw new TypeError(`${op}: ${name} must be a number or a list of ${rank}, got ${describe(value)}`);
  if (list.length !== rank) throw new ShapeError(`${op}: ${name} must have ${rank} numbers, got ${list.length} (${format(list)})`);
  for (const size of list) {
    checkInteger(op, name, size, least);
    if (size > MAX_SIZE) throw new RangeError(`${op}: ${name} must be at most ${MAX_SIZE}, got ${size}`);
  }
  return list;
}

/** The border before and after each spatial axis, from an option; `or` names what else the operation accepts. */
function spatialPadding(op: string, rank: number, value: Padding, or: string = ""): Pairs {
  if (!Array.isArray(value) || !value.some(Array.isArray)) {
    if (typeof value !== "number" && !Array.isArray(value)) {
      throw new TypeError(`${op}: padding must be a number, a list of ${rank} numbers or pairs${or}, got ${describe(value)}`);
    }
    return spatialSizes(op, "padding", rank, value as Sizes, 0).map((size) => [size, size]);
  }
  if (value.length !== rank) throw new ShapeError(`${op}: padding must have ${rank} pairs, got ${value.length}`);
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair)) throw new TypeError(`${op}: padding must be all numbers or all pairs, got ${describe(pair)} beside a pair`);
    if (pair.length !== 2) throw new ShapeError(`${op}: padding must have pairs [before, after], got ${format(pair)}`);
    return spatialSizes(op, "padding", 2, pair, 0) as unknown as [number, number];
  });
}

function checkKernel(op: string, kernel: Shape, shapes: string): void {
  kernel.forEach((size, i) => {
    if (size < 1) throw new ShapeError(`${op}: w has an empty kernel axis K${axisNames[kernel.length]![i]} ${shapes}`);
  });
}

// Kernels compute with 32-bit integers: sums of a few such sizes and an extent must not overflow.
const MAX_SIZE = 2 ** 28;

// Spatial axes as PyTorch calls them.
const axisNames = [[], ["L"], ["H", "W"], ["D", "H", "W"]] as const;
/** What the spatial axes measure, by their number. */
export const extentNames: readonly (readonly string[])[] = [[], ["length"], ["height", "width"], ["depth", "height", "width"]];

function checkRank(op: string, name: string, shape: Shape, form: string): void {
  const rank = form.split(",").length;
  if (shape.length !== rank) {
    throw new ShapeError(`${op}: ${name} must have ${rank} axes ${form}, it has ${shape.length} (${name} ${format(shape)})`);
  }
}

function extend(values: Shape, filler: number): Triple {
  return triple((axis) => values[axis - 3 + values.length] ?? filler);
}

function triple(value: (axis: number) => number): Triple {
  return [value(0), value(1), value(2)];
}
