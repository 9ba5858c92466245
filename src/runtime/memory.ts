// The linear memory that tensors and kernels share: who may use which bytes. Kernels never allocate.
//
// Blocks come from a bump pointer, in size classes; a freed block goes to its class's list and is handed out again first.
// WebAssembly memory cannot shrink, so what matters is that a program which does the same work twice finds all the blocks
// of the first time in the lists of the second.

const PAGE_BYTES = 65536;
/** The first page holds the kernels' constant tables; address 0 is never handed out. */
const HEAP_START = PAGE_BYTES + 3648;
/** Where the geometry of the window that the next kernel call reads is written: 128 bytes. */
export const WINDOW_PTR: number = PAGE_BYTES;
/** Where the axes of the next strided movement are written: 128 bytes behind the window. */
export const STRIDES_PTR: number = PAGE_BYTES + 128;
/** Where the geometry of the next broadcast is written, with its scratch: 3328 bytes. */
export const BROADCAST_PTR: number = PAGE_BYTES + 256;
/** Where the epilogue of the next kernel call is written: 64 bytes in front of the heap. */
export const EPILOGUE_PTR: number = PAGE_BYTES + 3584;
/** Vector loads may reach this far past the end of the last block. */
const SLACK_BYTES = 64;
const MAX_BYTES = 65536 * PAGE_BYTES;

/** @internal Another one from `shareMemory` on. */
export let wasmMemory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 16 });

const freed = new Map<number, number[]>();
let top = HEAP_START;
let limit = MAX_BYTES;
let bytes = 0;
let blocks = 0;
let tensors = 0;

/** What is alive, in bytes and pieces. */
export interface MemoryReport {
  /** Tensors that own or share memory. */
  tensors: number;
  /** Bytes in use, size classes' rounding included. */
  bytes: number;
  /** Separate blocks in use. */
  blocks: number;
  /** Bytes of the WebAssembly memory. It never shrinks: what is freed is used again. */
  capacity: number;
}

/** Reports what is alive in the WebAssembly memory. A training loop that leaks shows here: the numbers grow. */
export function memory(): MemoryReport {
  return { tensors, bytes, blocks, capacity: wasmMemory.buffer.byteLength };
}

/** Counts tensors for `memory()`. */
export function countTensor(change: 1 | -1): void {
  tensors += change;
}

/** Sets the most bytes that the memory may grow to. */
export function setMemoryLimit(value: number): void {
  if (!Number.isInteger(value) || value < PAGE_BYTES || value > MAX_BYTES) {
    throw new RangeError(`init: memoryLimit must be an integer from ${PAGE_BYTES} to ${MAX_BYTES} bytes, got ${value}`);
  }
  // The memory grows by whole pages.
  limit = Math.floor(value / PAGE_BYTES) * PAGE_BYTES;
}

/** What takes the place of the heap while calls are captured (`capture.ts`). */
export interface Recorder {
  allocate(size: number): number;
  free(ptr: number, size: number): void;
  /** Runs `fn`, whose blocks keep what is written into them now. */
  asConstant<T>(fn: () => T): T;
  /** Refuses an address whose content only a run brings. */
  checkReadable(ptr: number): void;
  /** Takes a block that keeps what is written into it now. */
  constant(size: number): number;
  /** Where a struct of `size` bytes that the next call reads is written, instead of at `ptr`. */
  struct(ptr: number, size: number): number;
  /** True if the tensor at `source` is the same in every run. */
  keeps(source: number): boolean;
  /** The prepared form of a tensor that is the same in every run; undefined for any other. */
  prepared(source: number, form: string, floats: number, prepare: (buffer: number) => void): number | undefined;
}

let recorder: Recorder | undefined;

/** Runs `fn` with blocks from `instead`, or from the heap where it is undefined. */
export function withRecorder<T>(instead: Recorder | undefined, fn: () => T): T {
  const outer = recorder;
  recorder = instead;
  try {
    return fn();
  } finally {
    recorder = outer;
  }
}

/**
 * Takes a block of at least `size` bytes, aligned to 16. Its content is undefined.
 *
 * @param what names the request in the error, for instance "a tensor [8, 3, 32, 32]"
 * @throws RangeError when the memory cannot grow to hold it; nothing is changed then.
 */
export function allocate(size: number, what: () => string): number {
  if (recorder) return recorder.allocate(size);
  const ptr = borrow(size);
  if (ptr === undefined) throw new OutOfMemory(size, what());
  bytes += sizeClass(size);
  blocks++;
  return ptr;
}

/** Gives back a block that `allocate(size)` returned. */
export function free(ptr: number, size: number): void {
  if (recorder) return recorder.free(ptr, size);
  giveBack(ptr, size);
  bytes -= sizeClass(size);
  blocks--;
}

/** As `allocate`, but undefined where there is no room, and not counted: for what belongs to the runtime and to no operation. */
export function borrow(size: number): number | undefined {
  const wanted = sizeClass(size);
  const ptr = take(wanted);
  if (ptr !== undefined) return ptr;
  join();
  return take(wanted);
}

/** Gives back a block that `borrow(size)` returned. */
export function giveBack(ptr: number, size: number): void {
  put(ptr, sizeClass(size));
}

/** True if the memory can be seen by other threads. */
export function isShared(): boolean {
  return !(wasmMemory.buffer instanceof ArrayBuffer);
}

/**
 * Moves everything into a memory that other threads can see, at the same addresses. What was compiled for the old one must be compiled
 * anew, before anything else is done.
 */
export function shareMemory(): void {
  if (isShared()) return;
  const initial = wasmMemory.buffer.byteLength / PAGE_BYTES;
  const shared = sharedMemory(initial, limit / PAGE_BYTES);
  new Uint8Array(shared.buffer).set(new Uint8Array(wasmMemory.buffer));
  wasmMemory = shared;
}

// Engines set the addresses aside for all that a shared memory may grow to, and small devices do not have as many.
function sharedMemory(initial: number, maximum: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial, maximum, shared: true });
  } catch (error) {
    if (maximum <= initial) throw error;
    return sharedMemory(initial, Math.max(initial, Math.floor(maximum / 2)));
  }
}

/**
 * Lends buffers to `fn` and takes them back when it returns or throws.
 *
 * @param sizes floats in each buffer
 * @param fn gets the buffers' addresses, each aligned to 16 bytes
 */
export function withScratch<T>(sizes: readonly number[], fn: (...ptrs: number[]) => T): T {
  const starts: number[] = [];
  let total = 0;
  for (const size of sizes) {
    starts.push(total);
    total += Math.ceil(unsigned(size) / 4) * 16;
  }
  const base = allocate(total, () => "scratch buffers");
  try {
    return fn(...starts.map((start) => base + start));
  } finally {
    free(base, total);
  }
}

// Kernels tell sizes in 32 bits, which the host reads as signed: without this, the largest would be blocks of 16 bytes.
function unsigned(size: number): number {
  return size < 0 ? size + 2 ** 32 : size;
}

/**
 * Lends `use` a buffer that holds the tensor at `source` in another form: packed, turned, transformed.
 *
 * @param source address of the tensor
 * @param form names the form; two forms of one tensor have different names
 * @param floats length of the buffer
 * @param prepare fills the buffer from the tensor
 */
export function withPrepared<T>(source: number, form: string, floats: number, prepare: (buffer: number) => void, use: (buffer: number) => T): T {
  const ready = recorder?.prepared(source, form, unsigned(floats), prepare);
  if (ready !== undefined) return use(ready);
  return withScratch([floats], (buffer) => {
    prepare(buffer!);
    return use(buffer!);
  });
}

/** Runs `fn`, which copies numbers into a new tensor: where calls are captured for later, they stay as they are. */
export function asConstant<T>(fn: () => T): T {
  return recorder ? recorder.asConstant(fn) : fn();
}

/** Refuses to read memory that only a later run fills. */
export function checkReadable(ptr: number): void {
  recorder?.checkReadable(ptr);
}

/** Where a struct is written for the next kernel call: at its place, of `size` bytes, unless calls are captured for later. */
export function structPtr(place: number, size: number): number {
  return recorder ? recorder.struct(place, size) : place;
}

/** Lends `use` a table of `words` 32-bit numbers that `write` fills on the host. */
export function withTable<T>(words: number, write: (table: number) => void, use: (table: number) => T): T {
  const filled = (table: number): T => {
    write(table);
    return use(table);
  };
  return recorder ? filled(recorder.constant(words * 4)) : withScratch([words], (table) => filled(table!));
}

/** True if the prepared forms of the tensor at `source` are made once for many calls. */
export function keepsPrepared(source: number): boolean {
  return recorder?.keeps(source) ?? false;
}

/** A view of `length` floats. Valid until the memory grows: make it anew for every use. */
export function floats(ptr: number, length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(wasmMemory.buffer, ptr, length);
}

/** A view of `length` 32-bit integers, valid like `floats`. */
export function ints(ptr: number, length: number): Int32Array<ArrayBuffer> {
  return new Int32Array(wasmMemory.buffer, ptr, length);
}

/** A view of `length` bytes, valid like `floats`. */
export function byteView(ptr: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(wasmMemory.buffer, ptr, length);
}

// Multiples of 16 up to 128 bytes, then eight classes to a power of two: at most an eighth of a block is lost.
function sizeClass(size: number): number {
  const step = size <= 128 ? 16 : 2 ** (28 - Math.clz32(size - 1));
  return Math.max(16, Math.ceil(size / step) * step);
}

// A block of its class, else fresh memory, else a part of a larger block.
function take(wanted: number): number | undefined {
  const ptr = freed.get(wanted)?.pop();
  if (ptr !== undefined) return ptr;
  if (!reserve(top + wanted + SLACK_BYTES)) return split(wanted);
  top += wanted;
  return top - wanted;
}

function put(ptr: number, size: number): void {
  const list = freed.get(size);
  if (list) list.push(ptr);
  else freed.set(size, [ptr]);
}

// Where the memory cannot grow: cuts the smallest larger block that is free.
function split(wanted: number): number | undefined {
  let smallest = Infinity;
  for (const [size, list] of freed) if (size > wanted && list.length > 0) smallest = Math.min(smallest, size);
  const ptr = freed.get(smallest)?.pop();
  if (ptr !== undefined) putRun(ptr + wanted, smallest - wanted);
  return ptr;
}

// The last resort: free neighbours become one run again, and the last one goes back to fresh memory.
function join(): void {
  const runs = [...freed].flatMap(([size, list]) => list.map((ptr) => ({ ptr, size }))).sort((a, b) => a.ptr - b.ptr);
  freed.clear();
  let start = HEAP_START, end = HEAP_START;
  for (const { ptr, size } of runs) {
    if (ptr !== end) {
      putRun(start, end - start);
      start = ptr;
    }
    end = ptr + size;
  }
  if (end === top) top = start;
  else putRun(start, end - start);
}

// Lists hold exact classes: a run goes into them in pieces, the largest first.
function putRun(ptr: number, size: number): void {
  while (size > 0) {
    const step = Math.max(16, 2 ** (28 - Math.clz32(size)));
    const piece = Math.floor(size / step) * step;
    put(ptr, piece);
    ptr += piece;
    size -= piece;
  }
}

function reserve(end: number): boolean {
  const capacity = wasmMemory.buffer.byteLength;
  if (end <= capacity) return true;
  if (end > limit) return false;
  // An eighth more than needed, so that a growing program does not grow the memory at every step.
  const generous = Math.min(limit, Math.max(end, capacity + capacity / 8));
  return grow(Math.ceil((generous - capacity) / PAGE_BYTES)) || grow(Math.ceil((end - capacity) / PAGE_BYTES));
}

function grow(pages: number): boolean {
  try {
    wasmMemory.grow(pages);
    return true;
  } catch {
    return false;
  }
}

/** What `allocate` throws: the fault of no argument, so that nobody who names one makes another error of it. */
export class OutOfMemory extends RangeError {
  constructor(size: number, what: string) {
    super(
      `out of memory: ${size} bytes for ${what}; ${tensors} tensors hold ${bytes} bytes of at most ${limit}. ` +
        "scope(fn) frees the tensors that fn makes",
    );
  }
}
