// Shapes, and the same elements under other shapes and kinds.

import { type Call, GraphError } from "../../graph/operator.ts";
import type { Constant } from "../../graph/graph.ts";
import { isFloat, Value } from "../../graph/value.ts";
import { ne } from "../../ops/comparisons.ts";
import { dropout } from "../../ops/dropout.ts";
import { expand } from "../../ops/expand.ts";
import { mul } from "../../ops/mul.ts";
import { permute } from "../../ops/permute.ts";
import { checkShape, format, type Shape, ShapeError, sizeOf } from "../../shape.ts";
import { full } from "../../tensor.ts";
import { elementType } from "../constants.ts";
import { axesOf, axisOf, type Family, float, floats, input, int, ints, numbers, scalar } from "./arguments.ts";
import { relabelled, reshaped, taken } from "./moving.ts";
import { commonShape, made, onDevice, repeat, tensorOf } from "./numbers.ts";

function reshapeTo(call: Call): Value {
  const x = input(call, 0), wanted = numbers(call, 1) ?? ints(call, "shape");
  if (!wanted) throw new GraphError("the shape is missing", call.node);
  const keepsZeros = int(call, "allowzero", 0) !== 0;
  const shape = wanted.map((length, axis) => (length === 0 && !keepsZeros ? x.shape[axis] ?? 0 : length));
  const free = shape.indexOf(-1);
  if (free >= 0) shape[free] = sizeOf(x.shape) / Math.max(1, sizeOf(shape.filter((_, axis) => axis !== free)));
  if (shape.some((length) => !Number.isInteger(length) || length < 0)) {
    throw new ShapeError(`x has ${sizeOf(x.shape)} elements, shape ${format(wanted)} does not (x ${format(x.shape)})`);
  }
  return relabelled(x, shape);
}

function flatten(call: Call): Value {
  const x = input(call, 0), axis = axisOf(call, 1, x.shape, x.shape.length);
  return relabelled(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
}

function squeeze(call: Call): Value {
  const x = input(call, 0), given = ints(call, "axes") ?? numbers(call, 1);
  const axes = given ? axesOf(call, given, x.shape.length) : x.shape.flatMap((length, axis) => (length === 1 ? [axis] : []));
  for (const axis of axes) {
    if (x.shape[axis] !== 1) throw new ShapeError(`axis ${axis} has the length ${x.shape[axis]}, not 1 (x ${format(x.shape)})`);
  }
  return relabelled(x, x.shape.filter((_, axis) => !axes.includes(axis)));
}

function unsqueeze(call: Call): Value {
  const x = input(call, 0), given = ints(call, "axes") ?? numbers(call, 1);
  if (!given) throw new GraphError("the axes are missing", call.node);
  const rank = x.shape.length + given.length, axes = axesOf(call, given, rank);
  const rest = [...x.shape];
  return relabelled(x, Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : rest.shift()!)));
}

function transpose(call: Call): Value {
  const x = input(call, 0), rank = x.shape.length;
  const axes = axesOf(call, ints(call, "perm") ?? x.shape.map((_, axis) => rank - 1 - axis), rank);
  if (axes.length !== rank) throw new ShapeError(`perm must have ${rank} axes, it has ${axes.length} (x ${format(x.shape)})`);
  if (onDevice(x)) return Value.of(permute(tensorOf(x), axes), x.dtype);
  return taken(x, axes.map((axis) => x.shape[axis]!), { start: axes.map(() => 0), axes, steps: axes.map(() => 1) });
}

function expandTo(call: Call): Value {
  const x = input(call, 0), shape = numbers(call, 1) ?? [];
  checkShape("shape", shape);
  return expanded(x, commonShape([x.shape, shape]));
}

function expanded(x: Value, shape: Shape): Value {
  if (!onDevice(x)) return Value.known(x.dtype, shape, repeat(x, shape));
  return Value.of(expand(x.tensor(), shape), x.dtype);
}

function tile(call: Call): Value {
  const x = input(call, 0), repeats = numbers(call, 1) ?? [];
  const { shape } = x;
  checkShape("repeats", repeats);
  if (repeats.length !== shape.length) {
    throw new ShapeError(`repeats must have ${shape.length} numbers, it has ${repeats.length} (x ${format(shape)})`);
  }
  checkShape("Tile", shape.map((length, axis) => length * repeats[axis]!));
  // From the last axis on: each is repeated as a row that holds all axes behind it.
  let y = x, row = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    row *= shape[axis]!;
    const outer = sizeOf(shape.slice(0, axis)), count = repeats[axis]!;
    if (count !== 1) y = expanded(reshaped(y, [outer, 1, row]), [outer, count, row]);
    row *= count;
  }
  return relabelled(y, shape.map((length, axis) => length * repeats[axis]!));
}

function shapeOf(call: Call): Value {
  const { shape } = input(call, 0);
  const position = (name: string, fallback: number): number => {
    const at = int(call, name, fallback);
    return Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length);
  };
  const part = shape.slice(position("start", 0), position("end", shape.length));
  return Value.known("int64", [part.length], part);
}

function constantOfShape(call: Call): Value {
  const shape = numbers(call, 0) ?? [];
  checkShape("ConstantOfShape", shape);
  const { dtype, data } = (call.node.attributes.get("value") ?? { dtype: "float32", data: [0] }) as Constant;
  if (data?.length !== 1) throw new GraphError(`attribute "value" must be a tensor of one number`, call.node);
  return isFloat(dtype) ? Value.of(full(shape, data[0]!), dtype) : made(dtype, shape, () => data[0]!);
}

function range(call: Call): Value {
  const [start, limit, delta] = [0, 1, 2].map((i) => scalar(call, i)!) as [number, number, number];
  if (!(delta !== 0)) throw new GraphError("delta must not be 0", call.node);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  return made(input(call, 0).dtype, [count], (i) => start + i * delta);
}

function eyeLike(call: Call): Value {
  const x = input(call, 0), [rows, columns] = x.shape, k = int(call, "k", 0);
  if (x.shape.length !== 2) throw new ShapeError(`x must have 2 axes, its shape is ${format(x.shape)}`);
  const kind = int(call, "dtype", 0);
  const dtype = kind === 0 ? x.dtype : elementType(kind, `attribute "dtype"`);
  return made(dtype, [rows!, columns!], (i) => Number(Math.floor(i / columns!) + k === i % columns!));
}

function castTo(x: Value, dtype: Value["dtype"]): Value {
  const from = isFloat(x.dtype), to = isFloat(dtype);
  if (x.dtype === dtype) return x;
  if (from && to) return relabelled(x, x.shape, dtype);
  // A condition on the device is 0 and 1 already.
  if (onDevice(x) && x.dtype === "bool" && to) return relabelled(x, x.shape, dtype);
  if (from && dtype === "bool" && !(x.constant && !x.held)) return Value.of(ne(x.tensor(), 0), "bool");
  if (!from && x.held?.dtype === "int32" && !x.constant && (dtype === "int64" || dtype === "int32")) return relabelled(x, x.shape, dtype);
  const data = x.numbers();
  return made(dtype, x.shape, (i) => data[i]!);
}

function drop(call: Call): Value | Value[] {
  const x = floats(call, 0);
  const ratio = call.opset < 12 ? float(call, "ratio", 0.5) : scalar(call, 1) ?? 0.5;
  const training = call.opset >= 12 && (scalar(call, 2) ?? 0) !== 0 && ratio > 0;
  const wantsMask = Boolean(call.node.outputs[1]);
  if (!training) return wantsMask ? [x, Value.of(full(x.shape, 1), call.opset < 10 ? x.dtype : "bool")] : x;
  const mask = dropout(full(x.shape, 1), ratio);
  return [Value.of(mul(x.tensor(), mask), x.dtype), Value.of(ne(mask, 0), "bool")];
}

export const shapes: Family = {
  Cast: (call) => castTo(input(call, 0), elementType(int(call, "to", 1), `attribute "to"`)),
  CastLike: (call) => castTo(input(call, 0), input(call, 1).dtype),
  ConstantOfShape: constantOfShape,
  Dropout: drop,
  Expand: expandTo,
  EyeLike: eyeLike,
  Flatten: flatten,
  Identity: (call) => input(call, 0),
  Range: range,
  Reshape: reshapeTo,
  Shape: shapeOf,
  Size: (call) => Value.known("int64", [], [sizeOf(input(call, 0).shape)]),
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
