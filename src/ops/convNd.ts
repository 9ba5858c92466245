// What the convolutions over one, two and three axes share: options and checks.

import { scope } from "../scope.ts";
import { checkShape, format, sameShape, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { type ConvOptions, convWindow, type TransposedOptions, transposedWindow } from "../window.ts";
import { conv, convFilterAdjoint, convInputAdjoint } from "./convolution.ts";
import { flipFilters } from "./flipFilters.ts";

/** Options of `conv1d`, `conv2d` and `conv3d`. */
export interface ConvNdOptions extends ConvOptions {
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
  const win = convWindow(op, rank, x.shape, w.shape, options);
  const { bias } = options;
  checkBias(op, bias, win.o, w.shape);
  // The scope frees what is only made for the kernels: arguments in another order of storage.
  return scope(() => conv(x, flipped ? flipFilters(w) : w, bias, win));
}

/** Checks and computes a transposed convolution with `rank` spatial axes. */
export function convTransposeNd(op: string, rank: number, x: Tensor, w: Tensor, options: ConvTransposeNdOptions): Tensor {
  checkTensor(op, "x", x);
  checkTensor(op, "w", w);
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
  const win = convWindow(op, rank, inputShape, w.shape, options);
  checkOutput(op, dy, win.outputShape);
  return scope(() => convInputAdjoint(dy, w, undefined, win));
}

/** Checks and computes the adjoint of a convolution in its filters. */
export function convNdFilterAdjoint(op: string, rank: number, x: Tensor, dy: Tensor, filterShape: Shape, options: ConvOptions): Tensor {
  checkTensor(op, "x", x);
  checkTensor(op, "dy", dy);
  checkShape(op, filterShape);
  const win = convWindow(op, rank, x.shape, filterShape, options);
  checkOutput(op, dy, win.outputShape);
  return scope(() => convFilterAdjoint(x, dy, win));
}

function checkBias(op: string, bias: Tensor | undefined, o: number, w: Shape): void {
  if (bias === undefined) return;
  checkTensor(op, "bias", bias);
  if (!sameShape(bias.shape, [o])) throw new ShapeError(`${op}: bias must have shape [${o}], it has ${format(bias.shape)} (w ${format(w)})`);
}

function checkOutput(op: string, dy: Tensor, expected: Shape): void {
  if (!sameShape(dy.shape, expected)) {
    throw new ShapeError(`${op}: dy must have the output's shape ${format(expected)}, it has ${format(dy.shape)}`);
  }
}
