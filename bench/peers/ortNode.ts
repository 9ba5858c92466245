// ONNX Runtime in Node: native, which is what the machine can do with AVX and assembler, and in WebAssembly, by its entry for Node.

import type { Open } from "../engine.ts";
import { ortEngine } from "./ort.ts";

export const openNative: Open = async (threads) => {
  const ort = await import("onnxruntime-node");
  const options = { executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1 };
  return ortEngine(ort, `onnxruntime-node ${ort.env.versions.node}`, options);
};

export const openWebInNode: Open = async (threads) => {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = threads;
  return ortEngine(ort, `onnxruntime-web ${ort.env.versions.web}`, { executionProviders: ["wasm"] });
};
