// What the convolutions over one, two and three axes share: options, checks, and borders that are not of zeros.

import { scope } from "../scope.ts";
import { checkOptions, checkShape, describe, format, sameShape, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { type ConvOptions, convWindow, type TransposedOptions, transposedWindow } from "../window.ts";
import { borderOf, type BorderOptions, inBorder, withBorder } from "./border.ts";
import { conv, convFilterAdjoint, convInputAdjoint } from "./convolution.ts";
import { flipFilters } from "./flipFilters.ts";

/** Options of `conv1d`, `conv2d` and `conv3d`. */
export interface ConvNdOptions extends ConvOptions, BorderOptions {
  /** One number per output channel, [O], added to it. */
  bias?: Tensor;
}

/** Options of `convTranspose1d`, `convTranspose2d` and `convTranspose3d`. */
export interface ConvTransposeNdOptions extends TransposedOptions {
  /** One number per output channel, [O], added to it. */
  bias?: Tensor;
}

/** Checks and computes a convolution with `rank` spatial axes; with `flipped`, the one whose filters are turned by 180 degrees. */
export function convNd(op: string, rank: number, x: Tensor, w: Tensor, options: ConvNdOptions, flipped: boolean = false): Tensor {
  checkTensor(op, "x", x);
  checkTensor(op, "w", w);
  checkOptions(op, options);
  const win = convWindow(op, rank, x.shape, w.shape, options);
  const { bias } = options;
  checkBias(op, bias, win.o, w.shape);
  const border = borderOf(op, x.shape, w.shape.slice(2), options);
  // The scope frees what is only made for the kernels: a padded x, or arguments in another order of storage.
  return scope(() => {
    const filters = flipped ? flipFilters(w) : w;
    return border ? conv(withBorder(x, border), filters, bias, inBorder(win, border)) : conv(x, filters, bias, win);
  });
}

/** Checks and computes a transposed convolution with `rank` spatial axes. */
export function convTransposeNd(op: string, rank: number, x: Tensor, w: Tensor, options: ConvTransposeNdOptions): Tensor {
  checkTensor(op, "x", x);
  checkTensor(op, "w", w);
  checkOptions(op, options);
  const win = transposedWindow(op, rank, x.shape, w.shape, options);
  const { bias } = options;
  checkBias(op, bias, win.c, w.shape);
  return scope(() => convInputAdjoint(x, w, bias, win));
}

/** Checks and computes the adjoint of a convolution in its input. */
export function convNdInputAdjoint(op: string, rank: number, dy: Tensor, w: Tensor, inputShape: Shape, options: ConvOptions): Tensor {
  checkTensor(op, "dy", dy);
  checkTensor(op, "w", w);
  checkShape(op, inputShape);
  checkOptions(op, options);
  const win = convWindow(op, rank, inputShape, w.shape, options);
  checkZeros(op, options);
  checkOutput(op, dy, win.outputShape);
  return scope(() => convInputAdjoint(dy, w, undefined, win));
}

/** Checks and computes the adjoint of a convolution in its filters. */
export function convNdFilterAdjoint(op: string, rank: number, x: Tensor, dy: Tensor, filterShape: Shape, options: ConvOptions): Tensor {
  checkTensor(op, "x", x);
  checkTensor(op, "dy", dy);
  checkShape(op, filterShape);
  checkOptions(op, options);
  const win = convWindow(op, rank, x.shape, filterShape, options);
  checkZeros(op, options);
  checkOutput(op, dy, win.outputShape);
  return scope(() => convFilterAdjoint(x, dy, win));
}

function checkBias(op: string, bias: Tensor | undefined, o: number, w: Shape): void {
  if (bias === undefined) return;
  checkTensor(op, "bias", bias);
  if (!sameShape(bias.shape, [o])) throw new ShapeError(`${op}: bias must have shape [${o}], it has ${format(bias.shape)} (w ${format(w)})`);
}

// Other borders belong to x: the adjoint of `pad` comes after that of the convolution.
function checkZeros(op: string, { paddingMode = "zeros" }: ConvOptions & BorderOptions): void {
  if (paddingMode !== "zeros") throw new RangeError(`${op}: paddingMode must be "zeros", got ${describe(paddingMode)}; pad x first`);
}

function checkOutput(op: string, dy: Tensor, expected: Shape): void {
  if (!sameShape(dy.shape, expected)) {
    throw new ShapeError(`${op}: dy must have the output's shape ${format(expected)}, it has ${format(dy.shape)}`);
  }
}
