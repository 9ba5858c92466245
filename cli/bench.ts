// `adjoint bench`: how long a model takes, and where the time goes.

import { type Build, capabilities, type DType, init, memory, scope, type Tensor } from "adjoint";
import type { NodeProfile, Session } from "adjoint/onnx";
import { feedsOf, load } from "./model.ts";

interface BenchOptions {
  runs: number;
  batch: number;
  build: string | undefined;
  threads: number | "max";
  size: readonly number[] | undefined;
}

export async function bench(file: string, { runs, batch, size, build, threads }: BenchOptions): Promise<void> {
  await init({ threads, ...(build === undefined ? {} : { build: build as Build }) });
  const session = await load(file);
  const feeds = feedsOf(session, batch, size, noise());
  const run = (): void => scope(() => void session.run(feeds));
  const first = milliseconds(run);
  // The engine compiles hot kernels anew while they run.
  for (let i = 0; i < 5; i++) run();
  const times = Array.from({ length: runs }, () => milliseconds(run)).sort((a, b) => a - b);
  const { weights, maps } = session.memory();
  const shapes = session.inputs.map(({ name }) => `${name} [${feeds[name]!.shape.join(", ")}]`).join(", ");
  console.log(`${shapes}; build ${capabilities().build}, ${capabilities().threads} thread${capabilities().threads === 1 ? "" : "s"}`);
  const [median, fastest] = [times[runs >> 1]!, times[0]!].map((ms) => ms.toFixed(2));
  console.log(`first run ${first.toFixed(1)} ms, then median ${median} ms, fastest ${fastest} ms of ${runs}`);
  console.log(`memory: weights ${megabytes(weights)}, maps ${megabytes(maps)}, all ${megabytes(memory().capacity)}\n`);
  table(profile(session, feeds, Math.min(runs, 10)));
}

function milliseconds(fn: () => void): number {
  const start = performance.now();
  fn();
  return performance.now() - start;
}

// The fastest of several profiles, node by node.
function profile(session: Session, feeds: Record<string, Tensor<DType>>, runs: number): NodeProfile[] {
  const all = Array.from({ length: runs }, () => session.profile(feeds));
  return all[0]!.map((node, i) => all.reduce((best, nodes) => (nodes[i]!.ms < best.ms ? nodes[i]! : best), node));
}

function table(nodes: readonly NodeProfile[]): void {
  const total = nodes.reduce((sum, { ms }) => sum + ms, 0);
  const slowest = [...nodes].sort((a, b) => b.ms - a.ms).slice(0, 20);
  const lines = [["operator", "name", "output", "ms", "share", "GFLOP/s"]];
  for (const { op, name, outputShapes, ms, gflops } of slowest) {
    const shapes = outputShapes.map((shape) => `[${shape.join(", ")}]`).join(" ");
    lines.push([op, name, shapes, ms.toFixed(3), `${((100 * ms) / total).toFixed(1)} %`, gflops > 0 ? gflops.toFixed(1) : ""]);
  }
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  for (const line of lines) {
    console.log(line.map((text, i) => (i < 3 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join("  ").trimEnd());
  }
  const rest = nodes.length - slowest.length;
  if (rest > 0) console.log(`and ${rest} more, ${slowest.reduce((sum, { ms }) => sum - ms, total).toFixed(3)} ms`);
}

// Values as after a normalisation; the same in every run.
function noise(): () => number {
  let state = 1;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
