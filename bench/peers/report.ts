// The tables of `npm run bench:peers`: in the terminal, and in the README.

import { readFileSync, writeFileSync } from "node:fs";
import { compared, flopsOf } from "../workloads.ts";

/** One engine's figures. */
export interface Table {
  engine: string;
  threads: number;
  /** What ran, or why it did not, by contender. */
  descriptions: Record<string, string>;
  /** GFLOP/s of multiply-adds in registers: the most that any of the processes reached. */
  peak: number;
  /** Milliseconds in every process, by workload and contender; empty where the package has no such operation. */
  rows: Record<string, Record<string, number[]>>;
}

/** All of a run. */
export interface Results {
  date: string;
  machine: string;
  tables: Table[];
  /** Milliseconds from import to the first convolution's result in every process, by engine and contender. */
  cold: Record<string, Record<string, number[]>>;
}

const OURS = "adjoint", NATIVE = "native ORT";
const MARKS = ["<!-- bench:peers -->", "<!-- /bench:peers -->"] as const;

const gflops = new Map(compared.map((workload) => [workload.name, flopsOf(workload) / 1e9]));

export function print(results: Results): void {
  console.log(caption(results));
  for (const table of results.tables) {
    console.log(`\n${title(table)}: milliseconds (GFLOP/s)`);
    for (const [name, description] of Object.entries(table.descriptions)) console.log(`  ${name}: ${description}`);
    const lines = linesOf(table, results, (ms, name) => `${digits(ms)} (${((1e3 * gflops.get(name)!) / ms).toFixed(1)})`);
    const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
    const pad = (text: string, i: number): string => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!));
    for (const line of lines) console.log(line.map(pad).join("  "));
  }
  for (const line of coldLines(results)) console.log(`\n${line}`);
}

/** Puts the tables into the README, between its marks. */
export function writeReadme(results: Results): void {
  const text = readFileSync("README.md", "utf8");
  const [from, to] = MARKS.map((mark) => text.indexOf(mark)) as [number, number];
  if (from < 0 || to < from) throw new Error(`README.md has no ${MARKS.join(" and ")}`);
  writeFileSync("README.md", `${text.slice(0, from + MARKS[0].length)}\n${markdown(results)}\n${text.slice(to)}`);
}

function markdown(results: Results): string {
  const tables = results.tables.flatMap((table) => {
    const [head, ...rows] = linesOf(table, results, digits).map((line) => line.map((cell) => cell.replace(/->/g, " to ")));
    const rule = head!.map((_, i) => (i === 0 ? "---" : "---:"));
    return [`${title(table)}, milliseconds:`, [head!, rule, ...rows].map((line) => `| ${line.join(" | ")} |`).join("\n")];
  });
  return [caption(results), ...tables, ...coldLines(results)].join("\n\n");
}

/** What the figures are. */
function caption({ date, machine, tables }: Results): string {
  const packages = new Set(tables.flatMap(({ descriptions }) => Object.values(descriptions)));
  const figures = tables.flatMap(({ rows }) => Object.values(rows)).flatMap((row) => Object.values(row));
  const processes = Math.max(...figures.map((list) => list.length));
  const figure = processes > 1 ? `the median of ${processes} processes, each with its fastest sample` : "one process's fastest sample";
  const once = new Set(tables.flatMap(({ rows }) => Object.values(rows)).flatMap((row) => Object.keys(row).filter((name) => row[name]!.length === 1)));
  const few = processes > 1 && once.size > 0 ? ` ${[...once].join(", ")}: one process, which took minutes.` : "";
  return `${machine}, ${date.slice(0, 10)}: ${[...packages].join(", ")}. A figure is ${figure} of 4 ms or more.${few}`;
}

function title({ engine, threads, peak }: Table): string {
  return `${engine}, ${threads === 1 ? "one thread" : `${threads} threads`}; multiply-add peak of one thread ${peak.toFixed(1)} GFLOP/s`;
}

/** A head, and a line for every workload. */
function linesOf({ engine, threads, rows }: Table, { tables }: Results, cell: (ms: number, name: string) => string): string[][] {
  const here = Object.keys(Object.values(rows)[0] ?? {});
  const native = here.includes(NATIVE);
  const alone = threads > 1 ? tables.find((table) => table.engine === engine && table.threads === 1) : undefined;
  const ratios = [`best peer / ${OURS}`, ...(native ? [`${NATIVE} / ${OURS}`] : []), ...(alone ? [`${OURS}, one thread / ${threads}`] : [])];
  const head = ["", ...here, ...ratios];
  return [head, ...Object.entries(rows).map(([name, row]) => {
    const figures = here.map((one) => median(row[one]!));
    const ours = row[OURS] && median(row[OURS]);
    const best = Math.min(...figures.filter((ms, i) => here[i] !== OURS && here[i] !== NATIVE && ms !== undefined) as number[]);
    return [
      name, ...figures.map((ms) => (ms === undefined ? "-" : cell(ms, name))), ratio(Number.isFinite(best) ? best : undefined, ours),
      ...(native ? [ratio(median(row[NATIVE]!), ours)] : []), ...(alone ? [ratio(median(alone.rows[name]?.[OURS] ?? []), ours)] : []),
    ];
  })];
}

function coldLines({ cold }: Results): string[] {
  return Object.entries(cold).map(([engine, row]) => {
    const processes = Math.max(...Object.values(row).map((list) => list.length));
    const figures = Object.entries(row).map(([name, list]) => `${name} ${digits(median(list)!)}`).join(", ");
    return `Import to the first convolution's result in a fresh ${engine}, median of ${processes}, ms: ${figures}.`;
  });
}

/** The upper one of two. */
function median(list: readonly number[]): number | undefined {
  return [...list].sort((a, b) => a - b)[list.length >> 1];
}

/** How many times as fast ours is. */
function ratio(theirs: number | undefined, ours: number | undefined): string {
  return theirs === undefined || ours === undefined ? "-" : (theirs / ours).toFixed(2);
}

/** Three digits, and no exponent. */
function digits(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3);
}
