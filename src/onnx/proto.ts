// ONNX's protobuf messages, as far as they are read: the fields that tell what is computed.
//
// A file is whatever somebody sent: every length is checked against the bytes that are there before anything is made of it,
// and messages nest only so deep.
//
// Source: onnx.proto3, github.com/onnx/onnx; protobuf.dev/programming-guides/encoding.

import { PbfReader } from "pbf";
import { GraphError } from "../graph/operator.ts";

export interface ModelProto {
  producer: string;
  graph: GraphProto | undefined;
  /** Versions of the operator sets, by domain. */
  opsets: Map<string, number>;
  functions: FunctionProto[];
}

export interface GraphProto {
  name: string;
  nodes: NodeProto[];
  inputs: ValueInfoProto[];
  outputs: ValueInfoProto[];
  initializers: TensorProto[];
  sparseInitializers: SparseTensorProto[];
}

export interface NodeProto {
  op: string;
  domain: string;
  overload: string;
  name: string;
  inputs: string[];
  outputs: string[];
  attributes: AttributeProto[];
}

export interface AttributeProto {
  name: string;
  /** 0 where the file does not tell. */
  type: number;
  /** Inside a function: the attribute of the calling node whose value this one takes. */
  reference: string;
  f: number | undefined;
  i: number | undefined;
  s: string | undefined;
  tensor: TensorProto | undefined;
  sparse: SparseTensorProto | undefined;
  graph: GraphProto | undefined;
  floats: number[];
  ints: number[];
  strings: string[];
}

export interface TensorProto {
  name: string;
  shape: number[];
  type: number;
  /** Little-endian numbers as they lie in the file, where they do. */
  raw: Uint8Array | undefined;
  /** The numbers, where they are written one by one. */
  numbers: number[];
  /** "location", "offset" and "length", where the numbers lie in another file. */
  external: Map<string, string> | undefined;
}

export interface SparseTensorProto {
  values: TensorProto;
  indices: TensorProto;
  shape: number[];
}

export interface ValueInfoProto {
  name: string;
  /** Kind of element; undefined for what is no tensor. */
  type: number | undefined;
  shape: (number | string)[] | undefined;
}

export interface FunctionProto {
  name: string;
  domain: string;
  overload: string;
  inputs: string[];
  outputs: string[];
  /** Defaults of its attributes. */
  defaults: AttributeProto[];
  nodes: NodeProto[];
  opsets: Map<string, number>;
}

/** Reads a file. @throws GraphError if the bytes are no such message */
export function readModel(bytes: Uint8Array): ModelProto {
  try {
    return model(new PbfReader(bytes));
  } catch (error) {
    if (error instanceof GraphError) throw error;
    throw new GraphError(`the file is no ONNX model, or cut off: ${(error as Error).message}`, undefined, { cause: error });
  }
}

/** Reads a tensor that stands alone, as in ONNX's test data. @throws GraphError if the bytes are no such message */
export function readTensor(bytes: Uint8Array): TensorProto {
  const pbf = new PbfReader(bytes);
  try {
    return tensor(pbf, pbf.length);
  } catch (error) {
    throw new GraphError(`the file is no tensor, or cut off: ${(error as Error).message}`, undefined, { cause: error });
  }
}

// Subgraphs are nested in attributes of nodes; exporters nest them a few levels deep.
const MOST_LEVELS = 32;
const LENGTH_DELIMITED = 2;

/** Hands the fields of a message to `field`, up to `end`. What it does not read is skipped. */
function fields(pbf: PbfReader, end: number, field: (number: number) => void): void {
  pbf.readFields((number) => {
    if (pbf.type === LENGTH_DELIMITED) {
      const start = pbf.pos;
      const length = pbf.readVarint();
      if (length > end - pbf.pos) throw new Error(`a field of ${length} bytes at ${start} where ${Math.max(0, end - pbf.pos)} are left`);
      pbf.pos = start;
    }
    field(number);
  }, undefined, end);
  if (pbf.pos !== end) throw new Error(`a message that ends at ${pbf.pos} instead of ${end}`);
}

/** The end of the message that follows. */
function endOf(pbf: PbfReader): number {
  if (pbf.type !== LENGTH_DELIMITED) throw new Error(`a number at ${pbf.pos} where a message belongs`);
  return pbf.readVarint() + pbf.pos;
}

function model(pbf: PbfReader): ModelProto {
  const read: ModelProto = { producer: "", graph: undefined, opsets: new Map(), functions: [] };
  fields(pbf, pbf.length, (field) => {
    if (field === 2) read.producer = pbf.readString();
    else if (field === 7) read.graph = graph(pbf, endOf(pbf), 0);
    else if (field === 8) opset(pbf, endOf(pbf), read.opsets);
    else if (field === 25) read.functions.push(definition(pbf, endOf(pbf)));
  });
  return read;
}

function opset(pbf: PbfReader, end: number, into: Map<string, number>): void {
  let domain = "", version = 0;
  fields(pbf, end, (field) => {
    if (field === 1) domain = pbf.readString();
    else if (field === 2) version = pbf.readVarint(true);
  });
  into.set(plainDomain(domain), version);
}

function graph(pbf: PbfReader, end: number, level: number): GraphProto {
  if (level > MOST_LEVELS) throw new GraphError(`graphs are nested more than ${MOST_LEVELS} levels deep`);
  const read: GraphProto = { name: "", nodes: [], inputs: [], outputs: [], initializers: [], sparseInitializers: [] };
  fields(pbf, end, (field) => {
    if (field === 1) read.nodes.push(node(pbf, endOf(pbf), level));
    else if (field === 2) read.name = pbf.readString();
    else if (field === 5) read.initializers.push(tensor(pbf, endOf(pbf)));
    else if (field === 11) read.inputs.push(valueInfo(pbf, endOf(pbf)));
    else if (field === 12) read.outputs.push(valueInfo(pbf, endOf(pbf)));
    else if (field === 15) read.sparseInitializers.push(sparseTensor(pbf, endOf(pbf)));
  });
  return read;
}

function definition(pbf: PbfReader, end: number): FunctionProto {
  const read: FunctionProto = { name: "", domain: "", overload: "", inputs: [], outputs: [], defaults: [], nodes: [], opsets: new Map() };
  fields(pbf, end, (field) => {
    if (field === 1) read.name = pbf.readString();
    else if (field === 4) read.inputs.push(pbf.readString());
    else if (field === 5) read.outputs.push(pbf.readString());
    else if (field === 7) read.nodes.push(node(pbf, endOf(pbf), 0));
    else if (field === 9) opset(pbf, endOf(pbf), read.opsets);
    else if (field === 10) read.domain = plainDomain(pbf.readString());
    else if (field === 11) read.defaults.push(attribute(pbf, endOf(pbf), 0));
    else if (field === 13) read.overload = pbf.readString();
  });
  return read;
}

function node(pbf: PbfReader, end: number, level: number): NodeProto {
  const read: NodeProto = { op: "", domain: "", overload: "", name: "", inputs: [], outputs: [], attributes: [] };
  fields(pbf, end, (field) => {
    if (field === 1) read.inputs.push(pbf.readString());
    else if (field === 2) read.outputs.push(pbf.readString());
    else if (field === 3) read.name = pbf.readString();
    else if (field === 4) read.op = pbf.readString();
    else if (field === 5) read.attributes.push(attribute(pbf, endOf(pbf), level));
    else if (field === 7) read.domain = plainDomain(pbf.readString());
    else if (field === 8) read.overload = pbf.readString();
  });
  return read;
}

// ONNX's own operators have two names for their domain.
function plainDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

function attribute(pbf: PbfReader, end: number, level: number): AttributeProto {
  const read: AttributeProto = {
    name: "", type: 0, reference: "", f: undefined, i: undefined, s: undefined, tensor: undefined, sparse: undefined, graph: undefined,
    floats: [], ints: [], strings: [],
  };
  fields(pbf, end, (field) => {
    if (field === 1) read.name = pbf.readString();
    else if (field === 2) read.f = pbf.readFloat();
    else if (field === 3) read.i = pbf.readVarint(true);
    else if (field === 4) read.s = pbf.readString();
    else if (field === 5) read.tensor = tensor(pbf, endOf(pbf));
    else if (field === 6) read.graph = graph(pbf, endOf(pbf), level + 1);
    else if (field === 7) numbers(pbf, read.floats, () => pbf.readFloat());
    else if (field === 8) numbers(pbf, read.ints, () => pbf.readVarint(true));
    else if (field === 9) read.strings.push(pbf.readString());
    else if (field === 20) read.type = pbf.readVarint();
    else if (field === 21) read.reference = pbf.readString();
    else if (field === 22) read.sparse = sparseTensor(pbf, endOf(pbf));
  });
  return read;
}

function tensor(pbf: PbfReader, end: number): TensorProto {
  const read: TensorProto = { name: "", shape: [], type: 0, raw: undefined, numbers: [], external: undefined };
  const external = new Map<string, string>();
  let location = 0;
  fields(pbf, end, (field) => {
    if (field === 1) numbers(pbf, read.shape, () => pbf.readVarint(true));
    else if (field === 2) read.type = pbf.readVarint();
    else if (field === 4 || field === 10) floating(field === 4);
    else if (field === 5 || field === 7) numbers(pbf, read.numbers, () => pbf.readVarint(true));
    else if (field === 8) read.name = pbf.readString();
    else if (field === 9) read.raw = pbf.readBytes();
    else if (field === 11) numbers(pbf, read.numbers, () => pbf.readVarint());
    else if (field === 13) entry(pbf, endOf(pbf), external);
    else if (field === 14) location = pbf.readVarint();
  });
  if (location === 1) read.external = external;
  return read;

  // Packed floats and doubles lie in the file as raw data do.
  function floating(single: boolean): void {
    if (pbf.type === LENGTH_DELIMITED && !read.raw && read.numbers.length === 0) read.raw = pbf.readBytes();
    else numbers(pbf, read.numbers, () => (single ? pbf.readFloat() : pbf.readDouble()));
  }
}

function entry(pbf: PbfReader, end: number, into: Map<string, string>): void {
  let key = "", value = "";
  fields(pbf, end, (field) => {
    if (field === 1) key = pbf.readString();
    else if (field === 2) value = pbf.readString();
  });
  into.set(key, value);
}

function sparseTensor(pbf: PbfReader, end: number): SparseTensorProto {
  const none: TensorProto = { name: "", shape: [], type: 0, raw: undefined, numbers: [], external: undefined };
  const read: SparseTensorProto = { values: none, indices: none, shape: [] };
  fields(pbf, end, (field) => {
    if (field === 1) read.values = tensor(pbf, endOf(pbf));
    else if (field === 2) read.indices = tensor(pbf, endOf(pbf));
    else if (field === 3) numbers(pbf, read.shape, () => pbf.readVarint(true));
  });
  return read;
}

function valueInfo(pbf: PbfReader, end: number): ValueInfoProto {
  const read: ValueInfoProto = { name: "", type: undefined, shape: undefined };
  fields(pbf, end, (field) => {
    if (field === 1) read.name = pbf.readString();
    else if (field === 2) {
      fields(pbf, endOf(pbf), (kind) => {
        if (kind === 1) tensorType(pbf, endOf(pbf), read);
      });
    }
  });
  return read;
}

function tensorType(pbf: PbfReader, end: number, into: ValueInfoProto): void {
  fields(pbf, end, (field) => {
    if (field === 1) into.type = pbf.readVarint();
    else if (field === 2) {
      const shape: (number | string)[] = [];
      into.shape = shape;
      fields(pbf, endOf(pbf), (dim) => {
        if (dim === 1) shape.push(dimension(pbf, endOf(pbf)));
      });
    }
  });
}

function dimension(pbf: PbfReader, end: number): number | string {
  let length: number | string = "?";
  fields(pbf, end, (field) => {
    if (field === 1) length = pbf.readVarint(true);
    else if (field === 2) length = pbf.readString() || "?";
  });
  return length;
}

/** Numbers of a repeated field, packed into one piece or written one by one. */
function numbers(pbf: PbfReader, into: number[], read: () => number): void {
  if (pbf.type !== LENGTH_DELIMITED) {
    into.push(read());
    return;
  }
  const end = endOf(pbf);
  while (pbf.pos < end) into.push(read());
  if (pbf.pos !== end) throw new Error(`packed numbers that end at ${pbf.pos} instead of ${end}`);
}
