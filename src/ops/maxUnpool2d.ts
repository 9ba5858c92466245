import { kernels } from "../runtime/kernels.ts";
import { checkShape, describe, format, sameShape, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Tensor, toLayout } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { type Sizes, spatialSizes, type Window, windowPtr } from "../window.ts";
import { maxPoolSelect } from "./pooling.ts";

/** Options of `maxUnpool2d`; the defaults are PyTorch's. */
export interface MaxUnpoolOptions {
  /** Steps of the pooling; the kernel's size by default. */
  stride?: Sizes;
  /** Border of the pooling, default 0. */
  padding?: Sizes;
  /**
   * The pooling's input size, [H, W] or the whole shape [N, C, H, W], of which several have the same output size. By default
   * (size - 1) * stride - 2 padding + kernel; it may differ from that by less than a stride.
   */
  outputSize?: Shape;
}

/**
 * Puts the maxima of a `maxPool2d` back where they came from, with zeros everywhere else:
 *
 *   y[n, c, indices[n, c, i, j]] = x[n, c, i, j]
 *
 * Where windows overlapped and an index occurs more than once, the last one in row-major order is taken, and all of them get
 * the gradient, as in PyTorch.
 *
 * @param x [N, C, OH, OW], the values of `maxPool2dWithIndices` or something of their shape
 * @param indices int32, of the same shape: h * W + w
 * @param kernelSize the pooling's, a number or [vertical, horizontal]
 * @param options stride, padding and outputSize
 * @returns [N, C, H, W]
 * @throws ShapeError if the shapes do not fit; RangeError if a number or an index is out of its range; TypeError if something is
 *   of the wrong kind
 * @example
 * const { values, indices } = maxPool2dWithIndices(x, 2);
 * const y = maxUnpool2d(values, indices, 2, { outputSize: x.shape });
 */
export function maxUnpool2d(x: Tensor, indices: Tensor<"int32">, kernelSize: Sizes, options: MaxUnpoolOptions = {}): Tensor {
  checkTensor("maxUnpool2d", "x", x);
  checkTensor("maxUnpool2d", "indices", indices, "int32");
  const win = unpoolWindow(x.shape, indices.shape, kernelSize, options);
  const [, height, width] = win.input;
  const extent = height * width;
  for (const index of indices.view()) {
    if (index < 0 || index >= extent) {
      throw new RangeError(`maxUnpool2d: indices must be from 0 to ${extent - 1}, got ${index} (output ${height}x${width})`);
    }
  }
  x = withLayout(x, "channelsLast");
  const where = toLayout(indices, "channelsLast");
  const y = empty(win.inputShape, "channelsLast");
  kernels().maxUnpool(windowPtr(win), where.ptr, x.ptr, y.ptr);
  return record(y, [x, (dy) => maxPoolSelect(dy, where, win)]);
}

// The window of the pooling: its output is x.
function unpoolWindow(x: Shape, indices: Shape, kernelSize: Sizes, options: MaxUnpoolOptions): Window {
  if (x.length !== 4) throw new ShapeError(`maxUnpool2d: x must have 4 axes [N, C, OH, OW], it has ${x.length} (x ${format(x)})`);
  if (!sameShape(x, indices)) {
    throw new ShapeError(`maxUnpool2d: x and indices must have one shape (x ${format(x)}, indices ${format(indices)})`);
  }
  const kernel = spatialSizes("maxUnpool2d", "kernelSize", 2, kernelSize, 1);
  const stride = spatialSizes("maxUnpool2d", "stride", 2, options.stride ?? kernel, 1);
  const padding = spatialSizes("maxUnpool2d", "padding", 2, options.padding ?? 0, 0);
  const [n, c, ...pooled] = x as [number, number, number, number];
  const { outputSize } = options;
  if (outputSize !== undefined && !Array.isArray(outputSize)) {
    throw new TypeError(`maxUnpool2d: outputSize must be a list of 2 or 4, got ${describe(outputSize)}`);
  }
  if (outputSize && outputSize.length !== 2 && outputSize.length !== 4) {
    throw new ShapeError(`maxUnpool2d: outputSize must have 2 or 4 numbers, got ${outputSize.length} (${format(outputSize)})`);
  }
  const input = pooled.map((length, i) => {
    const usual = (length - 1) * stride[i]! - 2 * padding[i]! + kernel[i]!;
    const wanted = outputSize ? outputSize.at(i - 2)! : usual;
    if (!Number.isInteger(wanted) || wanted < 1 || Math.abs(wanted - usual) >= stride[i]!) {
      const axis = ["height", "width"][i];
      throw new RangeError(
        outputSize
          ? `maxUnpool2d: output ${axis} must be within ${stride[i]} of ${usual}, exclusive, got ${describe(wanted)} (x ${format(x)})`
          : `maxUnpool2d: output ${axis} would be ${usual} ` +
            `(x ${format(x)}, kernel ${kernel[i]}, stride ${stride[i]}, padding ${padding[i]})`,
      );
    }
    return wanted;
  });
  const inputShape = Object.freeze([n, c, ...input]);
  checkShape("maxUnpool2d", [Math.max(n, 1), Math.max(c, 1), ...input]);
  return Object.freeze({
    n, c, o: c, groups: 1,
    input: [1, input[0]!, input[1]!], output: [1, pooled[0]!, pooled[1]!],
    kernel: [1, kernel[0]!, kernel[1]!], stride: [1, stride[0]!, stride[1]!], padding: [0, padding[0]!, padding[1]!], dilation: [1, 1, 1],
    inputShape, outputShape: x,
  } as const);
}
