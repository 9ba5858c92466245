// `npm run bench:peers`: this package beside others, on the same shapes, in one run.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { chromium } from "../../test/engines.mjs";
import { reference } from "../reference.ts";
import { flopsOf, layers, networks } from "../workloads.ts";
import { fileOf, type Measured, type Task } from "./measure.ts";

const { values: args } = parseArgs({
  options: {
    only: { type: "string" }, engines: { type: "string", default: "node,chromium,threads,cold" }, rows: { type: "string", default: "" },
    rounds: { type: "string", default: "3" }, ms: { type: "string", default: "300" }, out: { type: "string", default: "bench/peers/dist/results.json" },
  },
});
const all = ["adjoint", "LiteRT.js", "ORT-web", "tfjs-wasm", "jax-js", "native ORT"];
const contenders = args.only?.split(",") ?? all;
const workloads = [...layers, ...networks].filter(({ name }) => new RegExp(args.rows).test(name));
const rounds = Number(args.rounds);

// V8 may run a kernel at half its speed for a whole process: every figure is the median of several processes. `BENCH_WRAP` is a command
// to start them through, such as `taskset -c 1`.
const wrap = process.env["BENCH_WRAP"]?.split(" ") ?? [];
const expected = "bench/peers/dist/expected", answerFile = "bench/peers/dist/answer.json";

/** Runs one process and gives its answer, or what it said when it failed. */
function ask(script: string, task: Task | { contender: string; cold: true; threads: number }): unknown {
  const [command, ...rest] = [...wrap, process.execPath, `bench/peers/dist/${script}.mjs`, JSON.stringify(task), answerFile, expected];
  const { status, stdout, stderr } = spawnSync(command!, rest, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${task.contender} in ${script}: ${(stderr || stdout).slice(-2000)}`);
  return JSON.parse(readFileSync(answerFile, "utf8"));
}

const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;

/** Median milliseconds by workload and contender. */
interface Table {
  title: string;
  descriptions: Record<string, string>;
  peak: number;
  rows: Record<string, Record<string, number | string>>;
}

function run(title: string, script: string, threads: number, here: string[]): Table {
  const answers: Record<string, Measured[]> = Object.fromEntries(here.map((name) => [name, []]));
  const failed: Record<string, string> = {};
  for (let round = 0; round < rounds; round++) for (const contender of here.filter((name) => !failed[name])) {
    process.stderr.write(`${title}, round ${round + 1}: ${contender}\n`);
    try {
      const answer = ask(script, { contender, threads, rows: workloads.map(({ name }) => name), ms: Number(args.ms) });
      answers[contender]!.push(script === "chromium" ? (answer as { answer: Measured }).answer : (answer as Measured));
    } catch (error) {
      failed[contender] = String(error);
      process.stderr.write(`${error}\n`);
    }
  }
  const table: Table = { title, descriptions: { ...failed }, peak: Math.max(...Object.values(answers).flat().map(({ peak }) => peak)), rows: {} };
  for (const [name, list] of Object.entries(answers)) if (list[0]) table.descriptions[name] = list[0].description;
  for (const { name } of workloads) {
    table.rows[name] = Object.fromEntries(here.filter((one) => answers[one]![0]).map((one) => {
      const times = answers[one]!.map(({ rows }) => rows[name]!);
      return [one, typeof times[0] === "number" ? median(times as number[]) : times[0]!];
    }));
  }
  return table;
}

function print({ title, descriptions, peak, rows }: Table): void {
  const here = Object.keys(Object.values(rows)[0]!);
  console.log(`\n${title}: milliseconds (GFLOP/s); multiply-add peak ${peak.toFixed(1)} GFLOP/s`);
  for (const [name, description] of Object.entries(descriptions)) console.log(`  ${name}: ${description}`);
  const lines = [["", ...here, "best peer", "native"]];
  for (const workload of workloads) {
    const row = rows[workload.name]!;
    const ms = (name: string) => (typeof row[name] === "number" ? (row[name] as number) : NaN);
    const best = Math.min(...here.filter((name) => !["adjoint", "native ORT"].includes(name)).map(ms).filter((x) => x > 0));
    const ratio = (x: number) => (Number.isFinite(x) ? `${(x / ms("adjoint")).toFixed(2)}x` : "-");
    lines.push([workload.name, ...here.map((name) => (ms(name) > 0 ? `${digits(ms(name))} (${(flopsOf(workload) / ms(name) / 1e6).toFixed(1)})` : "-")), ratio(best), ratio(ms("native ORT"))]);
  }
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  for (const line of lines) console.log(line.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join("  "));
}

function digits(ms: number): string {
  return ms.toPrecision(3).replace(/e\+?(\d+)/, (_, power) => "0".repeat(Number(power)));
}

mkdirSync(expected, { recursive: true });
for (const workload of workloads) writeFileSync(`${expected}/${fileOf(workload.name)}`, new Uint8Array(reference(workload).buffer));

const engines = args.engines.split(",");
const inPages = contenders.filter((name) => name !== "native ORT");
const tables: Table[] = [];
if (engines.includes("node")) tables.push(run(`Node ${process.versions.node}, one thread`, "node", 1, contenders));
if (engines.includes("chromium") && chromium) tables.push(run("Chromium, one thread", "chromium", 1, inPages));
if (engines.includes("threads") && chromium) tables.push(run("Chromium, two threads", "chromium", 2, inPages));
console.log(`${cpus()[0]!.model.trim()}, ${new Date().toISOString().slice(0, 10)}`);
for (const table of tables) print(table);

const colds: Record<string, Record<string, number>> = {};
if (engines.includes("cold")) for (const script of ["node", ...(chromium ? ["chromium"] : [])]) {
  colds[script] = {};
  for (const contender of script === "node" ? contenders : inPages) {
    const times = Array.from({ length: 3 * rounds }, () => {
      const answer = ask(script, { contender, cold: true, threads: 1 });
      return script === "chromium" ? (answer as { answer: number }).answer : (answer as number);
    });
    colds[script][contender] = median(times);
  }
  console.log(`\nCold start in ${script}, import to the first convolution's result, ms: ${Object.entries(colds[script]).map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(", ")}`);
}
writeFileSync(args.out, JSON.stringify({ date: new Date().toISOString(), machine: cpus()[0]!.model, node: process.versions.node, tables, colds }, null, 1));
