// The IDX format, in which MNIST, Fashion-MNIST, KMNIST and EMNIST are published: plain or gzip-compressed.
//
//   0        1        2      3      4                 4 + 4 rank
//   | 0      | 0      | type | rank | rank x uint32   | elements, row-major ...
//
// All numbers are big-endian. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "the IDX file format".

import { type Bytes, toBytes } from "../bytes.ts";
import { format, ShapeError, sizeOf } from "../shape.ts";
import { checkDataset, type ImageDataset } from "./batches.ts";

/** What an IDX file holds. */
export interface IdxArray {
  shape: number[];
  /** The elements in row-major order, in the array that the file's type names. */
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

/**
 * Reads an IDX file. Gzip is recognised and unpacked, never beyond the size that the file's own header announces.
 *
 * @throws TypeError if the bytes are no IDX file, or the compressed data are damaged; RangeError if the file is cut off, has
 *   bytes to spare, or announces more than an array can hold. Nothing of the announced size is allocated before.
 * @example
 * const { shape, data } = await readIdx(await readFile("t10k-labels-idx1-ubyte.gz"));
 */
export async function readIdx(bytes: Bytes): Promise<IdxArray> {
  return read("readIdx", bytes);
}

/** The two files of a dataset, as they are published. */
export interface MnistFiles {
  images: Bytes;
  labels: Bytes;
}

/** Options of `mnist`. */
export interface MnistOptions {
  /** Number of classes, default 10. */
  classes?: number;
}

/**
 * Reads a pair of IDX files as a dataset: images [count, H, W] of bytes, labels [count] of bytes or int32.
 *
 * @throws as `readIdx`; ShapeError if ranks or counts do not fit; RangeError for a label beyond the classes
 * @example
 * const test = await mnist({
 *   images: await readFile("t10k-images-idx3-ubyte.gz"),
 *   labels: await readFile("t10k-labels-idx1-ubyte.gz"),
 * });
 */
export async function mnist(files: MnistFiles, options: MnistOptions = {}): Promise<ImageDataset> {
  const { shape, data: images } = await read("mnist: images", files.images);
  const { shape: labelsShape, data: labels } = await read("mnist: labels", files.labels);
  if (shape.length !== 3) {
    throw new ShapeError(`mnist: images must have 3 axes [count, H, W], they have ${shape.length} (images ${format(shape)})`);
  }
  if (labelsShape.length !== 1) {
    throw new ShapeError(`mnist: labels must have 1 axis [count], they have ${labelsShape.length} (labels ${format(labelsShape)})`);
  }
  const dataset = { images, shape, labels, classes: options.classes ?? 10 } as ImageDataset;
  checkDataset("mnist", dataset);
  return dataset;
}

interface Type {
  readonly bytes: number;
  readonly array: new (length: number) => IdxArray["data"];
  /** Reads one element; DataView's methods are big-endian by default. */
  readonly get: (this: DataView, offset: number) => number;
}

const types: ReadonlyMap<number, Type> = /* @__PURE__ */ new Map<number, Type>([
  [0x08, { bytes: 1, array: Uint8Array, get: DataView.prototype.getUint8 }],
  [0x09, { bytes: 1, array: Int8Array, get: DataView.prototype.getInt8 }],
  [0x0b, { bytes: 2, array: Int16Array, get: DataView.prototype.getInt16 }],
  [0x0c, { bytes: 4, array: Int32Array, get: DataView.prototype.getInt32 }],
  [0x0d, { bytes: 4, array: Float32Array, get: DataView.prototype.getFloat32 }],
  [0x0e, { bytes: 8, array: Float64Array, get: DataView.prototype.getFloat64 }],
]);

// What engines let a typed array hold at least.
const MAX_BYTES = 2 ** 31 - 1;

async function read(op: string, bytes: Bytes): Promise<IdxArray> {
  const source = toBytes(op, bytes);
  const file = source[0] === 0x1f && source[1] === 0x8b ? await inflate(op, source) : source;
  const header = readHeader(op, file);
  if (!header) throw new RangeError(`${op}: the file ends within its header, after ${file.length} bytes`);
  const { type, shape, start, end } = header;
  if (file.length !== end) {
    const what = file.length < end ? "the file is cut off" : "the file has bytes to spare";
    throw new RangeError(`${op}: ${what}: ${file.length} bytes, its header announces ${end} (shape ${format(shape)})`);
  }
  if (type.array === Uint8Array) return { shape, data: file.slice(start) };
  const data = new type.array(sizeOf(shape));
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let i = 0; i < data.length; i++) data[i] = type.get.call(view, start + i * type.bytes);
  return { shape, data };
}

interface Header {
  type: Type;
  shape: number[];
  /** Where the elements start, and where the file must end. */
  start: number;
  end: number;
}

/** Undefined while there are too few bytes to tell. */
function readHeader(op: string, bytes: Uint8Array): Header | undefined {
  if (bytes.length < 4) return undefined;
  const type = types.get(bytes[2]!);
  if (bytes[0] !== 0 || bytes[1] !== 0 || !type) {
    const found = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new TypeError(`${op}: not an IDX file: it starts with ${found}, expected 00 00, a type (08, 09, 0b, 0c, 0d or 0e) and a rank`);
  }
  const rank = bytes[3]!;
  if (rank === 0) throw new RangeError(`${op}: rank must be at least 1, got 0`);
  const start = 4 + 4 * rank;
  if (bytes.length < start) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const end = start + sizeOf(shape) * type.bytes;
  if (end > MAX_BYTES) {
    throw new RangeError(`${op}: the header announces ${end} bytes, at most ${MAX_BYTES} can be read (shape ${format(shape)})`);
  }
  return { type, shape, start, end };
}

// Unpacks piece by piece, and stops as soon as there is more than the header announces: a few bytes can hold gigabytes.
async function inflate(op: string, source: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const reader = new Blob([source]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  let header: Header | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new TypeError(`${op}: the gzip data are damaged or cut off, after ${length} unpacked bytes`, { cause });
      });
      if (done) break;
      pieces.push(value);
      length += value.length;
      header ??= readHeader(op, join(pieces, length));
      if (header && length > header.end) {
        throw new RangeError(`${op}: the file has bytes to spare: its header announces ${header.end} (shape ${format(header.shape)})`);
      }
    }
  } finally {
    // Ends the unpacking where it is; after the last piece, or a failure of its own, there is nothing to end.
    await reader.cancel().catch(() => undefined);
  }
  // The last four bytes of gzip data repeat their unpacked length. Some engines pass over bytes behind them.
  const told = source.length < 4 ? 0 : new DataView(source.buffer, source.byteOffset + source.length - 4, 4).getUint32(0, true);
  if (told !== length) throw new RangeError(`${op}: the gzip data end with a length of ${told}, but ${length} bytes were unpacked`);
  return join(pieces, length);
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
