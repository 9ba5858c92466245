// Capture: operations run once without computing anything, and what they would have done is noted, kernel call by kernel call.
// Played back, the list does the same work again on whatever then lies in the same memory: no checks, no allocation, no objects.
//
// Two rounds over the same program. The first notes when each block is taken and given back; the blocks are then laid out in one
// arena, where those that are never alive together share memory. The second knows every block's address and notes the calls.
// What is computed must not decide what is called: a program that asks for numbers which only a run brings is refused.

import { arenaLayout, type Block } from "./arena.ts";
import { type Kernels, kernels, withKernels } from "./kernels.ts";
import { allocate, free, ints, type Recorder, withRecorder } from "./memory.ts";

/** Thrown while calls are captured, where a program needs numbers that only a run brings. */
export class Unplanned extends Error {}

/** One kernel call with all its arguments. */
export type Call = () => void;

/** Forms of constant tensors that calls read (packed filters and the like), shared by all captures of one owner. */
export interface PreparedForms {
  /** The address of a form that was made before; undefined if there is none yet. */
  get(source: number, form: string): number | undefined;
  /** True if the tensor at `source` is the same in every run, so that its forms can be kept. */
  has(source: number): boolean;
  set(source: number, form: string, ptr: number, bytes: number): void;
}

/** Kernel calls to be played back, and the memory that they use. */
export interface Captured {
  readonly calls: readonly Call[];
  /** Bytes of the arena, in which everything lies that a run computes. */
  readonly arenaBytes: number;
  /** True if a call was noted that has an address inside a piece of memory as argument. */
  reads(ptr: number, bytes: number): boolean;
  /** Gives all memory back. */
  dispose(): void;
}

let current: Capture | undefined;

/** True while calls are noted instead of made. */
export function isCapturing(): boolean {
  return current !== undefined;
}

/** Number of calls noted so far. */
export function callsNoted(): number {
  return current?.calls.length ?? 0;
}

/** Runs `fn`, whose first block shares the memory at `ptr` if it has exactly `bytes`: for operations that may write over what they read. */
export function overwriting<T>(ptr: number, bytes: number, fn: () => T): T {
  return current ? current.overwriting(ptr, bytes, fn) : fn();
}

/** Runs `fn` for real, on the heap, though a capture may be open: what it makes is the same in every run. */
export function uncaptured<T>(fn: () => T): T {
  const outer = current;
  current = undefined;
  try {
    return withRecorder(undefined, () => withKernels(undefined, fn));
  } finally {
    current = outer;
  }
}

/**
 * Captures the kernel calls of `program`, which is run twice and must do the same both times.
 *
 * @returns the calls, and what the second run of the program returned
 */
export function captured<T>(program: () => T, forms: PreparedForms): { captured: Captured; result: T } {
  const measured = new Capture(forms);
  try {
    measured.run(program);
  } finally {
    measured.dispose();
  }
  const noted = new Capture(forms, measured.blocks, measured.order);
  try {
    const result = noted.run(program);
    return { captured: noted, result };
  } catch (error) {
    noted.dispose();
    throw error;
  }
}

// Addresses of the first round: no memory reaches so far, so that reading one fails.
const NOWHERE = 2 ** 40;

class Capture implements Recorder, Captured {
  readonly calls: Call[] = [];
  readonly blocks: Block[];
  /** For every allocation in turn, its block. */
  readonly order: Block[];
  readonly arenaBytes: number = 0;
  readonly #forms: PreparedForms;
  readonly #noting: boolean;
  readonly #kernels: Kernels;
  readonly #arena: number = 0;
  /** Blocks in use, by address. */
  readonly #alive = new Map<number, { block: Block; users: number }>();
  /** Memory outside of the arena: copied numbers and structs. */
  readonly #constants = new Map<number, number>();
  readonly #structs: { ptr: number; size: number }[] = [];
  readonly #arguments = new Set<number>();
  #allocations = 0;
  #time = 0;
  #end = 0;
  /** The block that the next allocation shares. */
  #next: { ptr: number; bytes: number } | undefined;
  #constant = false;

  constructor(forms: PreparedForms, blocks: Block[] = [], order?: Block[]) {
    this.#forms = forms;
    this.blocks = blocks;
    this.order = order ?? [];
    this.#noting = order !== undefined;
    const real = kernels();
    this.#kernels = new Proxy({} as Kernels, { get: (_, name) => this.#stand(name as string & keyof Kernels, real) });
    if (!order) return;
    this.arenaBytes = arenaLayout(blocks);
    this.#arena = allocate(this.arenaBytes, () => "the maps of a plan");
  }

  run<T>(program: () => T): T {
    const outer = current;
    current = this;
    try {
      return withRecorder(this, () => withKernels(this.#kernels, program));
    } finally {
      current = outer;
    }
  }

  allocate(size: number): number {
    if (this.#constant) return this.constant(size);
    // Empty blocks too have an address of their own.
    size = Math.max(size, 16);
    const time = ++this.#time;
    const shared = this.#next?.bytes === size ? this.#alive.get(this.#next.ptr) : undefined;
    this.#next = undefined;
    if (shared) {
      shared.users++;
      this.#allocations++;
      if (!this.#noting) this.order.push(shared.block);
      return this.#addressOf(shared.block);
    }
    let block: Block;
    if (this.#noting) {
      block = this.order[this.#allocations]!;
    } else {
      block = { size, from: time, to: Infinity, offset: this.#end };
      this.#end += size;
      this.blocks.push(block);
      this.order.push(block);
    }
    this.#allocations++;
    const ptr = this.#addressOf(block);
    this.#alive.set(ptr, { block, users: 1 });
    return ptr;
  }

  free(ptr: number, size: number): void {
    // Copied numbers are read by every run.
    if (this.#constants.has(ptr)) return;
    const alive = this.#alive.get(ptr);
    if (!alive) return uncaptured(() => free(ptr, size));
    if (--alive.users > 0) return;
    this.#alive.delete(ptr);
    if (!this.#noting) alive.block.to = ++this.#time;
  }

  keeps(source: number): boolean {
    return this.#forms.has(source);
  }

  prepared(source: number, form: string, floats: number, prepare: (buffer: number) => void): number | undefined {
    if (!this.keeps(source)) return undefined;
    const bytes = Math.max(16, floats * 4);
    const ready = this.#forms.get(source, form);
    if (ready !== undefined) return ready;
    return uncaptured(() => {
      const ptr = allocate(bytes, () => "prepared weights");
      try {
        prepare(ptr);
      } catch (error) {
        free(ptr, bytes);
        throw error;
      }
      this.#forms.set(source, form, ptr, bytes);
      return ptr;
    });
  }

  overwriting<T>(ptr: number, bytes: number, fn: () => T): T {
    this.#next = { ptr, bytes };
    try {
      return fn();
    } finally {
      // An operation may take no block at all: what it hands on is not for the next one to write over.
      this.#next = undefined;
    }
  }

  asConstant<T>(fn: () => T): T {
    const outer = this.#constant;
    this.#constant = true;
    try {
      return fn();
    } finally {
      this.#constant = outer;
    }
  }

  checkReadable(ptr: number): void {
    if (this.#alive.has(ptr)) throw new Unplanned("the values are not known while calls are captured");
  }

  struct(ptr: number, size: number): number {
    if (!this.#noting) return ptr;
    const to = this.constant(size);
    this.#structs.push({ ptr: to, size });
    return to;
  }

  reads(ptr: number, bytes: number): boolean {
    // Structs hold addresses too.
    for (const { ptr: from, size } of this.#structs.splice(0)) for (const word of ints(from, size / 4)) this.#arguments.add(word >>> 0);
    for (const argument of this.#arguments) if (argument >= ptr && argument < ptr + bytes) return true;
    return false;
  }

  dispose(): void {
    if (this.#noting && this.#arena !== 0) free(this.#arena, this.arenaBytes);
    for (const [ptr, size] of this.#constants) free(ptr, size);
    this.#constants.clear();
  }

  constant(size: number): number {
    const ptr = uncaptured(() => allocate(size, () => "a constant of a plan"));
    this.#constants.set(ptr, size);
    return ptr;
  }

  #addressOf({ offset }: Block): number {
    return (this.#noting ? this.#arena : NOWHERE) + offset;
  }

  // What is called in a kernel's place. Kernels that tell a buffer's size are called: they compute nothing.
  #stand(name: string & keyof Kernels, real: Kernels): (...args: number[]) => number {
    const kernel = real[name] as unknown as (...args: unknown[]) => number;
    if (name.endsWith("Floats")) return kernel;
    return (...args) => {
      this.#time++;
      if (this.#noting) {
        for (const arg of args) this.#arguments.add(arg);
        // By name: another build, or threads, may have taken the kernels' place when the call is played back.
        this.calls.push(() => (kernels() as unknown as Record<string, (...args: number[]) => void>)[name]!(...args));
      }
      return 0;
    };
  }
}
