import { checkTensor, type Tensor } from "../tensor.ts";
import { format, sameShape, type Shape, ShapeError } from "../shape.ts";
import { type ConvOptions, convWindow } from "../window.ts";
import { convolve, convolveFilterAdjoint, convolveInputAdjoint } from "./convolution.ts";

/** Options of `conv2d`. */
export interface Conv2dOptions extends ConvOptions {
  /** One number per output channel, [O], added to it. */
  bias?: Tensor;
}

/**
 * Two-dimensional convolution, in the sense of the field (cross-correlation, as in PyTorch):
 *
 *   y[n, o, i, j] = bias[o] + sum over c, k, l of w[o, c, k, l] x[n, c, i * stride + k * dilation - padding, j * ...]
 *
 * with zeros outside x; output height = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1.
 *
 * @param x input [N, C, H, W]
 * @param w filters [O, C/groups, KH, KW]
 * @param options bias, stride, padding, dilation (a number or [vertical, horizontal]) and groups
 * @returns [N, O, OH, OW]
 * @throws ShapeError if channels, groups or kernel do not fit; RangeError if a number is out of its range
 * @example
 * const y = conv2d(x, w, { stride: 2, padding: 1 });
 */
export function conv2d(x: Tensor, w: Tensor, options: Conv2dOptions = {}): Tensor {
  checkTensor("conv2d", "x", x);
  checkTensor("conv2d", "w", w);
  const win = convWindow("conv2d", 2, x.shape, w.shape, options);
  const { bias } = options;
  if (bias) {
    checkTensor("conv2d", "bias", bias);
    if (!sameShape(bias.shape, [win.o])) {
      throw new ShapeError(`conv2d: bias must have shape [${win.o}], it has ${format(bias.shape)} (w ${format(w.shape)})`);
    }
  }
  return convolve(x, w, bias, win);
}

/**
 * The adjoint of `conv2d` in its input: dx = W^' dy, with W^ the matrix for which y = W^ x. At stride 1 this is the
 * convolution of dy with the flipped filter; it is also the forward pass of a transposed convolution.
 *
 * @param dy gradient of the output, [N, O, OH, OW]
 * @param w filters [O, C/groups, KH, KW]
 * @param inputShape shape of x, [N, C, H, W]; several sizes can give the same output size
 * @param options those of the forward call
 * @throws as `conv2d`, and ShapeError if dy has not the output's shape
 * @example
 * const dx = conv2dInputAdjoint(dy, w, x.shape, { padding: 1 });
 */
export function conv2dInputAdjoint(dy: Tensor, w: Tensor, inputShape: Shape, options: ConvOptions = {}): Tensor {
  checkTensor("conv2dInputAdjoint", "dy", dy);
  checkTensor("conv2dInputAdjoint", "w", w);
  const win = convWindow("conv2dInputAdjoint", 2, inputShape, w.shape, options);
  checkOutput("conv2dInputAdjoint", dy, win.outputShape);
  return convolveInputAdjoint(dy, w, win);
}

/**
 * The adjoint of `conv2d` in its filters: dw = X^' dy, with X^ = im2col(x), for which y = X^ w.
 *
 * @param x input of the forward call, [N, C, H, W]
 * @param dy gradient of the output, [N, O, OH, OW]
 * @param filterShape shape of w, [O, C/groups, KH, KW]
 * @param options those of the forward call
 * @throws as `conv2d`, and ShapeError if dy has not the output's shape
 * @example
 * const dw = conv2dFilterAdjoint(x, dy, w.shape, { padding: 1 });
 */
export function conv2dFilterAdjoint(x: Tensor, dy: Tensor, filterShape: Shape, options: ConvOptions = {}): Tensor {
  checkTensor("conv2dFilterAdjoint", "x", x);
  checkTensor("conv2dFilterAdjoint", "dy", dy);
  const win = convWindow("conv2dFilterAdjoint", 2, x.shape, filterShape, options);
  checkOutput("conv2dFilterAdjoint", dy, win.outputShape);
  return convolveFilterAdjoint(x, dy, win);
}

function checkOutput(op: string, dy: Tensor, expected: Shape): void {
  if (!sameShape(dy.shape, expected)) {
    throw new ShapeError(`${op}: dy must have the output's shape ${format(expected)}, it has ${format(dy.shape)}`);
  }
}
