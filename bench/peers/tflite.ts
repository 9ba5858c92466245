// A workload as a TensorFlow Lite model: just as much of the schema (schema.fbs, version 3) as these few operations need.

import { Builder, type Offset } from "flatbuffers";
import type { Shape } from "../../src/index.ts";
import { type Activation, constantsOf, shapesOf, type Workload } from "../workloads.ts";

const FLOAT32 = 0, INT32 = 2;
const SAME = 0, VALID = 1;

// Number in BuiltinOperator, and in the union BuiltinOptions.
const operators = {
  ADD: [0, 11], AVERAGE_POOL_2D: [1, 5], CONV_2D: [3, 1], DEPTHWISE_CONV_2D: [4, 2], FULLY_CONNECTED: [9, 8], MAX_POOL_2D: [17, 5],
  PAD: [34, 22], TRANSPOSE_CONV: [67, 49],
} as const;
type Operator = keyof typeof operators;

/** A field of a table: its place, and a byte or a 32-bit integer. */
type Field = readonly [slot: number, kind: "byte" | "int", value: number];

/** The model's bytes, or undefined where TensorFlow Lite has no such operation. Maps are [N, H, W, C]. */
export function toTflite(workload: Workload): Uint8Array | undefined {
  if (workload.training) return undefined;
  const { inputs, steps } = workload;
  const shapes = shapesOf(workload);
  const b = new Builder(1 << 20);
  // The first buffer is empty by convention: tensors without values refer to it.
  const buffers: Offset[] = [table(b, 1, () => {})];
  const tensors: Offset[] = [], nodes: Offset[] = [];
  const names = Object.keys(operators) as Operator[];

  const tensor = (shape: Shape, type = FLOAT32, values?: Float32Array | Int32Array): number => {
    if (values) {
      // Sixteen bytes of alignment, as the schema wants for constants.
      b.prep(16, values.byteLength);
      const data = b.createByteVector(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      buffers.push(table(b, 1, () => b.addFieldOffset(0, data, 0)));
    }
    const lengths = ints(b, shape), name = b.createString(`t${tensors.length}`);
    return tensors.push(table(b, 4, () => {
      b.addFieldOffset(0, lengths, 0);
      b.addFieldInt8(1, type, 0);
      b.addFieldInt32(2, values ? buffers.length - 1 : 0, 0);
      b.addFieldOffset(3, name, 0);
    })) - 1;
  };
  const node = (type: Operator, from: number[], to: number, options: Field[]) => {
    const inputs = ints(b, from), outputs = ints(b, [to]);
    const settings = table(b, 8, () => {
      for (const [slot, kind, value] of options) kind === "byte" ? b.addFieldInt8(slot, value, 0) : b.addFieldInt32(slot, value, 0);
    });
    nodes.push(table(b, 5, () => {
      b.addFieldInt32(0, names.indexOf(type), 0);
      b.addFieldOffset(1, inputs, 0);
      b.addFieldOffset(2, outputs, 0);
      b.addFieldInt8(3, operators[type][1], 0);
      b.addFieldOffset(4, settings, 0);
    }));
  };

  const values = inputs.map((shape) => tensor(lastChannels(shape)));
  for (const [i, step] of steps.entries()) {
    const shape = shapes[inputs.length + i]!, [outputs] = shape.slice(1) as [number];
    const constants = constantsOf(step);
    const bias = () => tensor([outputs], FLOAT32, constants.bias ?? new Float32Array(outputs));
    let x = values[step.x]!;
    const out = tensor(lastChannels(shape));
    // Padding is the same on both sides here; SAME means that only at stride 1 and odd kernels. Otherwise a border is made first.
    const padded = (padding: number, stride: number): number => {
      if (padding === 0) return VALID;
      if (stride === 1) return SAME;
      const [n, c, h, w] = shapes[step.x]! as [number, number, number, number];
      const border = tensor([4, 2], INT32, Int32Array.of(0, 0, padding, padding, padding, padding, 0, 0));
      const wide = tensor([n, h + 2 * padding, w + 2 * padding, c]);
      node("PAD", [x, border], wide, []);
      x = wide;
      return VALID;
    };
    switch (step.op) {
      case "conv2d": {
        const { stride = 1, padding = 0, dilation = 1, groups = 1, activation } = step;
        const [o, inner, kh, kw] = step.w as [number, number, number, number];
        const mode = padded(padding, stride);
        const depthwise = groups > 1 && inner === 1;
        // [O, KH, KW, I]; depthwise [1, KH, KW, O].
        const turned = permute(constants.w, step.w, depthwise ? [1, 2, 3, 0] : [0, 2, 3, 1]);
        const w = tensor(depthwise ? [1, kh, kw, o] : [o, kh, kw, inner], FLOAT32, turned);
        const strides: Field[] = [[0, "byte", mode], [1, "int", stride], [2, "int", stride]];
        const rest: Field[] = depthwise
          ? [[3, "int", 1], [4, "byte", code(activation)], [5, "int", dilation], [6, "int", dilation]]
          : [[3, "byte", code(activation)], [4, "int", dilation], [5, "int", dilation]];
        node(depthwise ? "DEPTHWISE_CONV_2D" : "CONV_2D", [x, w, bias()], out, [...strides, ...rest]);
        break;
      }
      case "inputAdjoint": {
        const [o, inner, kh, kw] = step.w as [number, number, number, number];
        const w = tensor([inner, kh, kw, o], FLOAT32, permute(constants.w, step.w, [1, 2, 3, 0]));
        const size = tensor([4], INT32, Int32Array.from(lastChannels(shape)));
        node("TRANSPOSE_CONV", [size, w, x], out, [[0, "byte", padded(step.padding, 1)], [1, "int", 1], [2, "int", 1]]);
        break;
      }
      case "filterAdjoint":
        return undefined;
      case "maxPool2d":
      case "avgPool2d": {
        const mode = padded(step.padding ?? 0, step.stride);
        const { stride, kernel } = step;
        const options: Field[] = [[0, "byte", mode], [1, "int", stride], [2, "int", stride], [3, "int", kernel], [4, "int", kernel]];
        node(step.op === "maxPool2d" ? "MAX_POOL_2D" : "AVERAGE_POOL_2D", [x], out, options);
        break;
      }
      case "add":
        node("ADD", [x, values[step.y]!], out, [[0, "byte", code(step.activation)]]);
        break;
      case "linear":
        node("FULLY_CONNECTED", [x, tensor(step.w, FLOAT32, constants.w), bias()], out, [[0, "byte", code(step.activation)]]);
        break;
    }
    values.push(out);
  }

  const codes = names.map((name) => table(b, 4, () => {
    b.addFieldInt8(0, operators[name][0], 0);
    b.addFieldInt32(2, 2, 1);
    b.addFieldInt32(3, operators[name][0], 0);
  }));
  const lists = [offsets(b, tensors), ints(b, values.slice(0, inputs.length)), ints(b, [values.at(-1)!]), offsets(b, nodes)];
  const graph = table(b, 5, () => lists.forEach((list, slot) => b.addFieldOffset(slot, list, 0)));
  const [codeList, graphs, bufferList] = [offsets(b, codes), offsets(b, [graph]), offsets(b, buffers)];
  b.finish(table(b, 5, () => {
    b.addFieldInt32(0, 3, 0);
    b.addFieldOffset(1, codeList!, 0);
    b.addFieldOffset(2, graphs!, 0);
    b.addFieldOffset(4, bufferList!, 0);
  }), "TFL3");
  return b.asUint8Array();
}

function lastChannels(shape: Shape): number[] {
  return shape.length === 4 ? [shape[0]!, shape[2]!, shape[3]!, shape[1]!] : [...shape];
}

/** Values in the order of `axes`, as a transposed array has them. */
export function permute(values: Float32Array, shape: Shape, axes: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const [d0, d1, d2, d3] = axes.map((axis) => shape[axis]!) as [number, number, number, number];
  const [s0, s1, s2, s3] = axes.map((axis) => strides[axis]!) as [number, number, number, number];
  const out = new Float32Array(values.length);
  let at = 0;
  for (let i = 0; i < d0; i++) for (let j = 0; j < d1; j++) for (let k = 0; k < d2; k++) for (let l = 0; l < d3; l++) {
    out[at++] = values[i * s0 + j * s1 + k * s2 + l * s3]!;
  }
  return out;
}

// ActivationFunctionType
function code(activation: Activation | undefined): number {
  return activation === "relu" ? 1 : activation === "relu6" ? 3 : 0;
}

function table(b: Builder, fields: number, fill: () => void): Offset {
  b.startObject(fields);
  fill();
  return b.endObject();
}

function ints(b: Builder, values: readonly number[]): Offset {
  b.startVector(4, values.length, 4);
  for (const value of [...values].reverse()) b.addInt32(value);
  return b.endVector();
}

function offsets(b: Builder, list: readonly Offset[]): Offset {
  b.startVector(4, list.length, 4);
  for (const offset of [...list].reverse()) b.addOffset(offset);
  return b.endVector();
}
