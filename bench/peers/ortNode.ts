// ONNX Runtime, native: what the machine can do with AVX and assembler.

import type { Open } from "../engine.ts";
import { ortEngine } from "./ort.ts";

export const open: Open = async (threads) => {
  const ort = await import("onnxruntime-node");
  const options = { executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1 };
  return ortEngine(ort, `onnxruntime-node ${ort.env.versions.node}`, options);
};
