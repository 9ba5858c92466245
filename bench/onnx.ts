// A workload as an ONNX model: just as much of the protobuf format as these few operations need (onnx.proto, opset 17).

import { constantsOf, shapesOf, type Workload } from "./workloads.ts";

const FLOAT = 1;

/** The model's bytes. Inputs are named "0", "1", ..., as values are counted; the result is "y". */
export function toOnnx(workload: Workload): Uint8Array {
  const { inputs, steps } = workload;
  const shapes = shapesOf(workload);
  const nodes: Uint8Array[] = [], initializers: Uint8Array[] = [];
  const node = (type: string, from: string[], to: string, attributes: Record<string, number | number[]> = {}) => {
    const list = Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value)));
    nodes.push(bytes(1, concat(...from.map((name) => text(1, name)), text(2, to), text(4, type), ...list)));
  };
  const constant = (name: string, shape: readonly number[], values: Float32Array): string => {
    const raw = bytes(9, new Uint8Array(values.buffer));
    initializers.push(bytes(5, concat(...shape.map((length) => integer(1, length)), integer(2, FLOAT), text(8, name), raw)));
    return name;
  };
  steps.forEach((step, i) => {
    const at = inputs.length + i;
    const out = i === steps.length - 1 ? "y" : String(at);
    const x = String(step.x), name = `w${at}`;
    const { w, bias } = constantsOf(step);
    const activation = "activation" in step ? step.activation : undefined;
    const sum = activation ? `${at} before` : out;
    switch (step.op) {
      case "conv2d": {
        const { stride = 1, padding = 0, dilation = 1, groups = 1 } = step;
        const from = [x, constant(name, step.w, w), ...(bias ? [constant(`b${at}`, [bias.length], bias)] : [])];
        const pads = Array(4).fill(padding);
        node("Conv", from, sum, { strides: [stride, stride], pads, dilations: [dilation, dilation], group: groups });
        break;
      }
      case "inputAdjoint":
        node("ConvTranspose", [x, constant(name, step.w, w)], sum, { pads: Array(4).fill(step.padding) });
        break;
      case "filterAdjoint":
        // Batch and channels change places: dw is a convolution of x with dy as its filter.
        node("Transpose", [x], "x turned", { perm: [1, 0, 2, 3] });
        node("Transpose", [String(step.y)], "dy turned", { perm: [1, 0, 2, 3] });
        node("Conv", ["x turned", "dy turned"], "dw turned", { pads: Array(4).fill(step.padding) });
        node("Transpose", ["dw turned"], out, { perm: [1, 0, 2, 3] });
        break;
      case "maxPool2d":
      case "avgPool2d":
        node(step.op === "maxPool2d" ? "MaxPool" : "AveragePool", [x], out, {
          kernel_shape: [step.kernel, step.kernel], strides: [step.stride, step.stride], pads: Array(4).fill(step.padding ?? 0),
        });
        break;
      case "add":
        node("Add", [x, String(step.y)], sum);
        break;
      case "linear": {
        let rows = x;
        if (shapes[step.x]!.length > 2) node("Flatten", [x], (rows = `${at} flat`));
        node("Gemm", [rows, constant(name, step.w, w), ...(bias ? [constant(`b${at}`, [bias.length], bias)] : [])], sum, { transB: 1 });
        break;
      }
    }
    if (activation === "relu") node("Relu", [sum], out);
    if (activation === "relu6") {
      node("Clip", [sum, constant(`low${at}`, [], Float32Array.of(0)), constant(`high${at}`, [], Float32Array.of(6))], out);
    }
  });
  const graph = concat(
    ...nodes, text(2, "workload"), ...initializers,
    ...inputs.map((shape, i) => bytes(11, valueInfo(String(i), shape))),
    bytes(12, valueInfo("y", shapes.at(-1)!)),
  );
  return concat(integer(1, 8), bytes(7, graph), bytes(8, concat(text(1, ""), integer(2, 17))));
}

function attribute(name: string, value: number | number[]): Uint8Array {
  // Types 2 and 7 of AttributeProto: one integer, a list of integers.
  if (typeof value === "number") return concat(text(1, name), integer(3, value), integer(20, 2));
  return concat(text(1, name), ...value.map((one) => integer(8, one)), integer(20, 7));
}

function valueInfo(name: string, shape: readonly number[]): Uint8Array {
  const lengths = concat(...shape.map((length) => bytes(1, integer(1, length))));
  return concat(text(1, name), bytes(2, bytes(1, concat(integer(1, FLOAT), bytes(2, lengths)))));
}

// Protobuf's fields: a varint of (number * 8 + wire type), then a varint, or a length and that many bytes.

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.of(...varint(field * 8), ...varint(value));
}

function bytes(field: number, content: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(...varint(field * 8 + 2), ...varint(content.length)), content);
}

function text(field: number, content: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(content));
}

function varint(value: number): number[] {
  const digits: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) digits.push((value % 128) + 128);
  return [...digits, value];
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
