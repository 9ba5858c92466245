// From a graph to the bytes of an ONNX file.
//
// Source: onnx.proto3, github.com/onnx/onnx; protobuf.dev/programming-guides/encoding.

import { PbfWriter } from "pbf";
import type { Attribute, Constant, ElementType, Graph, GraphNode, ValueInfo } from "../graph/graph.ts";
import { GraphError } from "../graph/operator.ts";

// Format version 10 came with operator set 21.
const IR_VERSION = 10;

/** Bytes of an ONNX model. @throws GraphError if a node is none of ONNX's own operators */
export function writeOnnx(graph: Graph): Uint8Array {
  const fused = graph.nodes.find(({ domain }) => domain !== "");
  if (fused) throw new GraphError(`the operator belongs to the domain "${fused.domain}", not to ONNX`, fused);
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, IR_VERSION);
  pbf.writeStringField(2, "adjoint");
  pbf.writeMessage(7, writeGraph, graph);
  pbf.writeMessage(8, writeOpset, graph.opset);
  return pbf.finish();
}

function writeOpset(version: number, pbf: PbfWriter): void {
  pbf.writeStringField(1, "");
  pbf.writeVarintField(2, version);
}

function writeGraph(graph: Graph, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, graph.name);
  for (const [name, constant] of graph.constants) pbf.writeMessage(5, writeTensor, { name, ...constant });
  for (const info of graph.inputs) pbf.writeMessage(11, writeValueInfo, info);
  for (const info of graph.outputs) pbf.writeMessage(12, writeValueInfo, info);
}

function writeNode(node: GraphNode, pbf: PbfWriter): void {
  for (const name of node.inputs) pbf.writeStringField(1, name);
  for (const name of node.outputs) pbf.writeStringField(2, name);
  pbf.writeStringField(3, node.name);
  pbf.writeStringField(4, node.op);
  for (const entry of node.attributes) pbf.writeMessage(5, writeAttribute, entry);
}

// The numbers among the attributes that are floats: others are integers.
const floats = new Set(["alpha", "beta", "gamma", "epsilon", "momentum", "bias", "lambd", "ratio", "value", "cubic_coeff_a", "extrapolation_value", "spatial_scale"]);
const FLOAT = 1, INT = 2, STRING = 3, TENSOR = 4, INTS = 7, STRINGS = 8;

function writeAttribute([name, value]: [string, Attribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  let type: number;
  if (typeof value === "number") {
    type = floats.has(name) ? FLOAT : INT;
    if (type === FLOAT) pbf.writeFloatField(2, value);
    else pbf.writeVarintField(3, value);
  } else if (typeof value === "string") {
    type = STRING;
    pbf.writeStringField(4, value);
  } else if (Array.isArray(value)) {
    type = typeof value[0] === "string" ? STRINGS : INTS;
    for (const one of value as readonly (number | string)[]) {
      if (typeof one === "string") pbf.writeStringField(9, one);
      else pbf.writeVarintField(8, one);
    }
  } else if ("data" in value) {
    type = TENSOR;
    pbf.writeMessage(5, writeTensor, { name: "", ...value });
  } else {
    throw new GraphError(`attribute ${name}: graphs in nodes are not written`);
  }
  pbf.writeVarintField(20, type);
}

// As ONNX numbers the kinds that a traced graph has.
const kinds: Partial<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };

function writeTensor({ name, dtype, shape, data }: Constant & { name: string }, pbf: PbfWriter): void {
  const kind = kinds[dtype];
  if (kind === undefined) throw new GraphError(`constant "${name}" is ${dtype}; float32, int32, int64 and bool are written`);
  for (const length of shape) pbf.writeVarintField(1, length);
  pbf.writeVarintField(2, kind);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, raw(dtype, data));
}

// Little-endian, as every engine that runs WebAssembly stores numbers.
function raw(dtype: ElementType, data: Constant["data"]): Uint8Array {
  if (dtype === "bool") return Uint8Array.from(data);
  const numbers = data instanceof Float32Array ? data : dtype === "int64" ? BigInt64Array.from(data, BigInt) : Int32Array.from(data);
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function writeValueInfo({ name, dtype, shape }: ValueInfo, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(2, writeType, { dtype, shape });
}

function writeType(type: Pick<ValueInfo, "dtype" | "shape">, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, type);
}

function writeTensorType({ dtype, shape }: Pick<ValueInfo, "dtype" | "shape">, pbf: PbfWriter): void {
  pbf.writeVarintField(1, kinds[dtype]!);
  if (shape) pbf.writeMessage(2, writeShape, shape);
}

function writeShape(shape: readonly (number | string)[], pbf: PbfWriter): void {
  for (const length of shape) pbf.writeMessage(1, writeLength, length);
}

function writeLength(length: number | string, pbf: PbfWriter): void {
  if (typeof length === "number") pbf.writeVarintField(1, length);
  else pbf.writeStringField(2, length);
}
