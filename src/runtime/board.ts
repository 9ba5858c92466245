// The board on which the calling thread writes what is to be done, in chunks, and from which every thread takes one chunk after the
// other. It is a small piece of shared memory beside the kernels' own: the kernels know nothing of it.
//
// A thread reads what a chunk is only after it has taken it, and the calling thread writes the next job only when every chunk of the last one
// is done: so whoever has taken a chunk finds its job on the board, however late it woke. The calling thread begins with the first chunk,
// the others with the last: of two threads each finds in its cache the rows that it made in the call before (ResNet-18: 1 % in all).

/** Counts jobs: changes when there is a new one. */
export const JOB = 0;
/** Threads that sleep until JOB changes. */
export const SLEEPING = 1;
/** 1 while the calling thread sleeps until DONE changes. */
export const WAITING = 2;
/** One more than the number of a chunk that failed in another thread; 0 if none did. */
export const FAILED = 3;
/** Which kernel, arguments in a call, and the argument that is a thread's own scratch (-1 if there is none). */
export const KERNEL = 4, ARGUMENTS = 5, SCRATCH = 6;
/**
 * Chunks that nobody has taken, the first one in the upper half and one more than the last in the lower half, and how many other threads
 * have done: in cache lines of their own.
 */
export const LEFT = 16, DONE = 32;

/** Where the numbers begin, in bytes: address and length of the threads' scratch, then the arguments, chunk by chunk. */
const NUMBERS = 256;
/** The most numbers that a job writes: 16 arguments of 4 chunks for each of 64 threads, and more. */
const MAX_NUMBERS = 8192;
/** The first argument's place among the numbers. */
export const FIRST = 2;

/** The two views of the board. */
export interface Board {
  /** The words above. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Scratch and arguments. Doubles hold every address and every float32. */
  readonly numbers: Float64Array<SharedArrayBuffer>;
}

/** The views of a buffer of `boardBytes`. */
export function board(buffer: SharedArrayBuffer): Board {
  return { words: new Int32Array(buffer, 0, NUMBERS / 4), numbers: new Float64Array(buffer, NUMBERS, MAX_NUMBERS) };
}

export const boardBytes: number = NUMBERS + MAX_NUMBERS * 8;

/** What a thread is started with. */
export interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  buffer: SharedArrayBuffer;
  /** Names of the kernels that a job may call, by their number. */
  names: readonly string[];
  /** Which thread this is, from 0; the calling thread is none of them. */
  index: number;
}

/** Takes the first chunk that nobody has, or the last one: its number, or -1 if none is left. */
export function take(words: Int32Array, last: boolean): number {
  for (let left = Atomics.load(words, LEFT); ; ) {
    const first = left >>> 16, end = left & 0xffff;
    if (first >= end) return -1;
    const now = Atomics.compareExchange(words, LEFT, left, last ? left - 1 : left + 0x10000);
    if (now === left) return last ? end - 1 : first;
    left = now;
  }
}

/** Milliseconds that a thread looks for the next job before it sleeps: waking costs more than most gaps between two operations last. */
const AWAKE = 0.2;

/**
 * The life of a thread: does chunks, until the thread is ended from outside.
 *
 * @param ready is called when the kernels are there
 */
export function serve({ module, memory, buffer, names, index }: Start, ready: () => void): never {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => exports[name] as (...args: number[]) => void);
  const { words, numbers } = board(buffer);
  ready();
  for (let idle = performance.now(); ; ) {
    const job = Atomics.load(words, JOB);
    let worked = false;
    for (let chunk = take(words, true); chunk >= 0; chunk = take(words, true)) {
      work(chunk);
      worked = true;
    }
    if (worked) idle = performance.now();
    if (performance.now() - idle < AWAKE) continue;
    Atomics.add(words, SLEEPING, 1);
    Atomics.wait(words, JOB, job);
    Atomics.sub(words, SLEEPING, 1);
    idle = performance.now();
  }

  function work(chunk: number): void {
    const count = words[ARGUMENTS]!, start = FIRST + chunk * count;
    const args: number[] = [];
    for (let i = start; i < start + count; i++) args.push(numbers[i]!);
    const own = words[SCRATCH]!;
    if (own >= 0) args[own] = numbers[0]! + index * numbers[1]!;
    try {
      kernels[words[KERNEL]!]!(...args);
    } catch {
      Atomics.store(words, FAILED, chunk + 1);
    }
    Atomics.add(words, DONE, 1);
    if (Atomics.load(words, WAITING) === 1) Atomics.notify(words, DONE);
  }
}
