// `npm run bench`: in every build that this engine has, and with all threads, verified first, then timed: the specs' bench shapes, layers,
// networks, training, the same in JavaScript, and what a call costs.

import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { type Build, capabilities, init, type InitOptions, scope } from "../src/index.ts";
import { randomArray } from "../test/array.ts";
import { checkClose, title, toTensor } from "../test/check.ts";
import { specs } from "../test/specs/index.ts";
import type { Case, OpSpec } from "../test/specs/spec.ts";
import { loops } from "./loops.ts";
import { reference } from "./reference.ts";
import { open } from "./session.ts";
import { peak, time } from "./timing.ts";
import { flopsOf, inputValues, layers, networks, termsOf, trainings } from "./workloads.ts";

/** Compiled `bench/peak.ts` by build, put in by `scripts/bench.mjs`. */
declare const PEAK_MODULES: Record<Build, string>;

/** A way to run: a column of the table. */
interface Way {
  label: string;
  options: InitOptions & { build: Build; threads: number };
}

interface Row {
  name: string;
  flops: number;
  /** Median milliseconds by way. */
  ms: Record<string, number>;
}

/** Something to time. `start` prepares it in the way that runs, and checks it; `javascript` does the same without WebAssembly. */
interface Subject {
  name: string;
  flops: number;
  javascript?(): void;
  start(way: Way): Promise<{ run(): void | Promise<void>; dispose(): void }>;
}

const { build: best, available } = capabilities();
const ways: Way[] = [...available].reverse().map((build) => ({ label: build, options: { build, threads: 1 } }));
const threads = availableParallelism();
if (threads > 1) ways.push({ label: `${best}, ${threads} threads`, options: { build: best, threads } });

function* kernels(wanted: (name: string) => boolean): Generator<Subject> {
  for (const spec of specs) if (wanted(spec.name)) for (const one of spec.bench ?? []) yield subject(spec, one);
}

/** What a call costs where there is next to nothing to compute: checks, memory, the tensor and its end. */
function* calls(): Generator<Subject> {
  const small: Record<string, Case<{}>> = {
    matmul: { shapes: [[2, 2], [2, 2]], options: {} },
    relu: { shapes: [[4]], options: {} },
    linear: { shapes: [[1, 84], [10, 84], [10]], options: {} },
    conv2d: { shapes: [[1, 1, 3, 3], [1, 1, 3, 3]], options: { padding: 1 } },
  };
  for (const [name, one] of Object.entries(small)) yield subject(specs.find((spec) => spec.name === name)!, one);
}

function subject(spec: OpSpec<any>, { shapes, options }: Case<any>): Subject {
  const name = `${spec.name} ${title({ shapes, options })}`;
  const inputs = shapes.map((shape, i) => randomArray(shape, i + 1));
  const expected = spec.reference(inputs, options);
  return {
    name,
    flops: spec.flops?.(shapes, options) ?? expected.data.length,
    async start({ label }) {
      const tensors = inputs.map(toTensor);
      const terms = spec.terms(shapes, options);
      scope(() => checkClose(`${name} in ${label}`, spec.run(tensors, options).data(), expected.data, terms));
      return { run: () => scope(() => void spec.run(tensors, options)), dispose: () => tensors.forEach((x) => x.dispose()) };
    },
  };
}

function* workloads(list: typeof layers): Generator<Subject> {
  for (const workload of list) {
    const expected = reference(workload);
    yield {
      name: workload.name,
      flops: flopsOf(workload),
      async start({ label, options: { threads } }) {
        const runner = (await (await open(threads)).prepare(workload, inputValues(workload)))!;
        checkClose(`${workload.name} in ${label}`, await runner.result(), expected, termsOf(workload));
        return runner;
      },
    };
  }
}

function* withoutWebAssembly(): Generator<Subject> {
  for (const { name, workload, run } of loops) {
    checkClose(name, run(), reference(workload), termsOf(workload));
    for (const subject of workloads([workload])) yield { ...subject, name, javascript: run };
  }
}

/** Every subject in every way. */
async function measure(subjects: Iterable<Subject>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, flops, start, javascript } of subjects) {
    const row: Row = { name, flops, ms: {} };
    if (javascript) row.ms["JavaScript"] = (await time(javascript)).median;
    for (const way of ways) {
      const { label, options } = way;
      await init(options);
      const { run, dispose } = await start(way);
      row.ms[label] = (await time(run)).median;
      dispose();
    }
    rows.push(row);
  }
  return rows;
}

function print(heading: string, rows: Row[], peaks: Record<string, number>): void {
  const columns = Object.keys(rows[0]!.ms);
  const table = [[heading, ...columns.flatMap((label) => [label, "", "", ""])]];
  for (const { name, ms, flops } of rows) {
    const cells = columns.flatMap((label) => {
      const rate = flops / ms[label]! / 1e6, speed = ms[columns[0]!]! / ms[label]!;
      const share = label in peaks ? `${Math.round((100 * rate) / peaks[label]!)} %` : "";
      return [ms[label]!.toFixed(ms[label]! < 0.1 ? 5 : 3), rate.toFixed(1), share, `${speed.toFixed(1)}x`];
    });
    table.push([name, ...cells]);
  }
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  for (const line of table) console.log(line.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join("  "));
  console.log();
}

const names = process.argv.slice(2);
const groups: Record<string, () => Iterable<Subject>> = {
  kernels: () => kernels((name) => names.length === 0 || names.includes("kernels") || names.includes(name)),
  layers: () => workloads(layers),
  networks: () => workloads(networks),
  training: () => workloads(trainings),
  loops: withoutWebAssembly,
  calls,
};
const known = [...Object.keys(groups), ...specs.filter(({ bench }) => bench).map(({ name }) => name)];
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`bench: nothing to time is called ${unknown.join(", ")}; there are ${known.join(", ")}`);
  process.exit(1);
}

const peaks: Record<string, number> = {};
for (const { label, options: { build, threads } } of ways) peaks[label] = threads * (await peak(build, PEAK_MODULES[build]));
const results: Record<string, Row[]> = {};
for (const [group, subjects] of Object.entries(groups)) {
  if (names.length === 0 || names.includes(group) || group === "kernels") results[group] = await measure(subjects());
}

console.log(`Multiply-add peak, GFLOP/s: ${ways.map(({ label }) => `${label} ${peaks[label]!.toFixed(1)}`).join(", ")}`);
console.log("Median ms, GFLOP/s, share of the peak, speed against the first column. Results verified before timing.\n");
for (const [group, rows] of Object.entries(results)) if (rows.length > 0) print(group, rows, peaks);

// For comparisons with later runs.
mkdirSync("dist/bench", { recursive: true });
const file = "dist/bench/results.json";
const machine = cpus()[0]!.model;
writeFileSync(file, JSON.stringify({ date: new Date().toISOString(), machine, node: process.versions.node, peaks, results }, null, 1));
console.log(`The same as JSON: ${file}`);
