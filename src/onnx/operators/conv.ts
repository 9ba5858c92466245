// Convolutions.

import { type Call, GraphError } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { convInputAdjoint } from "../../ops/convolution.ts";
import { convNd } from "../../ops/convNd.ts";
import { col2im } from "../../ops/im2col.ts";
import { format, ShapeError } from "../../shape.ts";
import { type Family, floats, int, ints, numbers } from "./arguments.ts";
import { same, spatial, windowOf } from "./windows.ts";

/** Names of the operations, for their messages: by the number of spatial axes. */
const convNames = ["", "conv1d", "conv2d", "conv3d"];

/** y = x convolved with w, + bias. */
export function conv(call: Call): Value {
  const x = floats(call, 0), w = floats(call, 1), bias = call.inputs[2];
  const { kernel, stride, dilation, padding } = spatial(call, x.shape, w.shape.slice(2));
  const rank = kernel.length;
  const options = { stride, dilation, padding, groups: int(call, "group", 1), ...(bias ? { bias: bias.tensor() } : {}) };
  return Value.of(convNd(convNames[rank]!, rank, x.tensor(), w.tensor(), options), x.dtype);
}

function convTranspose(call: Call): Value {
  const x = floats(call, 0), w = floats(call, 1), bias = call.inputs[2];
  const { kernel, stride, dilation, padding, auto } = spatial(call, x.shape, w.shape.slice(2), true);
  const rank = kernel.length, groups = int(call, "group", 1);
  const extra = ints(call, "output_padding") ?? kernel.map(() => 0), wanted = ints(call, "output_shape")?.slice(-rank);
  if (extra.length !== rank || (wanted && wanted.length !== rank)) {
    throw new GraphError(`output_padding and output_shape must have ${rank} numbers each (x ${format(x.shape)})`, call.node);
  }
  if (w.shape[0] !== x.shape[1] || groups < 1 || x.shape[1]! % groups !== 0) {
    throw new ShapeError(
      `x has ${x.shape[1]} channels, w expects ${w.shape[0]} in ${groups} groups ` +
        `(x ${format(x.shape)}, w ${format(w.shape)})`,
    );
  }
  const before: number[] = [];
  const extent = x.shape.slice(2).map((length, i) => {
    const full = (length - 1) * stride[i]! + dilation[i]! * (kernel[i]! - 1) + 1 + extra[i]!;
    const stretched = auto === "SAME_UPPER" || auto === "SAME_LOWER";
    const size = wanted?.[i] ?? (stretched ? length * stride[i]! : full - padding[i]![0] - padding[i]![1]);
    const [first] = wanted || auto !== "NOTSET" ? same(Math.max(0, full - size), auto) : padding[i]!;
    before.push(first);
    return size;
  });
  // The window of the convolution whose input adjoint this is: from y to x.
  const win = windowOf([x.shape[0]!, w.shape[1]! * groups, ...extent], x.shape, { kernel, stride, dilation, before, groups });
  return Value.of(convInputAdjoint(x.tensor(), w.tensor(), bias?.tensor(), win), x.dtype);
}

function columnsToImage(call: Call): Value {
  const x = floats(call, 0), size = numbers(call, 1), kernel = numbers(call, 2);
  if (!size || !kernel) throw new GraphError("image_shape and block_shape must be given", call.node);
  const rank = size.length;
  const pads = ints(call, "pads") ?? new Array<number>(2 * rank).fill(0);
  const padding = size.map((_, i) => [pads[i] ?? 0, pads[i + rank] ?? 0] as const);
  const stride = ints(call, "strides") ?? 1, dilation = ints(call, "dilations") ?? 1;
  return Value.of(col2im(x.tensor(), size, kernel, { stride, dilation, padding }), x.dtype);
}

export const convolutions: Family = { Conv: conv, ConvTranspose: convTranspose, Col2Im: columnsToImage };
