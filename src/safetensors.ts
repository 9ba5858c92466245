// The safetensors format: named tensors in one file, read and written by PyTorch and most others without running any code.
//
//   0              8                                8 + N
//   | N: uint64    | JSON header of N bytes          | data ...
//
//   {"__metadata__": {"key": "value"}, "conv.weight": {"dtype": "F32", "shape": [8, 1, 3, 3], "data_offsets": [0, 288]}}
//
// Little-endian, row-major; offsets count from the start of the data, which the tensors fill without holes.
// Source: https://github.com/huggingface/safetensors, README, section "Format".

import { type Bytes, toBytes } from "./bytes.ts";
import { float16 } from "./float16.ts";
import { scope } from "./scope.ts";
import { checkShape, describe, format, type Shape, ShapeError, sizeOf } from "./shape.ts";
import { type Arrays, defaultLayout, type DType, empty, Tensor, toLayout } from "./tensor.ts";

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, Tensor<DType>> | Readonly<Record<string, Tensor<DType>>>;

/**
 * Writes tensors as a safetensors file. Values stand in the order of each tensor's shape (NCHW, OIHW); tensors in the order
 * given, but uint8 after all others, so that every number is aligned.
 *
 * @param tensors a map or an object from names to tensors of any dtype
 * @param metadata texts to store beside them
 * @throws TypeError for what is no tensor or no text, and for the name "__metadata__"; Error for a disposed tensor
 * @example
 * const bytes = toSafetensors({ "conv.weight": w, "conv.bias": b }, { epoch: "3" });
 */
export function toSafetensors(tensors: NamedTensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
  const op = "toSafetensors";
  if (!isObject(tensors)) throw new TypeError(`${op}: tensors must be a map or an object, got ${describe(tensors)}`);
  const entries = [...(tensors instanceof Map ? tensors : Object.entries(tensors))] as [string, Tensor<DType>][];
  for (const [name, x] of entries) {
    if (typeof name !== "string") throw new TypeError(`${op}: names must be strings, got ${describe(name)}`);
    if (name === METADATA) throw new TypeError(`${op}: no tensor can be named ${METADATA}: the format keeps that name for texts`);
    if (!(x instanceof Tensor)) throw new TypeError(`${op}: ${JSON.stringify(name)} must be a tensor, got ${describe(x)}`);
    if (x.disposed) throw new Error(`${op}: ${JSON.stringify(name)} ${format(x.shape)} is used after it was disposed`);
  }
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== "string") throw new TypeError(`${op}: metadata ${JSON.stringify(key)} must be a string, got ${describe(text)}`);
  }
  entries.sort(([, a], [, b]) => written[b.dtype].bytes - written[a.dtype].bytes);

  // Written piece by piece: an object would move names that look like integers to the front, and lose "__proto__".
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"${METADATA}":${JSON.stringify(metadata)}`);
  let end = 0;
  for (const [name, x] of entries) {
    const { code, bytes } = written[x.dtype];
    const start = end;
    end += x.size * bytes;
    fields.push(`${JSON.stringify(name)}:{"dtype":"${code}","shape":[${x.shape.join(",")}],"data_offsets":[${start},${end}]}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  // Spaces behind the header align the data to 8 bytes.
  const length = Math.ceil(header.length / 8) * 8;
  const file = new Uint8Array(8 + length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.fill(SPACE, 8, 8 + length).set(header, 8);
  let at = 8 + length;
  for (const [, x] of entries) {
    const data = x.data();
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file. F32, F16, BF16 and F64 become float32 (F64 is rounded), I32 and I64 int32, U8 uint8.
 *
 * The whole header is checked before the first tensor is made; if reading fails, nothing stays behind.
 *
 * @returns tensors by name, in the order of their data. They are the caller's: a scope around frees them, or `dispose`.
 * @throws TypeError if the bytes are no safetensors file or hold another dtype; ShapeError if a shape and its number of bytes
 *   differ; RangeError if the file is cut off, offsets leave holes, overlap or lie outside, or an I64 does not fit into int32
 * @example
 * const tensors = fromSafetensors(await readFile("model.safetensors"));
 * tensors.get("conv.weight");
 */
export function fromSafetensors(bytes: Bytes): Map<string, Tensor<DType>> {
  const file = toBytes("fromSafetensors", bytes);
  const { entries, start } = readHeader(file);
  return scope(() => new Map(entries.map((entry) => [entry.name, readTensor(entry, file, start)])));
}

/** Reads only the texts that a safetensors file stores beside its tensors. @throws as `fromSafetensors` */
export function safetensorsMetadata(bytes: Bytes): Map<string, string> {
  return readHeader(toBytes("safetensorsMetadata", bytes)).metadata;
}

const METADATA = "__metadata__";
const BRACE = 0x7b;
const SPACE = 0x20;
/** The format's own limit for the header. */
const MAX_HEADER_BYTES = 100_000_000;

const written: Record<DType, { code: string; bytes: number }> = {
  float32: { code: "F32", bytes: 4 },
  int32: { code: "I32", bytes: 4 },
  uint8: { code: "U8", bytes: 1 },
};

/** How the elements of one dtype are read. `into` fills the tensor's memory from the file. */
interface Kind {
  readonly dtype: DType;
  readonly bytes: number;
  readonly into: (to: Arrays[DType], from: DataView) => void;
}

const kinds: ReadonlyMap<string, Kind> = /* @__PURE__ */ new Map<string, Kind>([
  ["F32", { dtype: "float32", bytes: 4, into: copy }],
  ["I32", { dtype: "int32", bytes: 4, into: copy }],
  ["U8", { dtype: "uint8", bytes: 1, into: copy }],
  ["F16", { dtype: "float32", bytes: 2, into: (to, from) => each(to, (i) => float16(from.getUint16(2 * i, true))) }],
  ["BF16", { dtype: "float32", bytes: 2, into: brain }],
  ["F64", { dtype: "float32", bytes: 8, into: (to, from) => each(to, (i) => from.getFloat64(8 * i, true)) }],
  ["I64", { dtype: "int32", bytes: 8, into: (to, from) => each(to, (i) => small(from, i)) }],
]);

interface Entry {
  readonly name: string;
  readonly kind: Kind;
  readonly shape: Shape;
  /** Where the data lie, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

// Errors speak of the file, not of the function: all readers share them.
const OP = "safetensors";

function readHeader(file: Uint8Array<ArrayBuffer>): { entries: Entry[]; metadata: Map<string, string>; start: number } {
  if (file.length < 8) throw new RangeError(`${OP}: the file has ${file.length} bytes, 8 give the header's length`);
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw new RangeError(`${OP}: the header has ${length} bytes, at most ${MAX_HEADER_BYTES} are allowed`);
  const start = 8 + length;
  if (start > file.length) throw new RangeError(`${OP}: the file is cut off: ${file.length} bytes, its header ends at ${start}`);
  if (file[8] !== BRACE || length === 0) throw new TypeError(`${OP}: the header must start with {`);
  const header = parse(file.subarray(8, start));

  const entries: Entry[] = [];
  let metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata = checkMetadata(value);
    else entries.push(checkEntry(name, value));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      const what = entry.begin > end ? "leaves a hole before" : "overlaps what is before";
      throw new RangeError(`${OP}: ${JSON.stringify(entry.name)} ${what} its data: they begin at ${entry.begin}, expected ${end}`);
    }
    end = entry.end;
  }
  if (start + end !== file.length) {
    throw new RangeError(`${OP}: the tensors fill ${end} bytes, the file has ${file.length - start} behind its header`);
  }
  return { entries, metadata, start };
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`${OP}: the header is no JSON: ${(cause as Error).message}`, { cause });
  }
  checkNames(text);
  // It starts with a brace, so it is an object.
  return header as Record<string, unknown>;
}

// JSON.parse keeps the last of equal names. In text that it has accepted, the strings in front of a colon are the names.
function checkNames(text: string): void {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "{") open.push(new Set());
    else if (character === "}") open.pop();
    else if (character === '"') {
      const from = i++;
      while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      const to = i + 1;
      while (/\s/.test(text[i + 1] ?? "")) i++;
      if (text[i + 1] !== ":") continue;
      const name = JSON.parse(text.slice(from, to)) as string;
      const names = open.at(-1)!;
      if (names.has(name)) throw new TypeError(`${OP}: the header has the name ${JSON.stringify(name)} twice`);
      names.add(name);
    }
  }
}

function checkMetadata(value: unknown): Map<string, string> {
  if (!isObject(value)) throw new TypeError(`${OP}: ${METADATA} must be an object, got ${describe(value)}`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw new TypeError(`${OP}: ${METADATA} ${JSON.stringify(key)} must be a string, got ${describe(text)}`);
  }
  return new Map(Object.entries(value) as [string, string][]);
}

function checkEntry(name: string, value: unknown): Entry {
  const op = `${OP}: ${JSON.stringify(name)}`;
  if (!isObject(value)) throw new TypeError(`${op} must be an object, got ${describe(value)}`);
  const { dtype, shape, data_offsets: offsets } = value as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const kind = typeof dtype === "string" ? kinds.get(dtype) : undefined;
  if (!kind) throw new TypeError(`${op}: dtype must be one of ${[...kinds.keys()].join(", ")}, got ${describe(dtype)}`);
  checkShape(op, shape as Shape);
  if (!Array.isArray(offsets) || offsets.length !== 2) {
    throw new TypeError(`${op}: data_offsets must be a list of 2, got ${describe(offsets)}`);
  }
  const [begin, end] = offsets as [unknown, unknown];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || (begin as number) < 0 || (end as number) < (begin as number)) {
    throw new RangeError(`${op}: data_offsets must be integers with 0 <= begin <= end, got ${describe(begin)} and ${describe(end)}`);
  }
  const entry = { name, kind, shape: shape as Shape, begin: begin as number, end: end as number };
  const expected = sizeOf(entry.shape) * kind.bytes, found = entry.end - entry.begin;
  if (found !== expected) {
    throw new ShapeError(`${op}: ${dtype} ${format(entry.shape)} has ${expected} bytes, data_offsets [${begin}, ${end}] hold ${found}`);
  }
  return entry;
}

function readTensor({ name, kind, shape, begin, end }: Entry, file: Uint8Array<ArrayBuffer>, start: number): Tensor<DType> {
  const plain = empty(shape, "rowMajor", kind.dtype);
  try {
    kind.into(plain.view(), new DataView(file.buffer, file.byteOffset + start + begin, end - begin));
  } catch (cause) {
    throw new RangeError(`${OP}: ${JSON.stringify(name)}: ${(cause as Error).message}`, { cause });
  }
  const layout = defaultLayout(shape);
  if (kind.dtype !== "float32" || layout === plain.layout) return plain;
  const x = toLayout(plain, layout);
  plain.dispose();
  return x;
}

// The kernels' memory is little-endian, as the file is: the bits go over as they are, those of NaN too.
function copy(to: Arrays[DType], from: DataView): void {
  new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(new Uint8Array(from.buffer, from.byteOffset, from.byteLength));
}

// bfloat16 is the upper half of a float32.
function brain(to: Arrays[DType], from: DataView): void {
  each(new Uint32Array(to.buffer, to.byteOffset, to.length), (i) => from.getUint16(2 * i, true) << 16);
}

function small(from: DataView, i: number): number {
  const value = from.getInt32(8 * i, true);
  if (from.getInt32(8 * i + 4, true) !== value >> 31) {
    throw new RangeError(`element ${i} is ${from.getBigInt64(8 * i, true)}, beyond int32`);
  }
  return value;
}

function each(to: { length: number; [index: number]: number }, value: (i: number) => number): void {
  for (let i = 0; i < to.length; i++) to[i] = value(i);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
