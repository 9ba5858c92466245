// The geometry of windows as ONNX describes it: kernel_shape, strides, dilations, pads or auto_pad, ceil_mode.

import { type Call, GraphError } from "../../graph/operator.ts";
import { checkShape, format, type Shape, ShapeError } from "../../shape.ts";
import type { Pairs, Window } from "../../window.ts";
import { int, ints, word } from "./arguments.ts";

const modes = ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"] as const;

/** How the padding is found; NOTSET takes it from "pads". */
export type AutoPad = (typeof modes)[number];

/** A window's attributes, one number or pair for every spatial axis. */
export interface Spatial {
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly dilation: Shape;
  readonly padding: Pairs;
  readonly auto: AutoPad;
}

// Kernels compute with 32-bit integers.
const MOST = 2 ** 28;

/** The attributes of a window over x; `filter` is the extent of the filters, where there are any. */
export function spatial(call: Call, x: Shape, filter?: Shape, transposed: boolean = false): Spatial {
  const rank = x.length - 2;
  if (rank < 1 || rank > 3) throw new ShapeError(`x must have 3, 4 or 5 axes, it has ${x.length} (x ${format(x)})`);
  const attribute = (name: string, least: number): Shape | undefined => {
    const list = ints(call, name);
    if (list && list.length !== rank) {
      throw new GraphError(`attribute "${name}" must have ${rank} numbers, it has ${list.length} (x ${format(x)})`, call.node);
    }
    list?.forEach((size) => check(name, size, least));
    return list;
  };
  const check = (name: string, size: number, least: number): void => {
    if (size < least || size > MOST) {
      throw new GraphError(`attribute "${name}" must have numbers from ${least} to ${MOST}, got ${size}`, call.node);
    }
  };
  const ones = x.slice(2).map(() => 1);
  const stride = attribute("strides", 1) ?? ones, dilation = attribute("dilations", 1) ?? ones;
  const kernel = attribute("kernel_shape", 1) ?? filter;
  if (!kernel) throw new GraphError(`attribute "kernel_shape" is missing`, call.node);
  if (filter && !(filter.length === rank && filter.every((size, i) => size === kernel[i]))) {
    throw new ShapeError(`the filters have the extent ${format(filter)}, attribute "kernel_shape" says ${format(kernel)} (x ${format(x)})`);
  }
  const auto = word(call, "auto_pad", modes, "NOTSET");
  const pads = ints(call, "pads") ?? [...ones, ...ones].map(() => 0);
  if (pads.length !== 2 * rank) {
    throw new GraphError(`attribute "pads" must have ${2 * rank} numbers, it has ${pads.length} (x ${format(x)})`, call.node);
  }
  const padding = kernel.map((size, i): readonly [number, number] => {
    if (auto === "VALID") return [0, 0];
    if (auto !== "NOTSET" && !transposed) {
      const outputs = Math.ceil(x[2 + i]! / stride[i]!);
      return same(Math.max(0, (outputs - 1) * stride[i]! + dilation[i]! * (size - 1) + 1 - x[2 + i]!), auto);
    }
    check("pads", pads[i]!, 0);
    check("pads", pads[i + rank]!, 0);
    return [pads[i]!, pads[i + rank]!];
  });
  return { kernel, stride, dilation, padding, auto };
}

/** A padding before and after an axis. An odd one more goes to the end with SAME_UPPER, to the front otherwise. */
export function same(total: number, auto: AutoPad): readonly [before: number, after: number] {
  const less = Math.floor(total / 2), more = total - less;
  return auto === "SAME_UPPER" ? [less, more] : [more, less];
}

/**
 * Number of windows along each spatial axis of a pooling. With "ceil_mode" the last one may reach beyond the padded input, but
 * must start before its end padding.
 */
export function poolExtent(call: Call, x: Shape, { kernel, stride, dilation, padding }: Spatial): number[] {
  const ceil = int(call, "ceil_mode", 0) !== 0;
  return kernel.map((size, i) => {
    const length = x[2 + i]!, [before, after] = padding[i]!;
    const slack = length + before + after - (dilation[i]! * (size - 1) + 1);
    // In ceil mode a window may be larger than what it sees, by less than a stride.
    if (slack < 0 && !(ceil && -slack < stride[i]!)) {
      throw new ShapeError(
        `the kernel spans ${length + before + after - slack} elements, more than the padded ` +
          `axis's ${length + before + after} (x ${format(x)})`,
      );
    }
    if (!ceil) return Math.floor(slack / stride[i]!) + 1;
    const outputs = Math.ceil(slack / stride[i]!) + 1;
    return (outputs - 1) * stride[i]! >= length + before ? outputs - 1 : outputs;
  });
}

/** A window for the kernels, which is not checked against anything. */
export function windowOf(
  inputShape: Shape, outputShape: Shape, { kernel, stride, dilation, before, groups = 1 }: {
    kernel: Shape; stride: Shape; dilation: Shape; before: Shape; groups?: number;
  },
): Window {
  for (const shape of [inputShape, outputShape]) checkShape("window", shape);
  return Object.freeze({
    n: inputShape[0]!, c: inputShape[1]!, o: outputShape[1]!, groups,
    input: triple(inputShape.slice(2), 1), output: triple(outputShape.slice(2), 1), kernel: triple(kernel, 1), stride: triple(stride, 1),
    padding: triple(before, 0), dilation: triple(dilation, 1),
    inputShape: Object.freeze([...inputShape]), outputShape: Object.freeze([...outputShape]),
  });
}

// Depth, height, width.
function triple(values: Shape, filler: number): readonly [number, number, number] {
  const [d, h, w] = [...new Array<number>(3 - values.length).fill(filler), ...values];
  return [d!, h!, w!];
}
