// Tensors of a file as constants of a graph: floats of every width become float32, integers and conditions doubles.

import { float16 } from "../float16.ts";
import type { Constant, ElementType } from "../graph/graph.ts";
import { GraphError } from "../graph/operator.ts";
import { format, type Shape, sizeOf } from "../shape.ts";
import type { SparseTensorProto, TensorProto } from "./proto.ts";

/**
 * Reads bytes of a file beside the model's.
 *
 * @param location the file's name as the model has it, relative to the model: never absolute, never outside of its folder
 */
export type External = (location: string, offset: number, length: number) => Uint8Array;

/** How numbers of a kind lie in a file. */
interface Kind {
  readonly dtype: ElementType;
  readonly bytes: number;
  /** Element i of raw data. */
  readonly read: (from: DataView, i: number) => number;
  /** The number that a varint means, where it is not the number itself. */
  readonly decode?: (varint: number) => number;
}

// By the numbers of TensorProto.DataType.
const kinds: ReadonlyMap<number, Kind> = new Map([
  [1, { dtype: "float32", bytes: 4, read: (from, i) => from.getFloat32(4 * i, true) }],
  [2, { dtype: "uint8", bytes: 1, read: (from, i) => from.getUint8(i) }],
  [3, { dtype: "int8", bytes: 1, read: (from, i) => from.getInt8(i) }],
  [4, { dtype: "uint16", bytes: 2, read: (from, i) => from.getUint16(2 * i, true) }],
  [5, { dtype: "int16", bytes: 2, read: (from, i) => from.getInt16(2 * i, true) }],
  [6, { dtype: "int32", bytes: 4, read: (from, i) => from.getInt32(4 * i, true) }],
  [7, { dtype: "int64", bytes: 8, read: (from, i) => from.getInt32(8 * i + 4, true) * 2 ** 32 + from.getUint32(8 * i, true) }],
  [9, { dtype: "bool", bytes: 1, read: (from, i) => Math.min(1, from.getUint8(i)) }],
  [10, { dtype: "float16", bytes: 2, read: (from, i) => float16(from.getUint16(2 * i, true)), decode: float16 }],
  [11, { dtype: "float64", bytes: 8, read: (from, i) => from.getFloat64(8 * i, true) }],
  [12, { dtype: "uint32", bytes: 4, read: (from, i) => from.getUint32(4 * i, true) }],
  [13, { dtype: "uint64", bytes: 8, read: (from, i) => from.getUint32(8 * i + 4, true) * 2 ** 32 + from.getUint32(8 * i, true) }],
  [16, { dtype: "bfloat16", bytes: 2, read: (from, i) => bfloat16(from.getUint16(2 * i, true)), decode: bfloat16 }],
] as const satisfies [number, Kind][]);

const unreadable: ReadonlyMap<number, string> = new Map([
  [8, "string"], [14, "complex64"], [15, "complex128"], [17, "float8e4m3fn"], [18, "float8e4m3fnuz"], [19, "float8e5m2"],
  [20, "float8e5m2fnuz"], [21, "uint4"], [22, "int4"], [23, "float4e2m1"],
]);

/** The kind of element with a number in TensorProto.DataType. @throws GraphError if it is not supported; `what` has it */
export function elementType(type: number, what: string): ElementType {
  return kindOf(type, what).dtype;
}

function kindOf(type: number, what: string): Kind {
  const kind = kinds.get(type);
  if (!kind) throw new GraphError(`${what} is of type ${unreadable.get(type) ?? type}, which is not supported`);
  return kind;
}

/** True for the kinds that are computed as float32. */
export function isFloat(dtype: ElementType): boolean {
  return dtype === "float32" || dtype === "float16" || dtype === "bfloat16" || dtype === "float64";
}

// 4 GiB of float32: what the kernels' memory can hold.
const MOST_ELEMENTS = 2 ** 30;

/**
 * The numbers of a tensor. Those of float32 are a view of the file where they lie aligned, and not copied.
 *
 * @param what names the tensor in messages
 * @throws GraphError if kind, shape and numbers do not fit, or lie in another file that is not given
 */
export function readConstant(proto: TensorProto, what: string, external: External | undefined): Constant {
  const kind = kindOf(proto.type, what);
  const { dtype, bytes } = kind;
  const { shape } = proto;
  const size = checkSize(shape, what);
  const raw = proto.external ? outside(proto.external, size * bytes, what, external) : proto.raw;
  if (raw && (proto.external || proto.numbers.length === 0)) {
    if (raw.length !== size * bytes) {
      throw new GraphError(`${what} of shape ${format(shape)} and type ${dtype} needs ${size * bytes} bytes, it has ${raw.length}`);
    }
    return { dtype, shape, data: fromBytes(raw, size, kind) };
  }
  const { numbers } = proto;
  if (numbers.length !== size) throw new GraphError(`${what} of shape ${format(shape)} needs ${size} numbers, it has ${numbers.length}`);
  const decoded = kind.decode ? numbers.map(kind.decode) : numbers;
  return { dtype, shape, data: isFloat(dtype) ? Float32Array.from(decoded) : Float64Array.from(decoded) };
}

function checkSize(shape: Shape, what: string): number {
  const size = sizeOf(shape);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0) || size > MOST_ELEMENTS) {
    throw new GraphError(`${what} has the shape ${format(shape)}, which no tensor can have`);
  }
  return size;
}

function fromBytes(raw: Uint8Array, size: number, { dtype, read }: Kind): Float32Array | Float64Array {
  if (dtype === "float32") {
    // Not raw.slice(): that of a Node Buffer copies nothing.
    const aligned = raw.byteOffset % 4 === 0 ? raw : new Uint8Array(raw);
    return new Float32Array(aligned.buffer as ArrayBuffer, aligned.byteOffset, size);
  }
  const data = isFloat(dtype) ? new Float32Array(size) : new Float64Array(size);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let i = 0; i < size; i++) data[i] = read(view, i);
  return data;
}

function outside(entries: ReadonlyMap<string, string>, bytes: number, what: string, external: External | undefined): Uint8Array {
  const location = entries.get("location") ?? "", file = JSON.stringify(location);
  const offset = Number(entries.get("offset") ?? 0), length = Number(entries.get("length") ?? bytes);
  const escapes = /^([/\\]|[a-z]+:)/i.test(location) || location.split(/[/\\]/).includes("..") || location.includes("\0");
  if (location === "" || escapes) throw new GraphError(`${what} lies in the file ${file}, which is not beside the model`);
  if (!Number.isSafeInteger(offset) || offset < 0 || length !== bytes) {
    throw new GraphError(`${what} lies in the file ${file} at ${offset} and has ${length} bytes, it needs ${bytes}`);
  }
  if (!external) throw new GraphError(`${what} lies in the file ${file}: give the option external, which reads it`);
  const read: unknown = external(location, offset, length);
  if (!(read instanceof Uint8Array)) throw new GraphError(`${what} lies in the file ${file}: external must return a Uint8Array`);
  return read;
}

/** A sparse tensor's numbers with the zeros between them. */
export function readSparse({ values, indices, shape }: SparseTensorProto, what: string, external: External | undefined): Constant {
  const { dtype, data } = readConstant(values, what, external);
  const at = readConstant(indices, `${what}, indices`, external);
  const size = checkSize(shape, what), rank = at.shape.length === 2 ? shape.length : 1;
  // Few numbers may announce a huge tensor.
  if (size > MOST_SPARSE) throw new GraphError(`${what} has ${size} elements; sparse tensors of up to ${MOST_SPARSE} are supported`);
  if (at.data.length !== data.length * rank) {
    throw new GraphError(`${what} has ${data.length} numbers and ${at.data.length} indices (shape ${format(shape)})`);
  }
  const dense = isFloat(dtype) ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < data.length; i++) {
    let flat = rank === 1 ? at.data[i]! : 0;
    if (rank !== 1) for (let axis = 0; axis < rank; axis++) flat = flat * shape[axis]! + at.data[i * rank + axis]!;
    if (!Number.isInteger(flat) || flat < 0 || flat >= size) {
      throw new GraphError(`${what} has the index ${flat}, beyond its ${size} elements (shape ${format(shape)})`);
    }
    dense[flat] = data[i]!;
  }
  return { dtype, shape, data: dense };
}

const MOST_SPARSE = 2 ** 24;

const bits = new Uint32Array(1), single = new Float32Array(bits.buffer);

// bfloat16 is the upper half of a float32.
function bfloat16(upper: number): number {
  bits[0] = upper << 16;
  return single[0]!;
}
