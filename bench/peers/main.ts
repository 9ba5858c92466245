// `npm run bench:peers`: this package beside others, on the same shapes, in one run.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { chromium } from "../../test/engines.mjs";
import { reference } from "../reference.ts";
import { compared } from "../workloads.ts";
import { fileOf, type Measured, type Task } from "./measure.ts";
import { print, type Results, type Table, writeReadme } from "./report.ts";

const { values: args } = parseArgs({
  options: {
    only: { type: "string" }, engines: { type: "string", default: "node,chromium,threads,cold" }, rows: { type: "string", default: "" },
    rounds: { type: "string", default: "3" }, ms: { type: "string", default: "300" },
    from: { type: "string" }, readme: { type: "boolean", default: false },
  },
});
const contenders = args.only?.split(",") ?? ["adjoint", "LiteRT.js", "ORT-web", "tfjs-wasm", "jax-js", "native ORT"];
const inPages = contenders.filter((name) => name !== "native ORT");
// TensorFlow.js and jax-js have no threads in Node.
const inNodeThreads = contenders.filter((name) => name !== "tfjs-wasm" && name !== "jax-js");
const engines = args.engines.split(",");
const workloads = compared.filter(({ name }) => new RegExp(args.rows).test(name));
/** What is timed with two threads too: a few of the layers, and all that has many. */
const shared = /^matrix product 512|^3x3 64->64 @56|^1x1 64|^depthwise 3x3 576|^max pool|adjoint|224$|training/;
const rounds = Number(args.rounds);

/** Milliseconds after which a process is the only one of its contender: what is slower by orders of magnitude is known well enough. */
const LONG = 90_000;

const folder = "bench/peers/dist";
const expected = `${folder}/expected`, answerFile = `${folder}/answer.json`, file = `${folder}/results.json`;
// A command to start every timing of one thread through, such as `taskset -c 1`.
const wrap = process.env["BENCH_WRAP"]?.split(" ").filter((word) => word !== "") ?? [];

/** Runs one process and gives its answer: a second one where the first fails, as browsers sometimes do. */
function ask<T>(script: "node" | "chromium", task: Task | { contender: string; cold: true; threads: number }, again = true): T {
  const program = [process.execPath, `${folder}/${script}.mjs`, JSON.stringify(task), answerFile, expected];
  const [command, ...rest] = task.threads === 1 ? [...wrap, ...program] : program;
  const { status, stdout, stderr } = spawnSync(command!, rest, { encoding: "utf8", timeout: 15 * 60_000 });
  if (status === 0) return JSON.parse(readFileSync(answerFile, "utf8")) as T;
  const error = new Error(`${task.contender} in ${script}: ${(stderr || stdout).slice(-2000)}`);
  if (!again) throw error;
  process.stderr.write(`${error}\n`);
  return ask(script, task, false);
}

/** Every workload by every contender. One that fails is left out, and its description says why. */
function compare(engine: string, script: "node" | "chromium", threads: number, here: string[], names: string[]): Table {
  const answers = new Map<string, Measured[]>(here.map((name) => [name, []]));
  const descriptions: Record<string, string> = {};
  // What else the machine does shows in most samples: a process's figure is its fastest sample, of at least 4 ms. But V8 may run a
  // kernel at half its speed for a whole process: so the median of several processes.
  const long = new Set<string>();
  for (let round = 0; round < rounds; round++) for (const contender of here.filter((name) => answers.has(name) && !long.has(name))) {
    process.stderr.write(`${engine}, threads ${threads}, round ${round + 1} of ${rounds}: ${contender}\n`);
    const start = performance.now();
    try {
      const answer = ask<Measured>(script, { contender, threads, rows: names, ms: Number(args.ms) });
      answers.get(contender)!.push(answer);
      descriptions[contender] = answer.description;
      if (performance.now() - start > LONG) long.add(contender);
    } catch (error) {
      answers.delete(contender);
      descriptions[contender] = `failed: ${error}`;
      process.stderr.write(`${error}\n`);
      process.exitCode = 1;
    }
  }
  const rows = Object.fromEntries(names.map((name) => [name, Object.fromEntries([...answers].map(([contender, list]) => {
    return [contender, list.map(({ rows }) => rows[name]!).filter((ms) => typeof ms === "number")];
  }))]));
  return { engine, threads, descriptions, peak: Math.max(...[...answers.values()].flat().map(({ peak }) => peak)), rows };
}

function coldStarts(script: "node" | "chromium", here: string[]): Record<string, number[]> {
  return Object.fromEntries(here.map((contender) => {
    process.stderr.write(`cold start in ${script}: ${contender}\n`);
    // A first convolution needs no model.
    const task = { contender: contender === "adjoint" ? "adjoint, eager" : contender, cold: true, threads: 1 } as const;
    return [contender, Array.from({ length: 3 * rounds }, () => ask<number>(script, task))];
  }));
}

function measure(): Results {
  mkdirSync(expected, { recursive: true });
  for (const workload of workloads) writeFileSync(`${expected}/${fileOf(workload.name)}`, new Uint8Array(reference(workload).buffer));
  const node = `Node ${process.versions.node}`;
  const version = chromium ? `Chromium ${spawnSync(chromium, ["--version"], { encoding: "utf8" }).stdout.match(/[\d.]+/)?.[0] ?? ""}` : "";
  const results: Results = { date: new Date().toISOString(), machine: cpus()[0]!.model.trim(), tables: [], cold: {} };
  const add = (engine: string, script: "node" | "chromium", threads: number, here: string[]): void => {
    const names = workloads.map(({ name }) => name).filter((name) => threads === 1 || shared.test(name));
    if (names.length > 0) results.tables.push(compare(engine, script, threads, here, names));
    // What was measured is kept, whatever comes after.
    writeFileSync(file, JSON.stringify(results, null, 1));
  };
  if (engines.includes("node")) add(node, "node", 1, contenders);
  if (chromium && engines.includes("chromium")) add(version, "chromium", 1, inPages);
  if (engines.includes("threads")) add(node, "node", 2, inNodeThreads);
  if (chromium && engines.includes("threads")) add(version, "chromium", 2, inPages);
  if (engines.includes("cold")) results.cold[`process of ${node}`] = coldStarts("node", contenders);
  if (chromium && engines.includes("cold")) results.cold[`page of ${version}`] = coldStarts("chromium", inPages);
  writeFileSync(file, JSON.stringify(results, null, 1));
  return results;
}

// `--from` shows what an earlier run has written.
const results = args.from ? (JSON.parse(readFileSync(args.from, "utf8")) as Results) : measure();
print(results);
// A table with a gap that nobody meant is not published.
if (args.readme && process.exitCode !== 1) writeReadme(results);
