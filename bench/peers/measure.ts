// One process or one page with one package in it: every workload checked against the reference, then timed.

import { checkClose } from "../../test/check.ts";
import type { Open } from "../engine.ts";
import { peak, time } from "../timing.ts";
import { compared, inputValues, termsOf } from "../workloads.ts";

/** `bench/peak.ts` by build, put in by `scripts/benchPeers.mjs`. */
declare const PEAK_MODULES: Record<"scalar" | "simd" | "relaxed", string>;

/** What is asked of a process or a page. */
export interface Task {
  contender: string;
  threads: number;
  /** Names of workloads. */
  rows: string[];
  /** Milliseconds to time each of them for. */
  ms: number;
}

/** What it answers. */
export interface Measured {
  description: string;
  /** GFLOP/s of multiply-adds in registers. */
  peak: number;
  /** Milliseconds of a workload, in the fastest sample; or why there are none. */
  rows: Record<string, number | string>;
}

/** The file of a workload's reference result. */
export function fileOf(name: string): string {
  return `${name.replace(/\W+/g, "-")}.f64`;
}

/** `expected` brings the reference's result of a workload. */
export async function measure(task: Task, open: Open, expected: (name: string) => Promise<Float64Array>): Promise<Measured> {
  const { threads, rows, ms } = task;
  const relaxed = WebAssembly.validate(Uint8Array.from(atob(PEAK_MODULES.relaxed), (c) => c.charCodeAt(0)));
  const build = relaxed ? "relaxed" : "simd";
  const engine = await open(threads);
  const measured: Measured = { description: engine.describe(), peak: await peak(build, PEAK_MODULES[build]), rows: {} };
  for (const workload of compared.filter(({ name }) => rows.includes(name))) {
    const runner = await engine.prepare(workload, inputValues(workload));
    if (!runner) {
      measured.rows[workload.name] = "missing";
      continue;
    }
    checkClose(`${workload.name} by ${measured.description}`, await runner.result(), await expected(workload.name), termsOf(workload));
    measured.rows[workload.name] = (await time(() => runner.run(), ms)).min;
    runner.dispose();
  }
  return measured;
}
