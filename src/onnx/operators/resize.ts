// Resampling: every output along an axis is a weighted sum of a few inputs, its taps. Up to two neighbours are blended by the
// kernel, any others by a product with the axis's matrix.
//
// Source: ONNX's reference implementation, onnx/reference/ops/op_resize.py.

import { type Call, GraphError } from "../../graph/operator.ts";
import { isFloat, Value } from "../../graph/value.ts";
import { matmul, product } from "../../ops/matmul.ts";
import { reshape } from "../../ops/reshape.ts";
import { where } from "../../ops/where.ts";
import { kernels } from "../../runtime/kernels.ts";
import { floats as floatView, ints as intView, withScratch, withTable } from "../../runtime/memory.ts";
import { checkShape, format, type Shape, ShapeError, sizeOf } from "../../shape.ts";
import { empty, type Tensor, tensor, toLayout } from "../../tensor.ts";
import { windowPtr } from "../../window.ts";
import { axesOf, type Family, float, input, int, ints, numbers, word } from "./arguments.ts";
import { selected } from "./moving.ts";
import { windowOf } from "./windows.ts";

/** One output: positions in the input, in ascending order, and their weights; of no taps where it lies outside. */
type Taps = readonly (readonly [index: number, weight: number])[];

/** An axis and how it changes. */
interface Axis {
  readonly axis: number;
  readonly length: number;
  readonly output: number;
  readonly scale: number;
  /** Part of the axis that is looked at, as fractions. */
  readonly roi: readonly [start: number, end: number];
}

/** How the inputs are found that an output is made of. */
interface Method {
  readonly mode: "nearest" | "linear" | "cubic";
  /** Where an output lies on the input's axis. */
  readonly place: (i: number, axis: Axis) => number;
  readonly round: (x: number, scale: number) => number;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  /** What stands where an output lies outside of the input; undefined where the border is continued. */
  readonly outside: number | undefined;
}

// Outputs are "length_resized" long; without sizes that is the product of length and scale, which need be no integer.
const places: Readonly<Record<string, (i: number, axis: Axis) => number>> = {
  half_pixel: (i, { scale }) => (i + 0.5) / scale - 0.5,
  pytorch_half_pixel: (i, { scale, output }) => (output > 1 ? (i + 0.5) / scale - 0.5 : 0),
  asymmetric: (i, { scale }) => i / scale,
  align_corners: (i, { length, scale }) => (length * scale === 1 ? 0 : (i * (length - 1)) / (length * scale - 1)),
  half_pixel_symmetric: (i, { length, output, scale }) => (length / 2) * (1 - output / (length * scale)) + (i + 0.5) / scale - 0.5,
  tf_half_pixel_for_nn: (i, { scale }) => (i + 0.5) / scale,
  tf_crop_and_resize: (i, { length, output, roi: [start, end] }) =>
    output > 1 ? start * (length - 1) + (i * (end - start) * (length - 1)) / (output - 1) : 0.5 * (start + end) * (length - 1),
};

const roundings: Readonly<Record<string, Method["round"]>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** The taps of output i. */
function tapsOf(i: number, axis: Axis, method: Method): Taps {
  // Rounded to single precision, as the engines that files are made for have it: 3 / 0.6 is 5.
  const { length, scale } = axis, x = Math.fround(method.place(i, axis));
  if (method.outside !== undefined && (x < 0 || x > length - 1)) return [];
  const clamped = (at: number): number => Math.min(Math.max(at, 0), length - 1);
  if (method.mode === "nearest") return [[clamped(method.round(x, scale)), 1]];
  const first = Math.floor(x), reach = method.antialias ? Math.min(scale, 1) : 1;
  const kernel = method.mode === "linear" ? triangle : (distance: number): number => cubicKernel(distance, method.cubic);
  const start = Math.floor(-(method.mode === "linear" ? 1 : 2) / reach) + 1;
  const weights = new Map<number, number>();
  let sum = 0;
  for (let k = start; k <= 1 - start; k++) {
    const weight = kernel((first + k - x) * reach), at = first + k;
    if (weight === 0 || (method.excludeOutside && at !== clamped(at))) continue;
    weights.set(clamped(at), (weights.get(clamped(at)) ?? 0) + weight);
    sum += weight;
  }
  const whole = method.antialias || method.excludeOutside ? sum : 1;
  return [...weights].map(([at, weight]) => [at, weight / whole] as const);
}

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

// Keys, "Cubic convolution interpolation for digital image processing", 1981.
function cubicKernel(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

function resize(call: Call): Value {
  const x = input(call, 0);
  const axes = changes(call, x.shape);
  const mode = word(call, "mode", ["nearest", "linear", "cubic", "bilinear"], "nearest");
  // Up to version 10 there is one way to do it.
  const modern = call.node.op === "Resize" && call.opset >= 11;
  const placing = word(call, "coordinate_transformation_mode", Object.keys(places), modern ? "half_pixel" : "asymmetric");
  const rounding = word(call, "nearest_mode", Object.keys(roundings), "round_prefer_floor");
  return resampled(x, axes, {
    mode: mode === "bilinear" ? "linear" : mode,
    place: places[placing]!,
    round: modern ? roundings[rounding]! : (at, scale) => (scale < 1 ? Math.ceil(at) : Math.floor(at)),
    cubic: float(call, "cubic_coeff_a", -0.75),
    excludeOutside: int(call, "exclude_outside", 0) !== 0,
    antialias: int(call, "antialias", 0) !== 0,
    outside: placing === "tf_crop_and_resize" ? float(call, "extrapolation_value", 0) : undefined,
  });
}

/** The axes that change, and how: by scales, or to sizes. */
function changes(call: Call, shape: Shape): Axis[] {
  const { node, opset } = call;
  const upsample = node.op === "Upsample", old = upsample || opset < 11;
  const axes = axesOf(call, ints(call, "axes") ?? shape.map((_, axis) => axis), shape.length);
  const list = (index: number, kind: "integers" | "floats"): number[] | undefined => {
    const given = numbers(call, index, kind);
    return given?.length === 0 ? undefined : given;
  };
  const scales = upsample && opset < 9 ? (node.attributes.get("scales") as number[] | undefined) : list(old ? 1 : 2, "floats");
  const sizes = old ? undefined : list(3, "integers");
  const roi = old ? undefined : list(1, "floats");
  if (!scales === !sizes) throw new GraphError(`either scales or sizes must be given, ${scales ? "both" : "neither"} are`, node);
  const given = (sizes ?? scales)!;
  if (!Array.isArray(given) || given.length !== axes.length || (roi && roi.length !== 2 * axes.length)) {
    throw new ShapeError(`scales, sizes or roi do not fit ${axes.length} axes (x ${format(shape)})`);
  }
  if (given.some((value) => !(value > 0 && value < Infinity))) {
    throw new GraphError(`${sizes ? "sizes" : "scales"} must be positive, got ${format(given)}`, node);
  }
  const policy = word(call, "keep_aspect_ratio_policy", ["stretch", "not_larger", "not_smaller"], "stretch");
  const ratios = sizes?.map((size, i) => size / shape[axes[i]!]!);
  const common = ratios && (policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios));
  return axes.map((axis, i) => {
    const length = shape[axis]!;
    const kept = policy !== "stretch" && common !== undefined ? common : undefined;
    const scale = kept ?? ratios?.[i] ?? scales![i]!;
    // In single precision: what is meant by 0.7 is 7 of 10.
    const output = kept ? Math.floor(kept * length + 0.5) : sizes?.[i] ?? Math.floor(Math.fround(scale * length));
    return { axis, length, output, scale, roi: [roi?.[i] ?? 0, roi?.[i + axes.length] ?? 1] };
  });
}

function resampled(x: Value, axes: readonly Axis[], method: Method): Value {
  const shape = [...x.shape];
  for (const { axis, length, output } of axes) {
    if (length === 0 && output > 0) throw new ShapeError(`axis ${axis} is empty (x ${format(x.shape)})`);
    shape[axis] = output;
  }
  checkShape("Resize", shape);
  if (sizeOf(shape) === 0) return Value.of(empty(shape), x.dtype);
  const tables = axes
    .map((one) => ({ axis: one.axis, length: one.length, taps: Array.from({ length: one.output }, (_, i) => tapsOf(i, one, method)) }))
    .filter(({ length, taps }) => taps.length !== length || taps.some((own, i) => own.length !== 1 || own[0]![0] !== i));
  if (tables.length === 0) return x;
  if (isFloat(x.dtype) && shape.length >= 3 && shape.length <= 5 && tables.every(({ axis, taps }) => axis >= 2 && taps.every(isBlend))) {
    const stay = (length: number): Taps[] => Array.from({ length }, (_, at) => [[at, 1]]);
    const all = shape.slice(2).map((length, i) => tables.find(({ axis }) => axis === i + 2)?.taps ?? stay(length));
    return Value.of(blended(x.tensor(), shape, all), x.dtype);
  }
  return tables.reduce((y, { axis, length, taps }) => {
    if (taps.every((own) => own.length === 1)) return selected(y, axis, taps.map((own) => own[0]![0]));
    if (!isFloat(y.dtype)) throw new TypeError(`x must hold floats in mode ${method.mode}, it is ${y.dtype}`);
    return Value.of(mixed(y.tensor(), axis, length, taps, method.outside ?? 0), y.dtype);
  }, x);
}

// What the kernel can do: one input, or two neighbours.
function isBlend(taps: Taps): boolean {
  return taps.length === 1 || (taps.length === 2 && taps[1]![0] === taps[0]![0] + 1);
}

/** By the kernel, along up to three spatial axes at once. */
function blended(x: Tensor, shape: Shape, taps: readonly (readonly Taps[])[]): Tensor {
  const win = windowOf(x.shape, shape, { kernel: [], stride: [], dilation: [], before: [] });
  const from = toLayout(x, "channelsLast"), y = empty(shape, "channelsLast");
  const rows = [...new Array<Taps[]>(3 - taps.length).fill([[[0, 1]]]), ...taps].flat();
  const write = (table: number): void => {
    const positions = intView(table, 4 * rows.length), weights = floatView(table, 4 * rows.length);
    rows.forEach(([near, far], i) => {
      positions[4 * i] = near![0];
      positions[4 * i + 1] = far ? 2 : 1;
      weights[4 * i + 2] = near![1];
      weights[4 * i + 3] = far ? far[1] : 0;
    });
  };
  withTable(4 * rows.length, write, (table) => withScratch([win.input[2] * win.c], (row) => {
    kernels().resample(windowPtr(win), table, row!, from.ptr, y.ptr);
  }));
  return y;
}

/** By a matrix along one axis. */
function mixed(x: Tensor, axis: number, length: number, taps: readonly Taps[], outside: number): Tensor {
  checkShape("Resize", [taps.length, length]);
  const matrix = new Float32Array(taps.length * length);
  taps.forEach((own, i) => own.forEach(([at, weight]) => (matrix[i * length + at] = weight)));
  const m = tensor(matrix, [taps.length, length]);
  const outer = sizeOf(x.shape.slice(0, axis)), inner = sizeOf(x.shape.slice(axis + 1));
  const y = inner === 1 ? product(reshape(x, [outer, length]), m, false, true) : matmul(m, reshape(x, [outer, length, inner]));
  const shape = x.shape.map((own, k) => (k === axis ? taps.length : own));
  const result = reshape(y, shape);
  if (taps.every((own) => own.length > 0)) return result;
  const inside = tensor(Float32Array.from(taps, (own) => Number(own.length > 0)), [taps.length, ...shape.slice(axis + 1).map(() => 1)]);
  return where(inside, result, outside);
}

export const resizing: Family = {
  Resize: resize,
  Upsample: resize,
};
