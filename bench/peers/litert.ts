// LiteRT.js on its CPU kernels (XNNPACK).

import type { Engine, Open } from "../engine.ts";
import { shapesOf } from "../workloads.ts";
import manifest from "./package.json" with { type: "json" };
import { permute, toTflite } from "./tflite.ts";

type LiteRt = typeof import("@litertjs/core");

/** `wasm` is where the package's wasm folder is served. Node has no scripts to load: there `loadInNode` stands in for them. */
export const open = (wasm: string): Open => async (threads) => {
  const litert = await import("@litertjs/core");
  await litert.loadLiteRt(wasm, threads > 1 ? { threads: true } : undefined);
  return engine(litert, threads);
};

function engine(litert: LiteRt, threads: number): Engine {
  return {
    describe: () => `LiteRT.js ${manifest.dependencies["@litertjs/core"]}`,
    async prepare(workload, inputs) {
      const bytes = toTflite(workload);
      if (!bytes) return undefined;
      const model = await litert.loadAndCompile(bytes, { accelerator: "wasm", cpuOptions: { numThreads: threads } });
      const shape = shapesOf(workload).at(-1)!;
      const tensors = inputs.map((x, i) => {
        const [n, c, h, w] = workload.inputs[i]! as [number, number, number?, number?];
        return h === undefined ? new litert.Tensor(x, [n, c]) : new litert.Tensor(permute(x, [n, c, h, w!], [0, 2, 3, 1]), [n, h, w!, c]);
      });
      return {
        run: async () => {
          for (const y of await model.run(tensors)) y.delete();
        },
        result: async () => {
          const [y] = await model.run(tensors);
          const values = (await y!.data()) as Float32Array;
          return shape.length === 4 ? permute(values, [shape[0]!, shape[2]!, shape[3]!, shape[1]!], [0, 3, 1, 2]) : values;
        },
        dispose: () => {
          for (const x of tensors) x.delete();
          model.delete();
        },
      };
    },
  };
}
