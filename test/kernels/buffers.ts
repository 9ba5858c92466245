// Buffers as hostile as a kernel's contract allows: 4-byte but never 16-byte aligned, guards on both sides that are NaN when
// read as floats and are compared bit by bit afterwards, inputs that must not change.

import { type Epilogue, epiloguePtr } from "../../src/epilogue.ts";
import { allocate, floats, free, ints } from "../../src/runtime/memory.ts";
import type { Tensor } from "../../src/tensor.ts";
import { randomArray } from "../array.ts";

const GUARD_WORDS = 16;
// A quiet NaN: a kernel that lets what lies outside into a result shows NaN there.
const GUARD = 0x7fc0beef;

/** A buffer that a kernel may write. */
export interface Output {
  readonly ptr: number;
  /** A copy of what lies there. */
  data(): Float32Array;
  /** The same as bits, for comparisons that must be exact: the sign of zero and the payload of NaN count. */
  bits(): Uint32Array;
}

/** Makes the buffers of one kernel call. */
export class Buffers {
  readonly #checks: (() => void)[] = [];
  readonly #blocks: [ptr: number, bytes: number][] = [];

  /** A buffer that the kernel only reads. */
  input(values: ArrayLike<number>): number {
    const ptr = this.#reserve(values.length);
    floats(ptr, values.length).set(values);
    const before = ints(ptr, values.length).slice();
    this.#checks.push(() => expectWords("an input", ints(ptr, values.length), before));
    return ptr;
  }

  /** A buffer to write, filled with NaN for kernels that overwrite, or with the numbers that a kernel adds to. */
  output(length: number, initial: number | ArrayLike<number> = NaN): Output {
    const ptr = this.#reserve(length);
    if (typeof initial === "number") floats(ptr, length).fill(initial);
    else floats(ptr, length).set(initial);
    return {
      ptr,
      data: () => floats(ptr, length).slice(),
      bits: () => new Uint32Array(floats(ptr, length).slice().buffer),
    };
  }

  /** Compares the guards and the inputs with what was written there. */
  check(): void {
    for (const check of this.#checks) check();
  }

  free(): void {
    for (const [ptr, bytes] of this.#blocks) free(ptr, bytes);
  }

  #reserve(length: number): number {
    // One word of shift makes the address 4 modulo 16.
    const words = 1 + GUARD_WORDS + length + GUARD_WORDS;
    const base = allocate(words * 4, () => "a guarded buffer");
    this.#blocks.push([base, words * 4]);
    const ptr = base + 4 + GUARD_WORDS * 4;
    const guards = [ptr - GUARD_WORDS * 4, ptr + length * 4];
    for (const guard of guards) ints(guard, GUARD_WORDS).fill(GUARD);
    const expected = new Int32Array(GUARD_WORDS).fill(GUARD);
    this.#checks.push(() => {
      expectWords("the guard in front", ints(guards[0]!, GUARD_WORDS), expected);
      expectWords("the guard behind", ints(guards[1]!, GUARD_WORDS), expected);
    });
    return ptr;
  }
}

/** Runs `use` with guarded buffers, checks guards and inputs, and gives the memory back. */
export function withBuffers<T>(use: (buffers: Buffers) => T): T {
  const buffers = new Buffers();
  try {
    const result = use(buffers);
    buffers.check();
    return result;
  } finally {
    buffers.free();
  }
}

/** An epilogue whose tensors are buffers; 0 stands for none. */
export function epilogueOf(bias: number, residual: number = 0, activation?: Epilogue["activation"]): number {
  const at = (ptr: number) => (ptr === 0 ? undefined : { ptr } as Tensor);
  return epiloguePtr({ bias: at(bias), residual: at(residual), activation });
}

/** Seeded numbers in [-1, 1), exact in float32. */
export function random(length: number, seed: number): Float64Array {
  return randomArray([length], seed).data;
}

/** Throws unless both hold the same bits; words are shown in hexadecimal. */
export function expectWords(what: string, got: ArrayLike<number>, expected: ArrayLike<number>): void {
  if (got.length !== expected.length) throw new Error(`${what}: ${got.length} words, expected ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    if (got[i] !== expected[i]) throw new Error(`${what}: word ${i} is ${hex(got[i]!)}, expected ${hex(expected[i]!)}`);
  }
}

function hex(word: number): string {
  return `0x${(word >>> 0).toString(16).padStart(8, "0")}`;
}
