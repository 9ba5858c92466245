// Threads that take part in kernel calls. Loaded only where they are asked for.
//
// A call is split into chunks of rows (`splits.ts`), which all threads take from a board (`board.ts`), the calling one too: it never
// waits for a thread that is asleep, only for one that has begun a chunk.
//
// What it needs of the other files it is given. A bundler makes a file of its own of what this one shares with those that are loaded before
// it, and everybody would load one file more.

import {
  ARGUMENTS, board, boardBytes, DONE, FAILED, FIRST, JOB, KERNEL, LEFT, SCRATCH, SLEEPING, type Start, take, WAITING,
} from "./board.ts";
import type { Kernels } from "./kernels.ts";
import type { borrow, giveBack } from "./memory.ts";
import { splitIn, splits, STRUCT_BYTES } from "./splits.ts";
import type { NodeWorker, WorkerThreads } from "./workerThreads.ts";

/**
 * Nanoseconds of work below which a call stays on its thread (to hand it over takes 2000), and that a chunk has at least; milliseconds
 * after which a thread that has begun a chunk is given up. Tests set them.
 */
export const limits: { call: number; chunk: number; patience: number } = { call: 8_000, chunk: 4_000, patience: 10_000 };
/** Chunks for each thread: more than one, so that a thread that is held up is waited for no longer than a chunk takes. */
const CHUNKS_EACH = 4;
/** Milliseconds that the calling thread looks whether the others are done before it sleeps, where it may. */
const AWAKE = 0.1;

type Call = (...args: number[]) => void;

/** Threads, and the kernels that use them. */
export interface Pool {
  /** The calling thread included; 1 once a thread was given up. */
  readonly threads: number;
  readonly kernels: Kernels;
  end(): void;
}

/** The other files' part. */
export interface Host {
  /** The shared memory, and blocks of it. */
  memory: WebAssembly.Memory;
  borrow: typeof borrow;
  giveBack: typeof giveBack;
  /** Node's threads, undefined for workers. */
  node: WorkerThreads | undefined;
}

/**
 * Starts threads beside the calling one.
 *
 * @param kernels of an instance of `module` in the calling thread
 * @throws Error if a thread does not start
 */
export async function startPool(threads: number, module: WebAssembly.Module, kernels: Kernels, host: Host): Promise<Pool> {
  const { memory, node } = host;
  splitIn(memory);
  const buffer = new SharedArrayBuffer(boardBytes);
  const others: Thread[] = [];
  try {
    const starts = Array.from({ length: threads - 1 }, (_, index) => ({ module, memory, buffer, names, index }));
    await Promise.all(starts.map((start) => startThread(start, node, others)));
  } catch (error) {
    for (const thread of others) thread.end();
    throw error;
  }
  return new Team(buffer, kernels, others, host);
}

/** Kernels by their number on the board. */
const names = Object.keys(splits) as (keyof Kernels)[];

/** The calling thread's side of the board. */
class Team implements Pool {
  readonly kernels: Kernels;
  readonly #single: Kernels;
  readonly #others: Thread[];
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly #canSleep: boolean;
  readonly #chunks: number;
  readonly #structs: Room;
  readonly #scratch: Room;

  constructor(buffer: SharedArrayBuffer, kernels: Kernels, others: Thread[], host: Host) {
    const { words, numbers } = board(buffer);
    this.#words = words;
    this.#numbers = numbers;
    this.#canSleep = canSleep(words);
    this.#single = kernels;
    this.#others = others;
    this.#structs = new Room(host);
    this.#scratch = new Room(host);
    this.#chunks = this.threads * CHUNKS_EACH;
    this.kernels = { ...kernels, ...Object.fromEntries(names.map((name, index) => [name, this.#shared(name, index)])) };
  }

  get threads(): number {
    return 1 + this.#others.length;
  }

  end(): void {
    for (const thread of this.#others.splice(0)) thread.end();
    this.#structs.hold(0);
    this.#scratch.hold(0);
  }

  /** The kernel as all threads do it. */
  #shared(name: keyof Kernels, index: number): Call {
    const kernel = this.#single[name] as unknown as Call;
    const split = splits[name]!;
    return (...raw) => {
      if (this.threads === 1) return kernel(...raw);
      const args = raw.map(Number);
      const { rows, grain, most = Infinity, each = CHUNKS_EACH, cost, part, scratch } = split(args, this.#single);
      if (rows <= grain || !(cost > limits.call)) return kernel(...raw);
      const grains = Math.ceil(rows / grain);
      const chunks = Math.min(this.threads * each, most, grains, Math.floor(cost / limits.chunk));
      // The calling thread brings its own scratch.
      const bytes = Math.ceil((scratch?.[1] ?? 0) / 16) * 64;
      const room = chunks > 1 && this.#structs.hold(this.#chunks * STRUCT_BYTES) && (bytes === 0 || this.#scratch.hold(bytes * this.#others.length));
      if (!room) return kernel(...raw);
      const { ptr } = this.#structs;
      // All alike but for one grain: the last to end decides how long it takes.
      const parts: number[][] = [];
      for (let i = 0, from = 0; i < chunks; i++) {
        const to = Math.min(Math.floor(((i + 1) * grains) / chunks) * grain, rows);
        parts.push(part(from, to, ptr + i * STRUCT_BYTES));
        from = to;
      }
      this.#numbers[0] = this.#scratch.ptr;
      this.#numbers[1] = bytes;
      this.#publish(index, parts, scratch?.[0] ?? -1);
      this.#work(name, kernel, parts);
    };
  }

  #publish(kernel: number, parts: readonly number[][], scratch: number): void {
    const words = this.#words;
    words[KERNEL] = kernel;
    words[ARGUMENTS] = parts[0]!.length;
    words[SCRATCH] = scratch;
    let at = FIRST;
    for (const args of parts) for (const arg of args) this.#numbers[at++] = arg;
    Atomics.store(words, FAILED, 0);
    Atomics.store(words, DONE, 0);
    Atomics.store(words, LEFT, parts.length);
    Atomics.add(words, JOB, 1);
    if (Atomics.load(words, SLEEPING) > 0) Atomics.notify(words, JOB);
  }

  #work(name: string, kernel: Call, parts: readonly number[][]): void {
    const words = this.#words;
    const start = performance.now();
    let expected = parts.length;
    try {
      for (let chunk = take(words, false); chunk >= 0; chunk = take(words, false)) {
        kernel(...parts[chunk]!);
        expected--;
      }
    } catch (error) {
      // Nobody is to begin what is left; the arguments' memory may be given back as soon as this returns.
      const left = Atomics.exchange(words, LEFT, 0);
      expected -= 1 + (left & 0xffff) - (left >>> 16);
      this.#await(name, expected, start);
      throw error;
    }
    this.#await(name, expected, start);
    // What failed there fails here too, with the engine's own error.
    const failed = Atomics.load(words, FAILED);
    if (failed > 0) kernel(...parts[failed - 1]!);
  }

  /** Waits until the others have done as many chunks. */
  #await(name: string, expected: number, start: number): void {
    const words = this.#words;
    let done = Atomics.load(words, DONE);
    if (done === expected) return;
    const asked = performance.now();
    // All chunks are about as long, and one or more of them were done here.
    const patience = limits.patience + 100 * (asked - start);
    for (; done !== expected; done = Atomics.load(words, DONE)) {
      const waited = performance.now() - asked;
      if (waited > patience) {
        this.end();
        throw new Error(`${name}: a thread has not come back for ${Math.round(waited)} ms; from here on the calling thread works alone`);
      }
      if (!this.#canSleep || waited < AWAKE) continue;
      Atomics.store(words, WAITING, 1);
      Atomics.wait(words, DONE, done, 100);
      Atomics.store(words, WAITING, 0);
    }
  }
}

/** A block of memory that grows with what is asked of it. */
class Room {
  ptr = 0;
  #bytes = 0;
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Holds at least so many bytes, or none; false where the memory has no room, and every call stays on its thread. */
  hold(bytes: number): boolean {
    if (bytes > 0 && bytes <= this.#bytes) return true;
    if (this.#bytes > 0) this.#host.giveBack(this.ptr, this.#bytes);
    this.#bytes = 0;
    const ptr = bytes > 0 ? this.#host.borrow(bytes) : 0;
    if (ptr === undefined) return false;
    this.ptr = ptr;
    this.#bytes = bytes;
    return true;
  }
}

/** Threads of pages may not sleep. */
function canSleep(words: Int32Array): boolean {
  try {
    Atomics.wait(words, DONE, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** A running thread. */
interface Thread {
  end(): void;
}

/** Starts a thread and adds it to the list; resolves when it is ready for work. */
async function startThread(start: Start, node: WorkerThreads | undefined, list: Thread[]): Promise<void> {
  if (node) {
    // Without the options of this process: some, like --input-type, forbid a file.
    const worker: NodeWorker = new node.Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
    list.push({ end: () => void worker.terminate() });
    await new Promise<void>((resolve, reject) => {
      worker.on("message", () => resolve());
      worker.on("error", reject);
      worker.on("exit", (code) => reject(new Error(`a thread ended with exit code ${code}`)));
      worker.postMessage(start);
    });
    // The process may end while threads wait for work.
    worker.unref();
  } else {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    list.push({ end: () => worker.terminate() });
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => reject(new Error(event.message || "the thread's script could not be loaded"));
      worker.onmessageerror = () => reject(new Error("the thread's message could not be read"));
      worker.postMessage(start);
    });
  }
}
