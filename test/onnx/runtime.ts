// ONNX Runtime, the engine that files are written for: what it makes of them is the judge of what is written.

import * as ort from "onnxruntime-web";
import type { Shape } from "../../src/shape.ts";

// One thread: no workers to end.
ort.env.wasm.numThreads = 1;

/** A tensor as numbers. */
export interface Floats {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** A model in ONNX Runtime. */
export interface RuntimeModel {
  /** Computes the output called "output": floats, or the indices of an int64 output as numbers. */
  run(feeds: Readonly<Record<string, Floats>>): Promise<{ shape: Shape; data: ArrayLike<number> }>;
  release(): Promise<void>;
}

/** Loads a file, with the engine's checks. The nodes run as they stand, so that each is tried, unless it may optimise them. */
export async function loadInRuntime(bytes: Uint8Array, graphOptimizationLevel: "disabled" | "all" = "disabled"): Promise<RuntimeModel> {
  const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel, executionProviders: ["wasm"], logSeverityLevel: 3 });
  return {
    async run(feeds) {
      const fed: Record<string, ort.Tensor> = {};
      for (const [name, { shape, data }] of Object.entries(feeds)) fed[name] = new ort.Tensor("float32", data, shape);
      const { output } = await session.run(fed);
      const { dims, data } = output!;
      return { shape: dims, data: data instanceof BigInt64Array ? Array.from(data, Number) : (data as Float32Array) };
    },
    release: () => session.release(),
  };
}
