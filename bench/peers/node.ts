// One contender in this Node process: answers a task, given as JSON, into a file.

import { readFileSync, writeFileSync } from "node:fs";
import type { Open } from "../engine.ts";
import { cold } from "./cold.ts";
import { fileOf, measure, type Task } from "./measure.ts";

const contenders: Record<string, () => Promise<Open>> = {
  adjoint: async () => (await import("../session.ts")).open,
  "adjoint, eager": async () => (await import("../adjoint.ts")).open,
  "ORT-web": async () => (await import("./ortNode.ts")).openWebInNode,
  "tfjs-wasm": async () => (await import("./tfjs.ts")).open(),
  "LiteRT.js": async () => (await import("./litertNode.ts")).openInNode,
  "jax-js": async () => (await import("./jax.ts")).open,
  "native ORT": async () => (await import("./ortNode.ts")).openNative,
};

const [json, out, folder] = process.argv.slice(2) as [string, string, string];
const task = JSON.parse(json) as Task | { contender: string; cold: true };
const load = contenders[task.contender]!;
const expected = async (name: string): Promise<Float64Array> => floats(readFileSync(`${folder}/${fileOf(name)}`));
const answer = "cold" in task ? await cold(load) : await measure(task, await load(), expected);
writeFileSync(out, JSON.stringify(answer));
process.exit(0);

// A file that is read may lie anywhere in a larger buffer.
function floats(bytes: Uint8Array): Float64Array {
  return new Float64Array(new Uint8Array(bytes).buffer);
}
