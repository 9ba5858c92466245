// The only file that knows how the WebAssembly modules are made: which build runs, when it is compiled, and what it exports.

import scalar from "../../dist/wasm/scalar.txt";
import simd from "../../dist/wasm/simd.txt";
import relaxed from "../../dist/wasm/relaxed.txt";
import type { instantiate } from "../../dist/wasm/scalar.js";
import { decode, patch } from "./embedded.ts";
import { setMemoryLimit, wasmMemory } from "./memory.ts";
import { checkBoolean } from "../shape.ts";

/** The three builds of the one kernel source: plain WebAssembly, SIMD, and SIMD with relaxed (fused) multiply-add. */
export type Build = "scalar" | "simd" | "relaxed";

/** @internal The kernels' raw exports. Pointers are byte addresses in the shared memory, sizes count elements. */
export type Kernels = Awaited<ReturnType<typeof instantiate>>;

const texts: Record<Build, string> = { relaxed, simd, scalar };
// Fastest first: `kernels` takes the first that the engine validates.
const builds = Object.keys(texts) as Build[];
const decoded: Partial<Record<Build, Uint8Array<ArrayBuffer>>> = {};

let active: { build: Build; kernels: Kernels } | undefined;
let dry = false;
let substitute: Kernels | undefined;
let exact = false;

/** @internal The kernels of the active build; the first call compiles the best build that the engine validates, synchronously. */
export function kernels(): Kernels {
  if (dry) return noKernels;
  return substitute ?? (active ?? activate(new WebAssembly.Module(bytesOf(best())), best())).kernels;
}

/** What `init` accepts. */
export interface InitOptions {
  /** Forces one build; without it the best that the engine validates is taken. */
  build?: Build;
  /** The most bytes that the WebAssembly memory may grow to, at most 4 GiB. What goes beyond is an out-of-memory `RangeError`. */
  memoryLimit?: number;
  /**
   * Convolutions sum in one order and without Winograd's transforms, default false: integers stay exact, and a NaN or an infinity
   * reaches no output whose window does not hold it. A convolution's own `algorithm` has precedence.
   */
  exact?: boolean;
}

/** What runs, and why not more. */
export interface Capabilities {
  /** The build whose kernels run, or will run at the first use. */
  build: Build;
  /** Builds that this engine validates, best first. */
  available: Build[];
  /** For every other build, what the engine lacks. */
  unavailable: Partial<Record<Build, string>>;
  /** Threads that take part in a kernel call. */
  threads: number;
}

/**
 * Compiles the kernels ahead of their first use and sets what cannot be set later. Optional: without it the first operation
 * compiles them. May be called again, for instance to compare builds: tensors stay valid, since all builds share one memory.
 *
 * @throws TypeError if the build's name is unknown; RangeError if the engine does not support it or the limit is no size.
 * @example
 * await init({ build: "scalar" });
 */
export async function init(options: InitOptions = {}): Promise<Capabilities> {
  const { build = best(), memoryLimit, exact: sums } = options;
  if (!builds.includes(build)) throw new TypeError(`init: build must be one of ${builds.join(", ")}, got ${String(build)}`);
  if (!isValid(build)) throw new RangeError(`init: build ${build} is not available: ${missing[build]}`);
  if (sums !== undefined) checkBoolean("init", "exact", sums);
  if (memoryLimit !== undefined) setMemoryLimit(memoryLimit);
  exact = sums ?? exact;
  if (active?.build !== build) activate(await WebAssembly.compile(bytesOf(build)), build);
  return capabilities();
}

/** Tells which build runs and what the engine lacks for the others. */
export function capabilities(): Capabilities {
  const available = builds.filter(isValid);
  const unavailable: Capabilities["unavailable"] = {};
  for (const build of builds) if (!available.includes(build)) unavailable[build] = missing[build];
  return { build: active?.build ?? best(), available, unavailable, threads: 1 };
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
  // The others are embedded as what differs from simd.
  return (decoded[build] ??= build === "simd" ? decode(texts.simd) : patch(bytesOf("simd"), decode(texts[build])));
}

function isValid(build: Build): boolean {
  return WebAssembly.validate(bytesOf(build));
}

function best(): Build {
  return builds.find(isValid) ?? "scalar";
}

function activate(module: WebAssembly.Module, build: Build): { build: Build; kernels: Kernels } {
  const instance = new WebAssembly.Instance(module, { env: { memory: wasmMemory } });
  return (active = { build, kernels: instance.exports as unknown as Kernels });
}
