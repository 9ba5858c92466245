// How the benches time: tinybench, and the machine's multiply-add peak to hold the results to.

import { Bench } from "tinybench";
import type { Build } from "../src/index.ts";

// V8 replaces baseline code between calls of a kernel: networks took up to 3 times as long after only 3 calls. WARM_MS bounds that.
const WARM_CALLS = 15;
const WARM_MS = 3000;

/** Milliseconds that the fastest sample takes at least: a page's clock may tick in tenths of one. */
const SAMPLE_MS = 4;

/**
 * Milliseconds of one call: the fastest and the median of samples over about `ms` milliseconds, after a warm-up long enough for the
 * optimising compiler.
 */
export async function time(fn: () => unknown, ms = 500): Promise<{ min: number; median: number }> {
  const started = performance.now();
  let calls = 0;
  for (let spent = 0; calls < 1 || spent < ms / 2 || (calls < WARM_CALLS && spent < WARM_MS); spent = performance.now() - started) {
    await fn();
    calls++;
  }
  const each = (performance.now() - started) / calls;
  // The warm-up is slower, and may have met what else the machine did: short trials until a sample has as many calls as it takes.
  let batch = Math.max(1, Math.round(SAMPLE_MS / each)), budget = batch > 1 ? ms / 10 : ms;
  for (;;) {
    const { min, p50 } = await latency(fn, batch, budget, each < 500 ? 5 : 2);
    if (min < SAMPLE_MS) batch = Math.ceil((1.25 * batch * SAMPLE_MS) / Math.max(min, 0.1));
    else if (budget === ms) return { min: min / batch, median: p50 / batch };
    else budget = ms;
  }
}

/** The time of `batch` calls. */
async function latency(fn: () => unknown, batch: number, ms: number, iterations: number): Promise<{ min: number; p50: number }> {
  const bench = new Bench({ time: ms, iterations, warmup: false, throws: true });
  bench.add("one", async () => {
    for (let i = 0; i < batch; i++) {
      const done = fn();
      // A synchronous engine is not made to wait for the event loop.
      if (done instanceof Promise) await done;
    }
  });
  await bench.run();
  return (bench.tasks[0]!.result as unknown as { latency: { min: number; p50: number } }).latency;
}

/** GFLOP/s of independent multiply-adds in registers: the fastest run, since a peak is what the machine can do at all. */
export async function peak(build: Build, base64: string): Promise<number> {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const run = instance.exports["peak"] as (n: number, x: number, out: number) => void;
  new Float32Array(memory.buffer, 1024, 2).set([1e-3, 0.5]);
  const rounds = 100_000;
  const { min } = await time(() => run(rounds, 1024, 2048));
  const sum = new Float32Array(memory.buffer, 2048, 1)[0]!;
  // Every chain converges to a / (1 - b).
  if (Math.abs(sum - (12 * 1e-3) / 0.5) > 1e-5) throw new Error(`peak: the kernel computed ${sum}`);
  return (rounds * 12 * 2 * (build === "scalar" ? 1 : 4)) / min / 1e6;
}
