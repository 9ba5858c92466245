// ONNX Runtime, native or in WebAssembly: both have one API.

import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { Engine, Open } from "../engine.ts";
import type { Workload } from "../workloads.ts";
import { toOnnx } from "../onnx.ts";

interface Ort {
  InferenceSession: { create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> };
  Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => Tensor;
}

/** `extra` are the options by which the two differ. */
export function ortEngine(ort: Ort, description: string, extra: InferenceSession.SessionOptions): Engine {
  return {
    describe: () => description,
    async prepare(workload: Workload, inputs: Float32Array[]) {
      if (workload.training) return undefined;
      const session = await ort.InferenceSession.create(toOnnx(workload), { graphOptimizationLevel: "all", logSeverityLevel: 3, ...extra });
      const feeds = Object.fromEntries(inputs.map((x, i) => [String(i), new ort.Tensor("float32", x, workload.inputs[i]!)]));
      return {
        run: async () => void (await session.run(feeds)),
        result: async () => (await session.run(feeds))["y"]!.data as Float32Array,
        dispose: () => void session.release(),
      };
    },
  };
}

/** `wasm` is where a page finds the package's .wasm files. */
export const openWeb = (wasm: string): Open => async (threads) => {
  const ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.wasmPaths = wasm;
  ort.env.wasm.numThreads = threads;
  return ortEngine(ort, `onnxruntime-web ${ort.env.versions.web}`, { executionProviders: ["wasm"] });
};
