// The only file that knows how the WebAssembly modules are made: which build runs, when it is compiled, and what it exports.

import scalar from "../../dist/wasm/scalar.txt";
import simd from "../../dist/wasm/simd.txt";
import relaxed from "../../dist/wasm/relaxed.txt";
import type { instantiate } from "../../dist/wasm/scalar.js";
import { decode, withSharedMemory } from "./embedded.ts";
import { borrow, byteView, giveBack, isShared, setMemoryLimit, shareMemory, wasmMemory, WINDOW_PTR } from "./memory.ts";
import type { Pool } from "./threads.ts";
import { hardwareThreads, workerThreads } from "./workerThreads.ts";
import { checkBoolean } from "../shape.ts";

/** The three builds of the one kernel source: plain WebAssembly, SIMD, and SIMD with relaxed (fused) multiply-add. */
export type Build = "scalar" | "simd" | "relaxed";

/** @internal The kernels' raw exports. Pointers are byte addresses in the shared memory, sizes count elements. */
export type Kernels = Awaited<ReturnType<typeof instantiate>>;

const texts: Record<Build, string> = { relaxed, simd, scalar };
// Fastest first: `kernels` takes the first that the engine validates.
const builds: Build[] = ["relaxed", "simd", "scalar"];
const decoded: Partial<Record<Build, Uint8Array<ArrayBuffer>>> = {};

/** The most threads that can be asked for. */
const MAX_THREADS = 64;

let active: { build: Build; module: WebAssembly.Module; kernels: Kernels } | undefined;
let pool: Pool | undefined;
/** Why threads that were asked for did not start. */
let failure: string | undefined;
let starting: Promise<unknown> = Promise.resolve();
let dry = false;
let substitute: Kernels | undefined;
let exact = false;

/** @internal The kernels of the active build; the first call compiles the best build that the engine validates, synchronously. */
export function kernels(): Kernels {
  if (dry) return noKernels;
  return substitute ?? pool?.kernels ?? (active ?? activateBest()).kernels;
}

/** What `init` accepts. */
export interface InitOptions {
  /** Forces one build; without it the one that runs stays, at first the best that the engine validates. */
  build?: Build;
  /** The most bytes that the WebAssembly memory may grow to, at most 4 GiB. What goes beyond is an out-of-memory `RangeError`. */
  memoryLimit?: number;
  /**
   * Convolutions sum in one order and without Winograd's transforms, default false: integers stay exact, and a NaN or an infinity
   * reaches no output whose window does not hold it. A convolution's own `algorithm` has precedence.
   */
  exact?: boolean;
  /**
   * Threads that take part in a kernel call, the calling one included: a number from 1 to 64, or "max" for as many as the machine runs
   * at a time. One at first. Where the engine or the page allows none, it stays one, and `capabilities().singleThreaded` says why.
   */
  threads?: number | "max";
}

/** What runs, and why not more. */
export interface Capabilities {
  /** The build whose kernels run, or will run at the first use. */
  build: Build;
  /** Builds that this engine validates, best first. */
  available: Build[];
  /** For every other build, what the engine lacks. */
  unavailable: Partial<Record<Build, string>>;
  /** Threads that take part in a kernel call, the calling one included. */
  threads: number;
  /** Where there can be no other threads, or those that were asked for did not start: why. */
  singleThreaded?: string;
}

/**
 * Compiles the kernels ahead of their first use and sets what cannot be set later. Optional: without it the first operation
 * compiles them. May be called again, for instance to compare builds: tensors stay valid, since all builds share one memory, and what
 * is not named stays as it is.
 *
 * Threads need shared memory: Node, Deno and Bun have it, and pages that are cross-origin isolated, by the headers
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`. Results are the same to the last bit,
 * whatever the number of threads. A process may end while threads wait; `init({ threads: 1 })` ends them.
 *
 * @throws TypeError if the build's name is unknown; RangeError if the engine does not support it, or the limit or the number of
 *   threads is none.
 * @example
 * await init({ build: "scalar" });
 * const { threads, singleThreaded } = await init({ threads: "max" });
 */
export async function init(options: InitOptions = {}): Promise<Capabilities> {
  const { build, memoryLimit, threads, exact: sums } = options;
  if (build !== undefined) {
    if (!builds.includes(build)) throw new TypeError(`init: build must be one of ${builds.join(", ")}, got ${String(build)}`);
    if (!isValid(build)) throw new RangeError(`init: build ${build} is not available: ${missing[build]}`);
  }
  if (threads !== undefined && threads !== "max" && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new RangeError(`init: threads must be an integer from 1 to ${MAX_THREADS} or "max", got ${String(threads)}`);
  }
  if (sums !== undefined) checkBoolean("init", "exact", sums);
  if (memoryLimit !== undefined) setMemoryLimit(memoryLimit);
  exact = sums ?? exact;
  const wanted = threads === "max" ? Math.min(hardwareThreads(), MAX_THREADS) : threads;
  // One after the other: threads take time to start.
  const done = starting.then(() => set(build ?? active?.build ?? best(), wanted));
  starting = done.catch(() => undefined);
  await done;
  return capabilities();
}

/** Tells which build runs and what the engine lacks for the others, and for threads. */
export function capabilities(): Capabilities {
  const available = builds.filter(isValid);
  const unavailable: Capabilities["unavailable"] = {};
  for (const build of builds) if (!available.includes(build)) unavailable[build] = missing[build];
  const singleThreaded = noThreads() ?? failure;
  return { build: active?.build ?? best(), available, unavailable, threads: pool?.threads ?? 1, ...(singleThreaded && { singleThreaded }) };
}

/** Runs `fn` without kernels and without memory: tensors have shapes and no values. Used to infer shapes. */
export function dryRun<T>(fn: () => T): T {
  const outer = dry;
  dry = true;
  try {
    return fn();
  } finally {
    dry = outer;
  }
}

/** @internal Runs `fn` with other functions in the kernels' place, or with the kernels themselves where `instead` is undefined. */
export function withKernels<T>(instead: Kernels | undefined, fn: () => T): T {
  const outer = substitute;
  substitute = instead;
  try {
    return fn();
  } finally {
    substitute = outer;
  }
}

/** True after `init({ exact: true })`. */
export function isExact(): boolean {
  return exact;
}

/** Runs `fn` with exact convolutions if `value` is true, and otherwise as `init` has it. */
export function withExact<T>(value: boolean, fn: () => T): T {
  const outer = exact;
  exact ||= value;
  try {
    return fn();
  } finally {
    exact = outer;
  }
}

/** True inside `dryRun`. */
export function isDry(): boolean {
  return dry;
}

const missing: Record<Build, string> = {
  relaxed: "this engine has no relaxed SIMD",
  simd: "this engine has no SIMD",
  scalar: "this engine cannot run the kernels",
};

const noKernels = new Proxy({}, { get: () => () => 0 }) as Kernels;

function bytesOf(build: Build): Uint8Array<ArrayBuffer> {
  // Most engines run relaxed, so that it stands alone; the others are embedded as what differs from it.
  return (decoded[build] ??= decode(texts[build], build === "relaxed" ? undefined : bytesOf("relaxed")));
}

function isValid(build: Build): boolean {
  // What runs a build runs those after it too: their texts need not be read to know.
  const faster = builds[builds.indexOf(build) - 1];
  return (faster !== undefined && isValid(faster)) || WebAssembly.validate(bytesOf(build));
}

function best(): Build {
  return builds.find(isValid) ?? "scalar";
}

/** The bytes that fit the memory as it is. */
function moduleBytes(build: Build): Uint8Array<ArrayBuffer> {
  return isShared() ? withSharedMemory(bytesOf(build)) : bytesOf(build);
}

function activate(module: WebAssembly.Module, build: Build): NonNullable<typeof active> {
  // A build writes its tables here but for zeros.
  byteView(0, WINDOW_PTR).fill(0);
  const instance = new WebAssembly.Instance(module, { env: { memory: wasmMemory } });
  return (active = { build, module, kernels: instance.exports as unknown as Kernels });
}

function activateBest([build, ...others]: readonly Build[] = builds): NonNullable<typeof active> {
  try {
    // `validate` takes as long as this does, and would come on top.
    return activate(new WebAssembly.Module(moduleBytes(build!)), build!);
  } catch (error) {
    // Where the engine lacks something, the next build needs less.
    if (others.length === 0) throw error;
    return activateBest(others);
  }
}

/** Brings about what `init` was asked for. */
async function set(build: Build, threads: number = pool?.threads ?? 1): Promise<void> {
  if (noThreads()) threads = 1;
  failure = undefined;
  if (active?.build === build && (pool?.threads ?? 1) === threads) return;
  const share = threads > 1 && !isShared();
  let module = active?.build === build && !share ? active.module : undefined;
  module ??= await WebAssembly.compile(share ? withSharedMemory(bytesOf(build)) : moduleBytes(build));
  // From here on without a pause: no operation may run between the memory and the kernels of one kind and those of the other.
  pool?.end();
  pool = undefined;
  try {
    if (share) shareMemory();
  } catch (error) {
    await set(build, 1);
    failure = `the engine gives no shared memory: ${(error as Error).message}`;
    return;
  }
  const { kernels } = activate(module, build);
  if (threads === 1) return;
  try {
    const { startPool } = await import("./threads.ts");
    pool = await startPool(threads, module, kernels, { memory: wasmMemory, borrow, giveBack, node: workerThreads() });
  } catch (error) {
    failure = `the threads did not start: ${(error as Error).message}`;
  }
}

/** Why there can be one thread only. */
function noThreads(): string | undefined {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (!workerThreads() && crossOriginIsolated === false) {
    return "the page is not cross-origin isolated: it must be served with the headers Cross-Origin-Opener-Policy: same-origin and " +
      "Cross-Origin-Embedder-Policy: require-corp";
  }
  if (typeof SharedArrayBuffer === "undefined") return "this engine has no shared memory";
  if (!workerThreads() && typeof Worker === "undefined") {
    return "this engine starts no workers here (Node does from 20.16 on, browsers in pages and dedicated workers)";
  }
  return undefined;
}
