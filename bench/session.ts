// This package, as inference runs it.

import { scope, tensor } from "adjoint";
import { loadOnnx } from "adjoint/onnx";
import { open as openEager } from "./adjoint.ts";
import type { Open } from "./engine.ts";
import { toOnnx } from "./onnx.ts";

/**
 * The ONNX model that others get, in a session on bound memory, maps channels-last as LiteRT.js and TensorFlow.js have them. Adjoints are
 * operations of training, and run as such.
 */
export const open: Open = async (threads) => {
  const eager = await openEager(threads);
  return {
    describe: eager.describe,
    async prepare(workload, inputs) {
      const trains = workload.training || workload.steps.some(({ op }) => op === "inputAdjoint" || op === "filterAdjoint");
      if (trains) return eager.prepare(workload, inputs);
      const session = await loadOnnx(toOnnx(workload));
      const bound = session.bind(Object.fromEntries(workload.inputs.map((shape, i) => [String(i), shape])), { layout: "channelsLast" });
      const feeds = Object.fromEntries(inputs.map((x, i) => [String(i), tensor(x, workload.inputs[i]!)]));
      for (const [name, x] of Object.entries(feeds)) bound.input(name).set(x.view());
      return {
        run: () => bound.run(),
        result: () => scope(() => session.run(feeds)["y"]!.data() as Float32Array),
        dispose: () => {
          session.dispose();
          for (const x of Object.values(feeds)) x.dispose();
        },
      };
    },
  };
};
