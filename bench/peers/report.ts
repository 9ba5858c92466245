// The tables of `npm run bench:peers`: in the terminal, and in the README.

import { readFileSync, writeFileSync } from "node:fs";
import { compared, flopsOf } from "../workloads.ts";

/** One engine's figures. */
export interface Table {
  title: string;
  /** What ran, by contender. */
  descriptions: Record<string, string>;
  /** GFLOP/s of multiply-adds in registers: the most that any of the processes reached. */
  peak: number;
  /** Milliseconds by workload and contender; or why there are none. */
  rows: Record<string, Record<string, number | string>>;
}

/** All of a run. */
export interface Results {
  date: string;
  machine: string;
  tables: Table[];
  /** Milliseconds from import to the first convolution's result, by engine and contender. */
  cold: Record<string, Record<string, number>>;
}

const OURS = "adjoint", NATIVE = "native ORT";
const MARKS = ["<!-- bench:peers -->", "<!-- /bench:peers -->"] as const;

const gflops = new Map(compared.map((workload) => [workload.name, flopsOf(workload) / 1e9]));

export function print({ date, machine, tables, cold }: Results): void {
  console.log(`${machine}, ${date.slice(0, 10)}`);
  for (const { title, descriptions, peak, rows } of tables) {
    console.log(`\n${title}: milliseconds (GFLOP/s); multiply-add peak ${peak.toFixed(1)} GFLOP/s`);
    for (const [name, description] of Object.entries(descriptions)) console.log(`  ${name}: ${description}`);
    const here = Object.keys(Object.values(rows)[0] ?? {});
    const lines = [["", ...here, "best peer", ...(here.includes(NATIVE) ? ["native"] : [])]];
    for (const [name, row] of Object.entries(rows)) {
      const rate = (ms: number): string => ((1e3 * gflops.get(name)!) / ms).toFixed(1);
      const cells = here.map((one) => (typeof row[one] === "number" ? `${digits(row[one])} (${rate(row[one])})` : "-"));
      lines.push([name, ...cells, ratio(bestPeer(row), row[OURS]), ...(here.includes(NATIVE) ? [ratio(row[NATIVE], row[OURS])] : [])]);
    }
    const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
    const pad = (text: string, i: number): string => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!));
    for (const line of lines) console.log(line.map(pad).join("  "));
  }
  for (const [engine, row] of Object.entries(cold)) console.log(`\nImport to the first convolution's result, ${engine}, ms: ${list(row)}`);
}

/** Puts the tables into the README, between its marks. */
export function writeReadme(results: Results): void {
  const text = readFileSync("README.md", "utf8");
  const [from, to] = MARKS.map((mark) => text.indexOf(mark)) as [number, number];
  if (from < 0 || to < from) throw new Error(`README.md has no ${MARKS.join(" and ")}`);
  writeFileSync("README.md", `${text.slice(0, from + MARKS[0].length)}\n${markdown(results)}\n${text.slice(to)}`);
}

function markdown({ date, machine, tables, cold }: Results): string {
  const parts: string[] = [];
  for (const { title, descriptions, peak, rows } of tables) {
    const here = Object.keys(Object.values(rows)[0] ?? {});
    const what = here.map((one) => `${one === OURS ? "adjoint" : one} (${descriptions[one]})`).join(", ");
    parts.push(`${title}, ${machine}, ${date.slice(0, 10)}; multiply-add peak ${peak.toFixed(1)} GFLOP/s. ${what}. Milliseconds:`);
    const lines = [["", ...here, "best WebAssembly peer / adjoint"], ["---", ...here.map(() => "---:"), "---:"]];
    for (const [name, row] of Object.entries(rows)) {
      const cells = here.map((one) => (typeof row[one] === "number" ? digits(row[one]) : "-"));
      lines.push([name.replace(/->/g, " to "), ...cells, ratio(bestPeer(row), row[OURS])]);
    }
    parts.push(lines.map((line) => `| ${line.join(" | ")} |`).join("\n"));
  }
  for (const [engine, row] of Object.entries(cold)) {
    parts.push(`Import to the first convolution's result in a fresh ${engine}, ms: ${list(row)}.`);
  }
  return parts.join("\n\n");
}

function bestPeer(row: Record<string, number | string>): number | undefined {
  const peers = Object.entries(row).filter(([name]) => name !== OURS && name !== NATIVE);
  const times = peers.map(([, ms]) => ms).filter((ms) => typeof ms === "number");
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** How many times as fast ours is. */
function ratio(theirs: number | string | undefined, ours: number | string | undefined): string {
  return typeof theirs === "number" && typeof ours === "number" ? (theirs / ours).toFixed(2) : "-";
}

/** Three digits, and no exponent. */
function digits(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3);
}

function list(row: Record<string, number>): string {
  return Object.entries(row).map(([name, ms]) => `${name} ${digits(ms)}`).join(", ");
}
