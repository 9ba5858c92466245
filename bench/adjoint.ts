// This package, operation by operation.

import {
  add, avgPool2d, capabilities, conv2d, conv2dFilterAdjoint, conv2dInputAdjoint, gradients, init, linear, maxPool2d, relu, relu6, reshape,
  scope, SGD, softmaxCrossEntropy, tensor, type Tensor,
} from "adjoint";
import type { Open } from "./engine.ts";
import { type Activation, constantsOf, labelsOf, sgd, type Step } from "./workloads.ts";

/** Operations called one by one, each preparing its filters every time: as in training. */
export const open: Open = async (threads) => {
  // Only what is asked for is set: an application that wants no more calls nothing.
  if (threads > 1) await init({ threads });
  if (capabilities().threads !== threads) throw new Error(`no ${threads} threads: ${capabilities().singleThreaded}`);
  return {
    describe: () => `adjoint's ${capabilities().build} build`,
    async prepare(workload, inputs) {
      const values = inputs.map((x, i) => tensor(x, workload.inputs[i]!));
      const constants: Tensor[] = [];
      const steps = workload.steps.map((step) => bind(step, constants));
      const run = (): Tensor => steps.reduce<Tensor[]>((made, step) => [...made, step(made)], values).at(-1)!;
      const made: { dispose(): void }[] = [...values, ...constants];
      const dispose = () => made.forEach((one) => one.dispose());
      if (workload.training) {
        const labels = tensor(labelsOf(workload));
        made.push(labels);
        const optimizer = new SGD(constants, sgd);
        const pull = () => gradients(() => softmaxCrossEntropy(run(), labels), constants).grads;
        const result = () => scope(() => {
          const grads = pull();
          return Float32Array.from(constants.flatMap((one) => [...grads.get(one)!.data()]));
        });
        return { run: () => optimizer.step(pull()), result, dispose };
      }
      return { run: () => scope(() => void run()), result: () => scope(() => run().data()), dispose };
    },
  };
};

// The step as a function of the values so far. Its constants are appended to `made`.
function bind(step: Step, made: Tensor[]): (values: Tensor[]) => Tensor {
  const constants = constantsOf(step);
  const w = "seed" in step ? tensor(constants.w, step.w) : undefined;
  const bias = constants.bias && tensor(constants.bias, [constants.bias.length]);
  for (const one of [w, bias]) if (one) made.push(one);
  switch (step.op) {
    case "conv2d": {
      const { stride = 1, padding = 0, dilation = 1, groups = 1, activation } = step;
      const options = { stride, padding, dilation, groups, ...(bias && { bias }) };
      return (values) => activate(conv2d(values[step.x]!, w!, options), activation);
    }
    case "inputAdjoint":
      return (values) => {
        const [n, , h, width] = values[step.x]!.shape as [number, number, number, number];
        const grow = step.w[2]! - 1 - 2 * step.padding;
        return conv2dInputAdjoint(values[step.x]!, w!, [n, step.w[1]!, h + grow, width + grow], { padding: step.padding });
      };
    case "filterAdjoint":
      return (values) => {
        const x = values[step.x]!, dy = values[step.y]!;
        return conv2dFilterAdjoint(x, dy, [dy.shape[1]!, x.shape[1]!, step.kernel, step.kernel], { padding: step.padding });
      };
    case "maxPool2d":
      return (values) => maxPool2d(values[step.x]!, step.kernel, { stride: step.stride, padding: step.padding ?? 0 });
    case "avgPool2d":
      return (values) => avgPool2d(values[step.x]!, step.kernel, { stride: step.stride, padding: step.padding ?? 0 });
    case "add":
      return (values) => activate(add(values[step.x]!, values[step.y]!), step.activation);
    case "linear":
      return (values) => activate(linear(reshape(values[step.x]!, [-1, step.w[1]!]), w!, bias), step.activation);
  }
}

function activate(y: Tensor, activation: Activation | undefined): Tensor {
  return activation === "relu" ? relu(y) : activation === "relu6" ? relu6(y) : y;
}
