import { kernels } from "../runtime/kernels.ts";
import { withScratch } from "../runtime/memory.ts";
import { scope } from "../scope.ts";
import { checkShape, format, sameShape, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { type ColumnOptions, columnWindow, type Sizes, type Window, windowPtr } from "../window.ts";

/**
 * The column matrix of each image, X^ (PyTorch's `unfold`): one column per window, which holds what the kernel's taps see there.
 *
 *   y[n, (c, k, l), (i, j)] = x[n, c, i * stride + k * dilation - padding, j * ...], 0 outside x
 *
 * A convolution is a product with it: w [O, C KH KW] times y. Takes KH KW times the memory of x; `conv2d` makes the same matrix
 * tile by tile. For one, two or three spatial axes.
 *
 * @param x input [N, C, H, W] ([N, C, L], [N, C, D, H, W])
 * @param kernelSize a number or [vertical, horizontal]
 * @param options stride, padding, dilation
 * @returns [N, C KH KW, OH OW]
 * @throws ShapeError if the kernel does not fit x; RangeError if a number is out of its range; TypeError if something is of the
 *   wrong kind
 * @example
 * const columns = im2col(x, 3, { padding: 1 }); // [N, C * 9, H * W]
 */
export function im2col(x: Tensor, kernelSize: Sizes, options: ColumnOptions = {}): Tensor {
  checkTensor("im2col", "x", x);
  if (x.shape.length < 3 || x.shape.length > 5) {
    throw new ShapeError(`im2col: x must have 3, 4 or 5 axes [N, C, spatial axes], it has ${x.shape.length} (x ${format(x.shape)})`);
  }
  const win = columnWindow("im2col", x.shape, kernelSize, options);
  checkShape("im2col", columnsShape(win));
  return scope(() => unfold(x, win));
}

/**
 * The adjoint of `im2col` (PyTorch's `fold`): adds every column up where its window was.
 *
 *   y[n, c, i * stride + k * dilation - padding, j * ...] += x[n, (c, k, l), (i, j)], from 0; what falls outside y is dropped
 *
 * @param x columns [N, C KH KW, OH OW]
 * @param outputSize [H, W] of y ([L], [D, H, W])
 * @param kernelSize a number or [vertical, horizontal]
 * @param options stride, padding, dilation
 * @returns [N, C, H, W]
 * @throws ShapeError if x has not the columns' shape for this output; RangeError and TypeError as `im2col`
 * @example
 * const y = col2im(im2col(x, 2, { stride: 2 }), [H, W], 2, { stride: 2 }); // windows side by side: x again
 */
export function col2im(x: Tensor, outputSize: Shape, kernelSize: Sizes, options: ColumnOptions = {}): Tensor {
  checkTensor("col2im", "x", x);
  checkShape("col2im", outputSize);
  if (outputSize.length < 1 || outputSize.length > 3) {
    throw new ShapeError(`col2im: outputSize must have 1, 2 or 3 lengths, it has ${outputSize.length} (outputSize ${format(outputSize)})`);
  }
  if (x.shape.length !== 3) {
    throw new ShapeError(`col2im: x must have 3 axes [N, C * taps, windows], it has ${x.shape.length} (x ${format(x.shape)})`);
  }
  // One channel, to know the number of taps.
  const taps = sizeOf(columnWindow("col2im", [1, 1, ...outputSize], kernelSize, options).kernel);
  const win = columnWindow("col2im", [x.shape[0]!, Math.floor(x.shape[1]! / taps), ...outputSize], kernelSize, options);
  const expected = columnsShape(win);
  if (!sameShape(x.shape, expected)) {
    throw new ShapeError(
      `col2im: x must have a multiple of ${taps} taps and ${expected[2]} windows, it has ${x.shape[1]} and ${x.shape[2]} ` +
        `(x ${format(x.shape)}, outputSize ${format(outputSize)})`,
    );
  }
  return scope(() => fold(x, win));
}

function columnsShape(win: Window): number[] {
  return [win.n, win.c * sizeOf(win.kernel), sizeOf(win.output)];
}

// The kernels' matrix has a row per window, and channels innermost: channels-last, but for the order of taps and channels.
function unfold(x: Tensor, win: Window): Tensor {
  x = withLayout(x, "channelsLast");
  const taps = sizeOf(win.kernel), rows = win.n * sizeOf(win.output);
  const y = withScratch([rows * taps * win.c], (col) => {
    const columns = empty(columnsShape(win), "channelsLast");
    kernels().im2col(windowPtr(win), 0, 0, rows, x.ptr, col!);
    kernels().transpose(rows, taps, win.c, col!, columns.ptr);
    return columns;
  });
  return record(y, [x, (dy) => fold(dy, win)]);
}

function fold(x: Tensor, win: Window): Tensor {
  x = withLayout(x, "channelsLast");
  const taps = sizeOf(win.kernel), rows = win.n * sizeOf(win.output);
  const y = withScratch([rows * taps * win.c], (col) => {
    const image = empty(win.inputShape, "channelsLast");
    kernels().transpose(rows, win.c, taps, x.ptr, col!);
    kernels().fill(image.size, 0, image.ptr);
    kernels().col2im(windowPtr(win), 0, 0, rows, col!, image.ptr);
    return image;
  });
  return record(y, [x, (dy) => unfold(dy, win)]);
}
