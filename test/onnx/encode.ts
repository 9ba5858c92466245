// ONNX files for tests, written field by field: apart from the reader, so that the two cannot be wrong in the same way.

import { PbfWriter } from "pbf";

/** Numbers of TensorProto.DataType. */
export const types = {
  float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, string: 8, bool: 9, float16: 10, float64: 11, uint32: 12,
    uint64: 13,
  bfloat16: 16,
} as const;

export type Type = keyof typeof types;

export interface TensorSpec {
  type?: Type;
  shape: readonly number[];
  /** Written as raw little-endian data for float32 and int64, in the typed fields otherwise. */
  data?: readonly number[];
  raw?: Uint8Array;
  external?: Readonly<Record<string, string>>;
}

export type AttributeSpec =
  | number | string | readonly number[] | readonly string[] | { float: number } | { floats: readonly number[] } | { tensor: TensorSpec }
  | { graph: GraphSpec } | { reference: string; type: number };

export interface NodeSpec {
  op: string;
  inputs?: readonly string[];
  outputs?: readonly string[];
  attributes?: Readonly<Record<string, AttributeSpec>>;
  name?: string;
  domain?: string;
}

export interface InfoSpec {
  type?: Type;
  shape?: readonly (number | string)[];
}

export interface GraphSpec {
  nodes?: readonly NodeSpec[];
  inputs?: Readonly<Record<string, InfoSpec>>;
  outputs?: readonly string[];
  initializers?: Readonly<Record<string, TensorSpec>>;
}

export interface FunctionSpec {
  name: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  nodes: readonly NodeSpec[];
  opset?: number;
}

export interface ModelSpec extends GraphSpec {
  opset?: number;
  functions?: readonly FunctionSpec[];
}

/** The bytes of a model. */
export function encodeModel({ opset = 18, functions = [], ...graph }: ModelSpec): Uint8Array<ArrayBuffer> {
  return written((pbf) => {
    pbf.writeVarintField(1, 8);
    pbf.writeMessage(7, writeGraph, graph);
    pbf.writeMessage(8, writeOpset, opset);
    for (const definition of functions) pbf.writeMessage(25, writeFunction, definition);
  });
}

/** The bytes of a message. */
export function written(write: (pbf: PbfWriter) => void): Uint8Array<ArrayBuffer> {
  const pbf = new PbfWriter();
  write(pbf);
  return Uint8Array.from(pbf.finish());
}

function writeOpset(version: number, pbf: PbfWriter): void {
  pbf.writeStringField(1, "");
  pbf.writeVarintField(2, version);
}

function writeGraph({ nodes = [], inputs = {}, outputs = [], initializers = {} }: GraphSpec, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, "graph");
  for (const [name, tensor] of Object.entries(initializers)) pbf.writeMessage(5, writeTensor, { name, ...tensor });
  for (const [name, info] of Object.entries(inputs)) pbf.writeMessage(11, writeInfo, { name, ...info });
  for (const name of outputs) pbf.writeMessage(12, writeInfo, { name });
}

function writeFunction({ name, domain, inputs, outputs, nodes, opset = 18 }: FunctionSpec, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  for (const input of inputs) pbf.writeStringField(4, input);
  for (const output of outputs) pbf.writeStringField(5, output);
  for (const node of nodes) pbf.writeMessage(7, writeNode, node);
  pbf.writeMessage(9, writeOpset, opset);
  pbf.writeStringField(10, domain);
}

function writeNode({ op, inputs = [], outputs = [], attributes = {}, name = "", domain = "" }: NodeSpec, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  for (const output of outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, op);
  for (const [key, value] of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, { key, value });
  pbf.writeStringField(7, domain);
}

function writeAttribute({ key, value }: { key: string; value: AttributeSpec }, pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  const type = (number: number): void => pbf.writeVarintField(20, number);
  if (typeof value === "number") {
    pbf.writeVarintField(3, value);
    type(2);
  } else if (typeof value === "string") {
    pbf.writeStringField(4, value);
    type(3);
  } else if (Array.isArray(value)) {
    if (typeof value[0] === "string") {
      for (const text of value as string[]) pbf.writeStringField(9, text);
      type(8);
    } else {
      pbf.writePackedVarint(8, value as number[]);
      type(7);
    }
  } else if ("float" in value) {
    pbf.writeFloatField(2, value.float);
    type(1);
  } else if ("floats" in value) {
    pbf.writePackedFloat(7, [...value.floats]);
    type(6);
  } else if ("tensor" in value) {
    pbf.writeMessage(5, writeTensor, { name: "", ...value.tensor });
    type(4);
  } else if ("graph" in value) {
    pbf.writeMessage(6, writeGraph, value.graph);
    type(5);
  } else if ("reference" in value) {
    pbf.writeStringField(21, value.reference);
    type(value.type);
  }
}

export function writeTensor({ name, type = "float32", shape, data = [], raw, external }: TensorSpec & { name: string },
  pbf: PbfWriter): void {
  pbf.writePackedVarint(1, [...shape]);
  pbf.writeVarintField(2, types[type]);
  pbf.writeStringField(8, name);
  if (external) {
    for (const [key, value] of Object.entries(external)) {
      pbf.writeMessage(13, (pair: string[], to) => pair.forEach((text, i) => to.writeStringField(i + 1, text)), [key, value]);
    }
    pbf.writeVarintField(14, 1);
    return;
  }
  if (raw) pbf.writeBytesField(9, raw);
  else if (type === "float32") pbf.writeBytesField(9, new Uint8Array(Float32Array.from(data).buffer));
  else if (type === "float64") pbf.writePackedDouble(10, [...data]);
  else if (type === "int64") pbf.writePackedVarint(7, [...data]);
  else if (type === "uint32" || type === "uint64") pbf.writePackedVarint(11, [...data]);
  else pbf.writePackedVarint(5, [...data]);
}

function writeInfo({ name, type = "float32", shape }: InfoSpec & { name: string }, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(2, (_: null, outer) => {
    outer.writeMessage(1, (__: null, inner) => {
      inner.writeVarintField(1, types[type]);
      if (shape) inner.writeMessage(2, writeShape, shape);
    }, null);
  }, null);
}

function writeShape(shape: readonly (number | string)[], pbf: PbfWriter): void {
  for (const length of shape) {
    pbf.writeMessage(1, (value: number | string, to) => {
      if (typeof value === "number") to.writeVarintField(1, value);
      else to.writeStringField(2, value);
    }, length);
  }
}
