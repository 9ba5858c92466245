// What is done to pictures before a network sees them.

import { interpolate } from "../ops/interpolate.ts";
import { reshape } from "../ops/reshape.ts";
import { narrow } from "../ops/slice.ts";
import { add } from "../ops/add.ts";
import { mul } from "../ops/mul.ts";
import { checkInteger, checkNumber, describe, format, ShapeError } from "../shape.ts";
import { scope } from "../scope.ts";
import { checkTensor, type Tensor, tensor } from "../tensor.ts";

/** Means and standard deviations of the channels of well-known data sets, for pixels from 0 to 1. */
export const presets = {
  /** torchvision's networks (red, green, blue). */
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  mnist: { mean: [0.1307], std: [0.3081] },
  /** From 0..1 to -1..1. */
  unit: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
} as const;

/** Options of `resize`. */
export interface ResizeOptions {
  /** Default "bilinear". */
  mode?: "nearest" | "bilinear";
}

/**
 * Resamples pictures to another size, without smoothing them first.
 *
 * @param x [C, H, W] or [N, C, H, W]
 * @param size [height, width], or the length of the shorter edge: the other one follows
 * @throws ShapeError if x has another rank or is empty; RangeError if the size is not positive
 * @example
 * const small = resize(x, [224, 224]);
 */
export function resize(x: Tensor, size: number | readonly [number, number], options: ResizeOptions = {}): Tensor {
  const [height, width] = extent("resize", x);
  const lengths = typeof size === "number" ? [size, size] : [...size];
  if (!Array.isArray(lengths) || lengths.length !== 2) throw new TypeError(`resize: size must be a number or [height, width], got ${describe(size)}`);
  for (const length of lengths) checkInteger("resize", "size", length, 1);
  if (height * width === 0) throw new ShapeError(`resize: x is empty (x ${format(x.shape)})`);
  if (typeof size === "number") lengths[height <= width ? 1 : 0] = Math.floor((size * Math.max(height, width)) / Math.min(height, width));
  const { mode = "bilinear" } = options;
  if (mode !== "nearest" && mode !== "bilinear") throw new TypeError(`resize: mode must be nearest or bilinear, got ${describe(mode)}`);
  return scope(() => {
    const y = interpolate(reshape(x, [-1, 1, height, width]), { size: lengths, mode });
    return reshape(y, [...x.shape.slice(0, -2), ...lengths]);
  });
}

/**
 * Cuts out a rectangle.
 *
 * @param x [C, H, W] or [N, C, H, W]
 * @throws RangeError if it reaches beyond the picture
 * @example
 * const face = crop(x, 40, 60, 112, 112);
 */
export function crop(x: Tensor, top: number, left: number, height: number, width: number): Tensor {
  const [h, w] = extent("crop", x);
  for (const [name, value] of Object.entries({ top, left })) checkInteger("crop", name, value, 0);
  for (const [name, value] of Object.entries({ height, width })) checkInteger("crop", name, value, 1);
  if (top + height > h || left + width > w) {
    throw new RangeError(`crop: the rectangle ends at ${top + height}, ${left + width}, the picture at ${h}, ${w} (x ${format(x.shape)})`);
  }
  return scope(() => narrow(narrow(x, -2, top, height), -1, left, width));
}

/**
 * Cuts out the middle.
 *
 * @param x [C, H, W] or [N, C, H, W]
 * @param size [height, width], or both as one number
 * @throws RangeError if the picture is smaller
 * @example
 * const square = centerCrop(resize(x, 256), 224);
 */
export function centerCrop(x: Tensor, size: number | readonly [number, number]): Tensor {
  const [h, w] = extent("centerCrop", x);
  const [height, width] = typeof size === "number" ? [size, size] : size;
  checkInteger("centerCrop", "size", height, 1);
  checkInteger("centerCrop", "size", width, 1);
  if (height > h || width > w) throw new RangeError(`centerCrop: size ${height}, ${width} is more than the picture's ${h}, ${w} (x ${format(x.shape)})`);
  return crop(x, Math.round((h - height) / 2), Math.round((w - width) / 2), height, width);
}

/**
 * y = (x - mean) / std, channel by channel.
 *
 * @param x [C, H, W] or [N, C, H, W], pixels from 0 to 1
 * @param by a preset's name, or the channels' means and standard deviations
 * @throws ShapeError if there is not one for each channel; RangeError if a deviation is not positive
 * @example
 * const input = normalize(x, "imagenet");
 */
export function normalize(x: Tensor, by: keyof typeof presets | { mean: readonly number[]; std: readonly number[] }): Tensor {
  extent("normalize", x);
  if (typeof by === "string" && !Object.hasOwn(presets, by)) {
    throw new TypeError(`normalize: the preset must be one of ${Object.keys(presets).join(", ")}, got ${describe(by)}`);
  }
  const { mean, std } = typeof by === "string" ? presets[by] : by;
  const channels = x.shape.at(-3)!;
  for (const [name, values] of Object.entries({ mean, std })) {
    if (!Array.isArray(values)) throw new TypeError(`normalize: ${name} must be a list of numbers, got ${describe(values)}`);
    if (values.length !== channels) {
      throw new ShapeError(`normalize: ${name} has ${values.length} numbers, x has ${channels} channels (x ${format(x.shape)})`);
    }
    for (const value of values) checkNumber("normalize", name, value, name === "std" ? Number.MIN_VALUE : -Infinity);
  }
  const perChannel = (values: number[]): Tensor => tensor(Float32Array.from(values), [channels, 1, 1]);
  return scope(() => {
    const scale = perChannel(std.map((value) => 1 / value));
    const shift = perChannel(std.map((value, channel) => -mean[channel]! / value));
    return add(mul(x, scale), shift);
  });
}

// [height, width] of pictures.
function extent(op: string, x: Tensor): [number, number] {
  checkTensor(op, "x", x);
  if (x.shape.length !== 3 && x.shape.length !== 4) {
    throw new ShapeError(`${op}: x must have 3 axes [C, H, W] or 4 axes [N, C, H, W], it has ${x.shape.length} (x ${format(x.shape)})`);
  }
  return [x.shape.at(-2)!, x.shape.at(-1)!];
}
