// One contender in a page: `chromium.ts` calls these functions.

import type { Open } from "../engine.ts";
import { cold } from "./cold.ts";
import { fileOf, measure, type Measured, type Task } from "./measure.ts";

const packages = "/node_modules";
const contenders: Record<string, () => Promise<Open>> = {
  adjoint: async () => (await import("../session.ts")).open,
  "adjoint, eager": async () => (await import("../adjoint.ts")).open,
  "ORT-web": async () => (await import("./ort.ts")).openWeb(`${packages}/onnxruntime-web/dist/`),
  "tfjs-wasm": async () => (await import("./tfjs.ts")).open(`${packages}/@tensorflow/tfjs-backend-wasm/dist/`),
  "LiteRT.js": async () => (await import("./litert.ts")).open(`${packages}/@litertjs/core/wasm/`),
  "jax-js": async () => (await import("./jax.ts")).open,
};

const expected = async (name: string) => new Float64Array(await (await fetch(`/dist/expected/${fileOf(name)}`)).arrayBuffer());

Object.assign(globalThis, {
  answer: async (task: Task | { contender: string; cold: true }): Promise<Measured | number> =>
    "cold" in task ? cold(contenders[task.contender]!) : measure(task, await contenders[task.contender]!(), expected),
});
