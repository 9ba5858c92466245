// Parts of tensors, and tensors of parts.

import { type Call, GraphError } from "../../graph/operator.ts";
import { isFloat, Value } from "../../graph/value.ts";
import { add } from "../../ops/add.ts";
import { cat } from "../../ops/cat.ts";
import { gatherRows } from "../../ops/gathering.ts";
import { move } from "../../ops/movement.ts";
import { pad } from "../../ops/pad.ts";
import { reshape } from "../../ops/reshape.ts";
import { where } from "../../ops/where.ts";
import { checkShape, format, type Shape, ShapeError, sizeOf } from "../../shape.ts";
import type { Block } from "../../strides.ts";
import { type Tensor, tensor } from "../../tensor.ts";
import { axesOf, axisOf, type Family, float, floats, input, int, ints, numbers, scalar, word } from "./arguments.ts";
import { indexTensor, picked, relabelled, reshaped, selected, taken, tensorsOf } from "./moving.ts";
import { made, onDevice, rowMajor, tensorOf } from "./numbers.ts";
import { unique } from "./unique.ts";

function concat(call: Call): Value {
  const values = call.inputs.map((_, i) => input(call, i));
  const [first] = values;
  if (!first) throw new GraphError("it has no inputs", call.node);
  return joined(values, axisOf(call, 1, first.shape));
}

/** Values side by side along an axis. */
export function joined(values: readonly Value[], axis: number): Value {
  const first = values[0]!;
  const tensors = tensorsOf(values);
  if (tensors) return Value.of(cat(tensors, axis), first.dtype);
  for (const { shape } of values) {
    if (shape.length !== first.shape.length || shape.some((length, k) => k !== axis && length !== first.shape[k])) {
      throw new ShapeError(`${format(shape)} cannot be joined to ${format(first.shape)} along axis ${axis}`);
    }
  }
  // Of each input, what lies in one row of the axes from this one on.
  const rows = values.map(({ shape }) => sizeOf(shape.slice(axis)));
  const row = rows.reduce((a, b) => a + b, 0), data = values.map((value) => value.numbers());
  const length = values.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return made(first.dtype, first.shape.map((size, k) => (k === axis ? length : size)), (i) => {
    let at = i % row, part = 0;
    while (at >= rows[part]!) at -= rows[part++]!;
    return data[part]![Math.floor(i / row) * rows[part]! + at]!;
  });
}

function split(call: Call): Value[] {
  const x = input(call, 0), axis = axisOf(call, 0, x.shape), length = x.shape[axis]!;
  const count = int(call, "num_outputs", call.node.outputs.length);
  const size = Math.ceil(length / Math.max(1, count));
  const sizes = ints(call, "split") ?? numbers(call, 1) ?? call.node.outputs.map((_, i) => Math.max(0, Math.min(size, length - i * size)));
  checkShape("split", sizes);
  if (sizes.reduce((a, b) => a + b, 0) !== length || sizes.length < call.node.outputs.length) {
    throw new ShapeError(`parts of ${format(sizes)} do not make up axis ${axis} of length ${length} (x ${format(x.shape)})`);
  }
  let start = 0;
  return sizes.map((part) => {
    start += part;
    return along(x, axis, start - part, part, 1);
  });
}

/** `length` elements of one axis, from `start` on in steps. */
/** Every step-th of `length` along an axis. */
export function along(x: Value, axis: number, start: number, length: number, step: number): Value {
  const axes = x.shape.map((_, k) => k);
  const only = (value: number, other: number): number[] => axes.map((k) => (k === axis ? value : other));
  return taken(x, x.shape.map((size, k) => (k === axis ? length : size)), { start: only(start, 0), axes, steps: only(step, 1) });
}

function slice(call: Call): Value {
  const x = input(call, 0), rank = x.shape.length;
  const old = call.opset < 10;
  const starts = old ? ints(call, "starts") : numbers(call, 1), ends = old ? ints(call, "ends") : numbers(call, 2);
  if (!starts || !ends) throw new GraphError("starts and ends must be given", call.node);
  const axes = axesOf(call, (old ? ints(call, "axes") : numbers(call, 3)) ?? starts.map((_, i) => i), rank);
  const steps = (old ? undefined : numbers(call, 4)) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw new ShapeError(
      `starts, ends, axes and steps must be equally long, they are ${starts.length}, ` +
        `${ends.length}, ${axes.length} and ${steps.length}`,
    );
  }
  const start = x.shape.map(() => 0), step = x.shape.map(() => 1), shape = [...x.shape];
  axes.forEach((axis, i) => {
    const length = x.shape[axis]!, by = steps[i]!;
    if (by === 0) throw new GraphError("steps must not be 0", call.node);
    const bound = (at: number): number => {
      const counted = at < 0 ? at + length : at;
      return by > 0 ? Math.min(Math.max(counted, 0), length) : Math.min(Math.max(counted, -1), length - 1);
    };
    start[axis] = bound(starts[i]!);
    step[axis] = by;
    shape[axis] = Math.max(0, Math.ceil((bound(ends[i]!) - start[axis]!) / by));
  });
  if (sizeOf(shape) === sizeOf(x.shape) && step.every((by) => by === 1)) return x;
  // A step beyond the axis takes one element.
  return taken(x, shape, {
    start: start.map((at, axis) => (shape[axis] === 0 ? 0 : at)),
    axes: x.shape.map((_, axis) => axis),
    steps: step.map((by, axis) => (shape[axis]! > 1 ? by : 1)),
  });
}

function counted(call: Call, indices: ArrayLike<number>, length: number): number[] {
  return Array.from(indices, (index) => {
    const at = index < 0 ? index + length : index;
    if (!(at >= 0 && at < length)) throw new GraphError(`index ${index} lies outside of an axis of length ${length}`, call.node);
    return at;
  });
}

function gather(call: Call): Value {
  const x = input(call, 0), indices = input(call, 1), axis = axisOf(call, 0, x.shape);
  const y = selected(x, axis, counted(call, indices.numbers(), x.shape[axis]!));
  return relabelled(y, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
}

/** Where the elements of `indices` point to along an axis of a tensor, as flat positions. */
function elementPlaces(call: Call, shape: Shape, indices: Value, axis: number): number[] {
  if (indices.shape.length !== shape.length || indices.shape.some((length, k) => k !== axis && length > shape[k]!)) {
    throw new ShapeError(`indices ${format(indices.shape)} do not fit ${format(shape)} along axis ${axis}`);
  }
  const along = counted(call, indices.numbers(), shape[axis]!);
  const strides = rowMajor(shape), own = rowMajor(indices.shape);
  return along.map((index, i) => {
    return own.reduce((at, step, k) => at + (k === axis ? index : Math.floor(i / step) % indices.shape[k]!) * strides[k]!, 0);
  });
}

/** Where the tuples of `indices` point to, as numbers of rows of so many elements. */
function tuplePlaces(call: Call, shape: Shape, indices: Value, batch: number): { rows: number[]; rowLength: number; rest: Shape } {
  const depth = indices.shape.at(-1), data = indices.numbers();
  if (depth === undefined || batch + depth > shape.length || batch < 0 || batch >= indices.shape.length) {
    throw new ShapeError(`indices ${format(indices.shape)} do not fit ${format(shape)} with ${batch} batch axes`);
  }
  const count = sizeOf(indices.shape.slice(0, -1)), perBatch = sizeOf(indices.shape.slice(batch, -1));
  const rest = shape.slice(batch + depth), extent = shape.slice(batch, batch + depth);
  const rows = Array.from({ length: count }, (_, i) => {
    const tuple = extent.map((length, k) => counted(call, [data[i * depth + k]!], length)[0]!);
    return tuple.reduce((at, index, k) => at * extent[k]! + index, Math.floor(i / Math.max(1, perBatch)));
  });
  return { rows, rowLength: sizeOf(rest), rest };
}

function gatherElements(call: Call): Value {
  const x = input(call, 0), indices = input(call, 1), axis = axisOf(call, 0, x.shape);
  return picked(x, 1, elementPlaces(call, x.shape, indices, axis), indices.shape);
}

function gatherNd(call: Call): Value {
  const x = input(call, 0), indices = input(call, 1);
  const { rows, rowLength, rest } = tuplePlaces(call, x.shape, indices, int(call, "batch_dims", 0));
  return picked(x, rowLength, rows, [...indices.shape.slice(0, -1), ...rest]);
}

const reductions = ["none", "add", "mul", "max", "min"] as const;
const combine = {
  add: (a: number, b: number) => a + b, mul: (a: number, b: number) => a * b, max: Math.max, min: Math.min,
} as const;

/** x with rows replaced by those of `updates`, or combined with them. */
function placed(call: Call, x: Value, updates: Value, rows: readonly number[], rowLength: number): Value {
  const reduction = word(call, "reduction", reductions, "none");
  if (sizeOf(updates.shape) !== rows.length * rowLength) {
    throw new ShapeError(
      `updates ${format(updates.shape)} do not have the ${rows.length * rowLength} elements ` +
        `that the indices call for (x ${format(x.shape)})`,
    );
  }
  if (reduction === "none" && onDevice(x)) {
    // Rows of both together, each from where it was written last.
    const count = sizeOf(x.shape) / Math.max(1, rowLength);
    const source = Array.from({ length: count }, (_, i) => i);
    rows.forEach((row, i) => (source[row] = count + i));
    const both = cat([reshape(x.tensor(), [count, rowLength]), reshape(updates.tensor(), [rows.length, rowLength])], 0);
    return Value.of(reshape(gatherRows(both, 0, indexTensor(source)), x.shape), x.dtype);
  }
  const data = Float64Array.from(x.numbers()), new_ = updates.numbers();
  rows.forEach((row, i) => {
    for (let k = 0; k < rowLength; k++) {
      const at = row * rowLength + k, value = new_[i * rowLength + k]!;
      data[at] = reduction === "none" ? value : combine[reduction](data[at]!, value);
    }
  });
  return made(x.dtype, x.shape, (i) => data[i]!);
}

function scatterElements(call: Call): Value {
  const x = input(call, 0), indices = input(call, 1), axis = axisOf(call, 0, x.shape);
  return placed(call, x, input(call, 2), elementPlaces(call, x.shape, indices, axis), 1);
}

function scatterNd(call: Call): Value {
  const x = input(call, 0);
  const { rows, rowLength } = tuplePlaces(call, x.shape, input(call, 1), 0);
  return placed(call, x, input(call, 2), rows, rowLength);
}

const padModes = ["constant", "reflect", "edge", "wrap"] as const;

function padded(call: Call): Value {
  const x = input(call, 0), rank = x.shape.length;
  const mode = word(call, "mode", padModes, "constant");
  const pads = call.opset < 11 ? ints(call, "pads") : numbers(call, 1);
  const given = call.opset < 11 ? undefined : numbers(call, 3);
  const axes = given ? axesOf(call, given, rank) : x.shape.map((_, axis) => axis);
  if (pads?.length !== 2 * axes.length) {
    throw new GraphError(`pads must have ${2 * axes.length} numbers, it has ${pads?.length ?? 0}`, call.node);
  }
  const value = call.opset < 11 ? float(call, "value", 0) : scalar(call, 2) ?? 0;
  const sides = x.shape.map((_, axis): [number, number] => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [pads[at]!, pads[at + axes.length]!];
  });
  const shape = x.shape.map((length, axis) => sides[axis]![0] + length + sides[axis]![1]);
  checkShape("Pad", shape);
  if (sides.flat().every((size) => size === 0)) return x;
  if (mode === "constant" && onDevice(x) && tensorOf(x).dtype === "float32") {
    return Value.of(pad(x.tensor(), [...sides].reverse().flat(), { value }), x.dtype);
  }
  if (mode !== "constant") {
    return sides.reduce((y, [before, after], axis) => (before === 0 && after === 0 ? y : border(y, axis, before, after, mode)), x);
  }
  const data = x.numbers(), strides = rowMajor(x.shape), own = rowMajor(shape);
  return made(x.dtype, shape, (i) => {
    const index = own.map((step, axis) => (Math.floor(i / step) % shape[axis]!) - sides[axis]![0]);
    if (index.some((at, axis) => at < 0 || at >= x.shape[axis]!)) return value;
    return data[index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)]!;
  });
}

function border(x: Value, axis: number, before: number, after: number, mode: "reflect" | "edge" | "wrap"): Value {
  const length = x.shape[axis]!;
  if (length === 0) throw new ShapeError(`axis ${axis} is empty, it has no elements to pad it with (x ${format(x.shape)})`);
  const period = mode === "wrap" ? length : Math.max(1, 2 * (length - 1));
  const indices = Array.from({ length: before + length + after }, (_, i) => {
    const at = i - before;
    if (mode === "edge") return Math.min(Math.max(at, 0), length - 1);
    const within = ((at % period) + period) % period;
    return within < length ? within : period - within;
  });
  return selected(x, axis, indices);
}

/** The movement from channels to squares of b x b pixels: over n, c, h, i, w, j. */
function squares(shape: Shape, b: number, mode: "DCR" | "CRD"): Block {
  const [n, c, height, width] = shape as [number, number, number, number];
  const start = [0, 0, 0, 0];
  return {
    lengths: [n, c, height / b, b, width / b, b],
    x: { start, axes: [0, 1, 2, 1, 3, 1], steps: mode === "CRD" ? [1, b * b, 1, b, 1, 1] : [1, 1, 1, b * c, 1, c] },
    y: { start, axes: [0, 1, 2, 2, 3, 3], steps: [1, 1, b, 1, b, 1] },
  };
}

function blockOf(call: Call, x: Value): number {
  const b = int(call, "blocksize", 0);
  if (b < 1 || x.shape.length !== 4) {
    throw new ShapeError(`x must have 4 axes and blocksize be positive (x ${format(x.shape)}, blocksize ${b})`);
  }
  return b;
}

function depthToSpace(call: Call): Value {
  const x = floats(call, 0), b = blockOf(call, x), [n, c, h, w] = x.shape as [number, number, number, number];
  if (c % (b * b) !== 0) throw new ShapeError(`x has ${c} channels, no multiple of ${b} x ${b} (x ${format(x.shape)})`);
  const shape = [n, c / (b * b), h * b, w * b], from = x.tensor();
  return Value.of(move(from, [squares(shape, b, word(call, "mode", ["DCR", "CRD"], "DCR"))], shape, from.layout), x.dtype);
}

function spaceToDepth(call: Call): Value {
  const x = floats(call, 0), b = blockOf(call, x), [n, c, h, w] = x.shape as [number, number, number, number];
  if (h % b !== 0 || w % b !== 0) throw new ShapeError(`height and width are no multiples of ${b} (x ${format(x.shape)})`);
  const { lengths, x: channels, y: places } = squares(x.shape, b, "DCR"), from = x.tensor();
  return Value.of(move(from, [{ lengths, x: places, y: channels }], [n, c * b * b, h / b, w / b], from.layout), x.dtype);
}

function oneHot(call: Call): Value {
  const indices = input(call, 0), depth = scalar(call, 1) ?? 0, values = input(call, 2);
  const rank = indices.shape.length, axis = int(call, "axis", -1), at = axis < 0 ? axis + rank + 1 : axis;
  if (values.shape.length !== 1 || values.shape[0] !== 2 || !(at >= 0 && at <= rank)) {
    throw new ShapeError(`values must be [off, on] and axis from ${-rank - 1} to ${rank} (values ${format(values.shape)}, axis ${axis})`);
  }
  const [off, on] = Array.from(values.numbers()) as [number, number], data = indices.numbers();
  const inner = sizeOf(indices.shape.slice(at));
  return made(values.dtype, [...indices.shape.slice(0, at), depth, ...indices.shape.slice(at)], (i) => {
    const index = data[Math.floor(i / (inner * depth)) * inner + (i % inner)]!;
    return (index < 0 ? index + depth : index) === Math.floor(i / inner) % depth ? on : off;
  });
}

function trilu(call: Call): Value {
  const x = input(call, 0), k = scalar(call, 1) ?? 0, upper = int(call, "upper", 1) !== 0;
  if (x.shape.length < 2) throw new ShapeError(`x must have at least 2 axes (x ${format(x.shape)})`);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const kept = (i: number): boolean => {
    const distance = (i % columns) - (Math.floor(i / columns) % rows);
    return upper ? distance >= k : distance <= k;
  };
  if (isFloat(x.dtype)) {
    const mask = tensor(Float32Array.from({ length: rows * columns }, (_, i) => Number(kept(i))), [rows, columns]);
    return Value.of(where(mask, x.tensor(), 0), x.dtype);
  }
  const data = x.numbers();
  return made(x.dtype, x.shape, (i) => (kept(i) ? data[i]! : 0));
}

function cumulative(call: Call): Value {
  const x = input(call, 0), rank = x.shape.length, [axis] = axesOf(call, [scalar(call, 1) ?? 0], rank) as [number];
  const exclusive = int(call, "exclusive", 0) !== 0, reverse = int(call, "reverse", 0) !== 0;
  if (isFloat(x.dtype) && !x.constant) return Value.of(running(x.tensor(), axis, exclusive, reverse), x.dtype);
  const data = x.numbers(), inner = rowMajor(x.shape)[axis]!, length = x.shape[axis]!;
  const y = new Float64Array(data.length);
  for (let start = 0; start < y.length; start++) {
    if (Math.floor(start / inner) % length !== 0) continue;
    let sum = 0;
    for (let j = 0; j < length; j++) {
      const at = start + (reverse ? length - 1 - j : j) * inner;
      y[at] = exclusive ? sum : sum + data[at]!;
      sum += data[at]!;
    }
  }
  return made(x.dtype, x.shape, (i) => y[i]!);
}

// Sums of 1, 2, 4 ... elements, each of two neighbours of half the length.
function running(x: Tensor, axis: number, exclusive: boolean, reverse: boolean): Tensor {
  const length = x.shape[axis]!;
  const moved = (y: Tensor, by: number): Tensor => {
    const border = new Array<number>(2 * (x.shape.length - 1 - axis)).fill(0);
    return pad(y, reverse ? [...border, -by, by] : [...border, by, -by]);
  };
  let y = exclusive && length > 0 ? moved(x, 1) : x;
  for (let reach = 1; reach < length; reach *= 2) y = add(y, moved(y, reach));
  return y === x ? reshape(x, x.shape) : y;
}

function nonZero(call: Call): Value {
  const x = input(call, 0), data = x.numbers(), strides = rowMajor(x.shape);
  const places = Array.from({ length: data.length }, (_, i) => i).filter((i) => data[i] !== 0);
  return made("int64", [x.shape.length, places.length], (i) => {
    const axis = Math.floor(i / places.length);
    return Math.floor(places[i % places.length]! / strides[axis]!) % x.shape[axis]!;
  });
}

function compress(call: Call): Value {
  const x = input(call, 0), condition = numbers(call, 1) ?? [];
  const flat = call.node.attributes.has("axis") ? x : reshaped(x, [sizeOf(x.shape)]);
  const axis = axisOf(call, 0, flat.shape);
  return selected(flat, axis, condition.flatMap((keep, i) => (keep ? [i] : [])));
}

export const selections: Family = {
  Compress: compress,
  Concat: concat,
  CumSum: cumulative,
  DepthToSpace: depthToSpace,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  NonZero: nonZero,
  OneHot: oneHot,
  Pad: padded,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Trilu: trilu,
  Unique: unique,
};
