// Cold start: from `import` to the first convolution's result, in a process or a page where nothing has run.

import type { Open } from "../engine.ts";
import type { Workload } from "../workloads.ts";

const first: Workload = {
  name: "first", inputs: [[1, 3, 32, 32]], steps: [{ op: "conv2d", x: 0, w: [8, 3, 3, 3], seed: 1, padding: 1 }],
};

/** Milliseconds. `load` imports the package's adapter, and the package with it. */
export async function cold(load: () => Promise<Open>): Promise<number> {
  const x = new Float32Array(3 * 32 * 32).fill(0.5);
  const start = performance.now();
  const open = await load();
  const runner = await (await open(1)).prepare(first, [x]);
  const y = await runner!.result();
  const ms = performance.now() - start;
  if (y.length !== 8 * 32 * 32) throw new Error(`cold: ${y.length} elements`);
  return ms;
}
