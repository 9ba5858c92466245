// Capture: operations run once without computing anything, and what they would have done is noted, kernel call by kernel call.
// Played back, the list does the same work again on whatever then lies in the same memory: no checks, no allocation, no objects.
//
// Two rounds over the same program. The first notes when each block is taken and given back, in steps of one kernel call; the
// blocks are then laid out in one arena, so that those which are never alive together share memory. The second knows every
// block's address and notes the calls. What is computed must not decide what is called: a program that reads a value which a
// run has yet to compute is refused.

import { type Kernels, kernels, withKernels } from "./kernels.ts";
import { allocate, BROADCAST_PTR, byteView, free, HEAP_START, type Recorder, STRIDES_PTR, WINDOW_PTR, withRecorder } from "./memory.ts";

/** One kernel call with all its arguments. */
export type Call = () => void;

/** A piece of memory in the arena. Times count kernel calls. */
interface Block {
  readonly size: number;
  readonly from: number;
  to: number;
  users: number;
  offset: number;
}

/** What a round of capture notes for the next. */
interface Layout {
  readonly blocks: readonly Block[];
  /** For every allocation in turn, its block. */
  readonly order: readonly Block[];
  readonly bytes: number;
}

/** Kernel calls to be played back, and the memory that they use. */
export interface Captured {
  readonly calls: readonly Call[];
  /** Bytes of the arena in which everything lies that a run computes. */
  readonly arenaBytes: number;
  /** Gives the arena and everything else that the calls use back. */
  dispose(): void;
}

/** Forms of the constants that the calls read, by name: owned by whoever plays back, shared by its captures. */
export interface PreparedForms {
  /** The address of a constant tensor's form, made by `make` at the first request; undefined if `source` is no constant. */
  find(source: number, form: string, make: () => { ptr: number; bytes: number }): number | undefined;
}

let capture: Capture | undefined;

/** True while calls are noted instead of made. */
export function isCapturing(): boolean {
  return capture !== undefined;
}

/** Runs `fn` for real, on the heap, though a capture may be open: what it makes is the same in every run. */
export function uncaptured<T>(fn: () => T): T {
  const outer = capture;
  capture = undefined;
  try {
    return withRecorder(undefined, () => withKernels(undefined, fn));
  } finally {
    capture = outer;
  }
}
