// `npm run bench`: every spec's bench shapes in every build that this engine has: verified first, then timed.

import { Bench } from "tinybench";
import { capabilities, init, scope } from "../src/index.ts";
import type { Build } from "../src/index.ts";
import { checkClose, title, toTensor } from "../test/check.ts";
import { randomArray } from "../test/array.ts";
import { specs } from "../test/specs/index.ts";

/** Compiled `bench/peak.ts` by build, put in by `scripts/bench.mjs`. */
declare const PEAK_MODULES: Record<Build, string>;

interface Row {
  name: string;
  ms: Partial<Record<Build, number>>;
  flops: number;
}

/** Milliseconds of one call, over about half a second, after a warm-up long enough for the optimising compiler. */
async function time(fn: () => void): Promise<{ min: number; median: number }> {
  const bench = new Bench({ time: 500, warmupTime: 200, iterations: 5, warmupIterations: 5, throws: true });
  bench.add("one", fn);
  await bench.run();
  const { latency } = bench.tasks[0]!.result as unknown as { latency: { min: number; p50: number } };
  return { min: latency.min, median: latency.p50 };
}

/** GFLOP/s of independent multiply-adds in registers: the fastest run, since a peak is what the machine can do at all. */
async function peak(build: Build): Promise<number> {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const bytes = Uint8Array.from(atob(PEAK_MODULES[build]), (c) => c.charCodeAt(0));
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

const wanted = process.argv.slice(2);
const builds = [...capabilities().available].reverse();
const peaks: Partial<Record<Build, number>> = {};
for (const build of builds) peaks[build] = await peak(build);

const rows: Row[] = [];
for (const spec of specs) {
  if (wanted.length > 0 && !wanted.includes(spec.name)) continue;
  for (const one of spec.bench ?? []) {
    const row: Row = { name: `${spec.name} ${title(one)}`, ms: {}, flops: spec.flops!(one.shapes, one.options) };
    const inputs = one.shapes.map((shape, i) => randomArray(shape, i + 1));
    const expected = spec.reference(inputs, one.options);
    for (const build of builds) {
      await init({ build });
      const tensors = inputs.map(toTensor);
      scope(() => checkClose(`${row.name} in ${build}`, spec.run(tensors, one.options).data(), expected.data, spec.terms(one.shapes, one.options)));
      row.ms[build] = (await time(() => scope(() => void spec.run(tensors, one.options)))).median;
      for (const x of tensors) x.dispose();
    }
    rows.push(row);
  }
}

console.log(`Multiply-add peak, GFLOP/s: ${builds.map((build) => `${build} ${peaks[build]!.toFixed(1)}`).join(", ")}`);
console.log("Per build: median ms, GFLOP/s, share of that build's peak, speed against scalar. Results verified before timing.\n");
const table = [["", ...builds.flatMap((build) => [build, "", "", ""])]];
for (const { name, ms, flops } of rows) {
  const cells = builds.flatMap((build) => {
    const rate = flops / ms[build]! / 1e6;
    return [ms[build]!.toFixed(3), rate.toFixed(1), `${Math.round((100 * rate) / peaks[build]!)} %`, `${(ms.scalar! / ms[build]!).toFixed(1)}x`];
  });
  table.push([name, ...cells]);
}
const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
for (const line of table) console.log(line.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join("  "));
