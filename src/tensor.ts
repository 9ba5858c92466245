// Tensors: a shape, a kind of element, and a block of linear memory.
//
// The shape that everybody sees is logical: maps are [N, C, H, W]. What lies in memory is named by `layout`: "rowMajor" is
// that order itself; "channelsLast" stores [N, H, W, C], an image of channel vectors, which is what the kernels walk along.

// `preserve` puts it into the declarations: users without this lib know no Symbol.dispose.
/// <reference lib="esnext.disposable" preserve="true" />

import { kernels, isDry } from "./runtime/kernels.ts";
import { allocate, asConstant, byteView, checkReadable, countTensor, floats, free, ints } from "./runtime/memory.ts";
import { adopt, forget } from "./scope.ts";
import { checkShape, describe, format, type Shape, ShapeError, sizeOf } from "./shape.ts";

/** Kinds of element. Arithmetic is float32; int32 and uint8 are for indices, labels and pictures. */
export type DType = "float32" | "int32" | "uint8";

/** The JavaScript array for each kind of element. */
export interface Arrays {
  float32: Float32Array<ArrayBuffer>;
  int32: Int32Array<ArrayBuffer>;
  uint8: Uint8Array<ArrayBuffer>;
}

/** Order of the elements in memory. Tensors of other ranks than 3, 4 and 5 are always row-major. */
export type Layout = "rowMajor" | "channelsLast";

/** A block of memory, shared by the tensors that are views of one another. */
class Storage {
  users = 1;
  readonly #bytes: number;
  readonly #what: () => string;
  readonly #initialise: ((ptr: number) => void) | undefined;
  #ptr: number | undefined;

  /** With `initialise` the block is taken at its first use, and filled then. */
  constructor(bytes: number, what: () => string, initialise?: (ptr: number) => void) {
    this.#bytes = bytes;
    this.#what = what;
    this.#initialise = initialise;
    if (!initialise && !isDry()) this.#ptr = allocate(bytes, what);
  }

  /** The block's address; 0 where there is none because shapes alone are computed. */
  get ptr(): number {
    if (this.#ptr === undefined && !isDry()) {
      const ptr = allocate(this.#bytes, this.#what);
      try {
        this.#initialise?.(ptr);
      } catch (error) {
        free(ptr, this.#bytes);
        throw error;
      }
      this.#ptr = ptr;
    }
    return this.#ptr ?? 0;
  }

  /** Memory that somebody else owns. */
  static at(ptr: number): Storage {
    const storage = new Storage(0, String, () => undefined);
    storage.users = Infinity;
    storage.#ptr = ptr;
    return storage;
  }

  release(): void {
    if (--this.users === 0 && this.#ptr !== undefined) free(this.#ptr, this.#bytes);
  }
}

// Frees what no scope freed, when the garbage collector finds that the tensor is gone. It runs between tasks only, so it is
// a net and not a plan: a synchronous loop never reaches it.
const finalizer = new FinalizationRegistry<Storage>((storage) => {
  countTensor(-1);
  storage.release();
});

const views = { float32: floats, int32: ints, uint8: byteView } as const;
const elementBytes = { float32: 4, int32: 4, uint8: 1 } as const;

/** An array of numbers with a shape, in the kernels' memory. Made by `tensor` and by operations. */
export class Tensor<D extends DType = "float32"> {
  /** Logical shape: maps are [N, C, H, W], filters [O, I, KH, KW]. */
  readonly shape: Shape;
  readonly dtype: D;
  /** Order of the elements in memory. `data()` always answers in the order of `shape`. */
  readonly layout: Layout;
  #storage: Storage | undefined;
  #release = false;

  /** @internal Use `tensor`, `empty` or an operation. */
  constructor(shape: Shape, dtype: D, layout: Layout = "rowMajor", storage?: Storage | ((ptr: number) => void)) {
    this.shape = shape;
    this.dtype = dtype;
    this.layout = layout;
    this.#storage =
      storage instanceof Storage ? storage : new Storage(sizeOf(shape) * elementBytes[dtype], () => `a tensor ${format(shape)}`, storage);
    countTensor(1);
    adopt(this);
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Byte address in the kernels' memory. @throws Error after `dispose`. */
  get ptr(): number {
    return this.storage.ptr;
  }

  /** True once the memory has been given back. */
  get disposed(): boolean {
    return this.#storage === undefined;
  }

  /** True if another tensor shares the memory. @internal */
  get shared(): boolean {
    return this.storage.users > 1;
  }

  private get storage(): Storage {
    if (!this.#storage) throw new Error(`tensor ${format(this.shape)} is used after it was disposed`);
    return this.#storage;
  }

  /** Copies the elements out, in the order of `shape` (row-major, NCHW for maps). */
  data(): Arrays[D] {
    if (this.layout === "rowMajor" || isDry()) return this.view().slice() as Arrays[D];
    const { ptr } = this;
    checkReadable(ptr);
    const bytes = this.size * elementBytes[this.dtype];
    const plain = allocate(bytes, () => `a copy of a tensor ${format(this.shape)}`);
    try {
      const [n, c, inner] = channelAxes(this.shape);
      transpose(this.dtype, n, inner, c, ptr, plain);
      return views[this.dtype](plain, this.size).slice() as Arrays[D];
    } finally {
      // The engine may refuse the copy on the host.
      free(plain, bytes);
    }
  }

  /** The elements as they lie in memory. Valid until the memory grows: for immediate use. */
  view(): Arrays[D] {
    if (isDry()) throw new Error(`tensor ${format(this.shape)} has no values while shapes alone are computed (by summary)`);
    const { ptr } = this;
    checkReadable(ptr);
    return views[this.dtype](ptr, this.size) as Arrays[D];
  }

  /** The only element of a tensor of size 1. @throws ShapeError if there are more or fewer. */
  item(): number {
    if (this.size !== 1) throw new ShapeError(`item: the tensor must have 1 element, it has ${this.size} (shape ${format(this.shape)})`);
    return this.view()[0]!;
  }

  /** A tensor with another shape and the same memory; both count as its users. No checks, nothing recorded. @internal */
  alias(shape: Shape = this.shape, layout: Layout = this.layout): Tensor<D> {
    const storage = this.storage;
    storage.users++;
    return new Tensor(shape, this.dtype, layout, storage);
  }

  /** Gives the memory back. Scopes, `gradients` and optimisers do it for what they make; further calls do nothing. */
  dispose(): void {
    const storage = this.#storage;
    if (!storage) return;
    this.#storage = undefined;
    forget(this);
    if (this.#release) finalizer.unregister(this);
    countTensor(-1);
    storage.release();
  }

  /** `using x = tensor(...)` disposes at the end of the block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal No scope owns the tensor any more. */
  release(): void {
    if (!this.#storage || this.#release) return;
    this.#release = true;
    finalizer.register(this, this.#storage, this);
  }

  toString(): string {
    return `Tensor(${this.dtype} ${format(this.shape)}${this.disposed ? ", disposed" : ""})`;
  }
}

/** Numbers nested as deep as the tensor's rank. */
export type Nested = number | readonly Nested[];

/**
 * Makes a tensor by copying numbers in.
 *
 * @param data a typed array or a list in the order of `shape` (row-major; NCHW for maps), or nested lists
 * @param shape lengths of the axes; may be left out for nested lists. `Int32Array` and `Uint8Array` make int32 and uint8
 *   tensors, anything else float32.
 * @throws ShapeError if the shape and the number of elements differ, or nested lists are ragged
 * @example
 * const x = tensor(pixels, [1, 3, 224, 224]);
 * const m = tensor([[1, 2], [3, 4]]);
 */
export function tensor(data: Int32Array, shape?: Shape): Tensor<"int32">;
export function tensor(data: Uint8Array | Uint8ClampedArray, shape?: Shape): Tensor<"uint8">;
export function tensor(data: ArrayLike<number> | Nested, shape?: Shape): Tensor;
export function tensor(data: ArrayLike<number> | Nested, shape?: Shape): Tensor<DType> {
  const values = ArrayBuffer.isView(data) ? (data as unknown as ArrayLike<number>) : flat(data as Nested);
  const lengths = shape ?? (ArrayBuffer.isView(data) ? [values.length] : nestedShape(data as Nested));
  checkShape("tensor", lengths);
  if (values.length !== sizeOf(lengths)) {
    throw new ShapeError(`tensor: data has ${values.length} elements, shape ${format(lengths)} has ${sizeOf(lengths)}`);
  }
  const dtype = data instanceof Int32Array ? "int32" : data instanceof Uint8Array || data instanceof Uint8ClampedArray ? "uint8" : "float32";
  const copy = [...lengths];
  // Maps and volumes lie channels-last from the start, since that is what convolutions read.
  if (dtype !== "float32" || copy.length < 4 || copy.length > 5) return filled(copy, dtype, values);
  const plain = filled(copy, dtype, values);
  try {
    return toLayout(plain, "channelsLast");
  } finally {
    plain.dispose();
  }
}

/** A tensor of undefined content, for a kernel to write. */
export function empty<D extends DType = "float32">(shape: Shape, layout: Layout = "rowMajor", dtype: D = "float32" as D): Tensor<D> {
  return new Tensor(shape, dtype, layout);
}

/** A tensor over memory that somebody else owns, and keeps for as long as the tensor is used. */
export function borrowed<D extends DType>(ptr: number, shape: Shape, layout: Layout, dtype: D): Tensor<D> {
  return new Tensor(shape, dtype, layout, Storage.at(ptr));
}

/** A float32 tensor of zeros. @throws as `tensor` */
export function zeros(shape: Shape): Tensor {
  return full(shape, 0);
}

/** A float32 tensor of ones. @throws as `tensor` */
export function ones(shape: Shape): Tensor {
  return full(shape, 1);
}

/** A float32 tensor with one value everywhere. @throws as `tensor` */
export function full(shape: Shape, value: number): Tensor {
  checkShape("full", shape);
  const y = empty([...shape], defaultLayout(shape));
  kernels().fill(y.size, value, y.ptr);
  return y;
}

/** The layout in which maps and volumes of a rank are made. */
export function defaultLayout(shape: Shape): Layout {
  return shape.length === 4 || shape.length === 5 ? "channelsLast" : "rowMajor";
}

/**
 * The same values in another order of storage; not recorded on a tape (operations use `withLayout`). Shares the memory where
 * both orders are the same, with one channel or one position.
 */
export function toLayout<D extends DType>(x: Tensor<D>, layout: Layout): Tensor<D> {
  const [n, c, inner] = channelAxes(x.shape);
  if (x.layout === layout || c === 1 || inner === 1) return x.alias(x.shape, layout);
  const y = empty(x.shape, layout, x.dtype);
  if (layout === "channelsLast") transpose(x.dtype, n, c, inner, x.ptr, y.ptr);
  else transpose(x.dtype, n, inner, c, x.ptr, y.ptr);
  return y;
}

// The kernel moves elements of 4 bytes. Single bytes are moved here: pictures, once on their way in.
function transpose(dtype: DType, n: number, rows: number, columns: number, x: number, y: number): void {
  if (dtype !== "uint8" || isDry()) return kernels().transpose(n, rows, columns, x, y);
  const size = rows * columns;
  const from = byteView(x, n * size), to = byteView(y, n * size);
  for (let start = 0; start < n * size; start += size) {
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) to[start + j * rows + i] = from[start + i * columns + j]!;
  }
}

// [N, C, everything else].
function channelAxes(shape: Shape): [number, number, number] {
  return [shape[0] ?? 1, shape[1] ?? 1, sizeOf(shape.slice(2))];
}

function filled<D extends DType>(shape: Shape, dtype: D, values: ArrayLike<number>): Tensor<D> {
  return asConstant(() => {
    const y = empty(shape, "rowMajor", dtype);
    y.view().set(values);
    return y;
  });
}

function flat(data: Nested | ArrayLike<number>): ArrayLike<number> {
  if (typeof data === "number") return [data];
  if (!Array.isArray(data)) throw new TypeError(`tensor: data must be numbers, a typed array or nested lists, got ${describe(data)}`);
  return data.some(Array.isArray) ? data.flat(Infinity as 1) as number[] : data as number[];
}

function nestedShape(data: Nested): number[] {
  if (typeof data === "number") return [];
  const inner = data.map(nestedShape);
  const first = inner[0] ?? [];
  if (inner.some((shape) => !(shape.length === first.length && shape.every((length, axis) => length === first[axis])))) {
    throw new ShapeError(`tensor: nested lists are ragged: ${inner.map(format).join(", ")} side by side`);
  }
  return [data.length, ...first];
}

/** Checks that an argument is a tensor of the right kind. */
export function checkTensor(op: string, name: string, value: unknown, dtype: DType = "float32"): void {
  if (!(value instanceof Tensor)) throw new TypeError(`${op}: ${name} must be a tensor, got ${describe(value)}`);
  if (value.dtype !== dtype) throw new TypeError(`${op}: ${name} must be ${dtype}, it is ${value.dtype} (${name} ${format(value.shape)})`);
  if (value.disposed) throw new Error(`${op}: ${name} ${format(value.shape)} is used after it was disposed`);
}
