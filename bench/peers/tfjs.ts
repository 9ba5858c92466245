// TensorFlow.js on its WebAssembly backend.

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Engine, Open } from "../engine.ts";
import { constantsOf, type Step } from "../workloads.ts";

type Tf = typeof import("@tensorflow/tfjs-core");

/** `wasm` is where a page finds the package's .wasm files. */
export const open = (wasm?: string): Open => async (threads) => {
  const tf = await import("@tensorflow/tfjs-core");
  const backend = await import("@tensorflow/tfjs-backend-wasm");
  if (wasm) backend.setWasmPaths(wasm);
  // It takes no more than half of the cores that it is told of.
  if (threads > 1) Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 * threads });
  backend.setThreadsCount(threads);
  await tf.setBackend("wasm");
  if (backend.getThreadsCount() !== threads) throw new Error(`${backend.getThreadsCount()} threads instead of ${threads}`);
  return engine(tf, backend.version_wasm);
};

function engine(tf: Tf, version: string): Engine {
  return {
    describe: () => `tfjs-backend-wasm ${version}`,
    async prepare({ inputs: shapes, steps, training }, inputs) {
      // The backend has no Conv2DBackpropFilter.
      if (training) return undefined;
      tf.engine().startScope();
      const values = inputs.map((x, i) => {
        const shape = [...shapes[i]!];
        return shape.length === 4 ? tf.transpose(tf.tensor(x, shape), [0, 2, 3, 1]) : tf.tensor(x, shape);
      });
      const bound = steps.map((step) => bind(tf, step));
      if (!bound.every((step) => step !== undefined)) {
        tf.engine().endScope();
        return undefined;
      }
      const run = (): Tensor => bound.reduce<Tensor[]>((made, step) => [...made, step(made)], values).at(-1)!;
      return {
        run: () => tf.tidy(() => void run()),
        result: () => tf.tidy(() => {
          const y = run();
          return (y.rank === 4 ? tf.transpose(y, [0, 3, 1, 2]) : y).dataSync() as Float32Array;
        }),
        dispose: () => tf.engine().endScope(),
      };
    },
  };
}

function bind(tf: Tf, step: Step): ((values: Tensor[]) => Tensor) | undefined {
  const { w, bias: floats } = constantsOf(step);
  const bias = floats && tf.tensor1d(floats);
  // The fused operations take a number, or pairs that their types do not know.
  const border = (padding: number) => [[0, 0], [padding, padding], [padding, padding], [0, 0]] as unknown as number;
  switch (step.op) {
    case "conv2d": {
      const { stride = 1, padding = 0, dilation = 1, groups = 1, activation } = step;
      const filters = tf.tensor4d(w, [...step.w] as [number, number, number, number]);
      const options = {
        strides: stride, pad: border(padding), dilations: dilation, dimRoundingMode: "floor" as const,
        ...(bias && { bias }), ...(activation && { activation }),
      };
      if (groups > 1 && step.w[1] !== 1) return undefined;
      // HWIO; depthwise filters are [KH, KW, C, 1].
      const filter = tf.transpose(filters, groups > 1 ? [2, 3, 0, 1] : [2, 3, 1, 0]);
      const op = groups > 1 ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
      return (values) => op({ x: values[step.x] as Tensor4D, filter, ...options });
    }
    case "inputAdjoint": {
      const filter = tf.transpose(tf.tensor4d(w, [...step.w] as [number, number, number, number]), [2, 3, 1, 0]);
      const [, inner, kh] = step.w as [number, number, number, number];
      return (values) => {
        const [n, h, width] = values[step.x]!.shape as [number, number, number, number];
        const grow = kh - 1 - 2 * step.padding;
        return tf.conv2dTranspose(values[step.x] as Tensor4D, filter, [n, h + grow, width + grow, inner], 1, step.padding);
      };
    }
    case "filterAdjoint":
      return undefined;
    case "maxPool2d":
      return (values) => tf.maxPool(values[step.x] as Tensor4D, step.kernel, step.stride, step.padding ?? 0, "floor");
    case "avgPool2d":
      return (values) => tf.avgPool(values[step.x] as Tensor4D, step.kernel, step.stride, step.padding ?? 0, "floor");
    case "add":
      return (values) => {
        const y = tf.add(values[step.x]!, values[step.y]!);
        return step.activation === "relu" ? tf.relu(y) : step.activation === "relu6" ? tf.relu6(y) : y;
      };
    case "linear": {
      const b = tf.transpose(tf.tensor2d(w, [...step.w] as [number, number]));
      const options = { b, ...(bias && { bias }), ...(step.activation && { activation: step.activation }) };
      return (values) => tf.fused.matMul({ a: tf.reshape(values[step.x]!, [-1, step.w[1]!]), ...options });
    }
  }
}
