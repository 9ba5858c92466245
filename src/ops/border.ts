// Borders that are not of zeros: x is padded first, and convolved without padding then, as PyTorch does. Zeros never exist in
// memory; the kernels skip them.

import { checkNumber, describe, format, type Shape, ShapeError } from "../shape.ts";
import type { Block } from "../strides.ts";
import type { Tensor } from "../tensor.ts";
import { checkConvOptions, type ConvOptions, extentNames, type Pairs, type Window, windowOver } from "../window.ts";
import { add } from "./add.ts";
import { move } from "./movement.ts";
import { pad, type PadMode } from "./pad.ts";
import { avgPool } from "./pooling.ts";

/** What stands in the border of a convolution; the first four names are PyTorch's. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular" | "constant" | "mean";

/** What stands in the border of a convolution. */
export interface BorderOptions {
  /**
   * "zeros", the default; "reflect": the image mirrored in its first and last element, which are not repeated; "replicate": the edge's
   * element again and again; "circular": the image from its other end; "constant": `paddingValue`; "mean": the mean of the
   * image's channel, through which gradients flow too.
   */
  paddingMode?: PaddingMode;
  /** The number in the border in mode "constant", default 0. */
  paddingValue?: number;
}

/** A border that must be made before the convolution. */
export interface Border {
  readonly mode: PadMode | "mean";
  readonly value: number;
  readonly sides: Pairs;
}

const modes: readonly PaddingMode[] = ["zeros", "reflect", "replicate", "circular", "constant", "mean"];

/** Checks the border's options, as far as they do not depend on x. */
export function checkBorderOptions(op: string, { paddingMode = "zeros", paddingValue }: BorderOptions): void {
  if (!modes.includes(paddingMode)) throw new TypeError(`${op}: paddingMode must be one of ${modes.join(", ")}, got ${describe(paddingMode)}`);
  if (paddingValue === undefined) return;
  checkNumber(op, "paddingValue", paddingValue, -Infinity);
  if (paddingMode !== "constant") throw new RangeError(`${op}: paddingValue needs paddingMode "constant", got ${describe(paddingMode)}`);
}

/** The border that a convolution needs around x, if it is not of zeros. */
export function borderOf(op: string, x: Shape, kernel: Shape, options: ConvOptions & BorderOptions): Border | undefined {
  checkBorderOptions(op, options);
  const { paddingMode = "zeros", paddingValue = 0 } = options;
  const { padding: sides } = checkConvOptions(op, kernel, options);
  if (paddingMode === "zeros" || sides.every(([before, after]) => before + after === 0)) return undefined;
  sides.forEach(([before, after], i) => {
    const length = x[2 + i]!, widest = Math.max(before, after), name = extentNames[sides.length]![i];
    const most = { reflect: length - 1, circular: length, replicate: Infinity, constant: Infinity, mean: Infinity }[paddingMode];
    if (widest > most) {
      throw new ShapeError(`${op}: padding must be at most ${most} to be made by ${paddingMode}, got ${widest} for ${name} ${length} (x ${format(x)})`);
    }
    const made = widest > 0 || paddingMode === "mean";
    if (length === 0 && made && paddingMode !== "constant") {
      throw new ShapeError(`${op}: x has no ${name} to make padding ${widest} by ${paddingMode} from (x ${format(x)})`);
    }
  });
  return { mode: paddingMode, value: paddingValue, sides };
}

/** x with its border. */
export function withBorder(x: Tensor, { mode, value, sides }: Border): Tensor {
  const padding = [...sides].reverse().flat();
  if (mode !== "mean") return pad(x, padding, { mode, value });
  // Not (x - mean) padded with zeros, + mean: that would round x.
  const inside = pad(x, padding);
  const mean = avgPool("conv", sides.length, x, x.shape.slice(2), {});
  return add(inside, move(mean, around(x.shape, sides), inside.shape, inside.layout));
}

/** The border as blocks, filled with the one element of each image's channel: two slabs along each axis, without the earlier axes' ends. */
function around([n, c, ...extent]: Shape, sides: Pairs): Block[] {
  const stay = extent.map(() => 0);
  const axes = [0, 1, ...extent.map((_, i) => 2 + i)];
  return sides.flatMap((_, axis) => [0, 1].map((side): Block => {
    const lengths = sides.map(([before, after], i) => (i < axis ? extent[i]! : i > axis ? before + extent[i]! + after : sides[i]![side]!));
    const start = sides.map(([before], i) => (i < axis ? before : i > axis || side === 0 ? 0 : before + extent[i]!));
    return {
      lengths: [n!, c!, ...lengths],
      x: { start: [0, 0, ...stay], axes, steps: [1, 1, ...stay] },
      y: { start: [0, 0, ...start], axes, steps: axes.map(() => 1) },
    };
  }));
}

/** The window over x with its border. */
export function inBorder(win: Window, { sides }: Border): Window {
  return windowOver(win, win.inputShape.map((length, axis) => (axis < 2 ? length : length + sides[axis - 2]![0] + sides[axis - 2]![1])));
}
