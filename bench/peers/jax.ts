// jax-js on its WebAssembly device, jitted.

import type { numpy } from "@jax-js/jax";
import type { Engine, Open, Runner } from "../engine.ts";
import { constantsOf, labelsOf, sgd, type Step } from "../workloads.ts";
import manifest from "./package.json" with { type: "json" };

type Jax = typeof import("@jax-js/jax");
type NdArray = numpy.Array;

export const open: Open = async (threads) => {
  const jax = await import("@jax-js/jax");
  // It takes all the cores that it is told of.
  if (threads > 1) Object.defineProperty(navigator, "hardwareConcurrency", { value: threads });
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return engine(jax);
};

function engine(jax: Jax): Engine {
  const { numpy: np } = jax;
  const array = (values: Float32Array, shape: readonly number[]) => np.array(values as Float32Array<ArrayBuffer>, { shape: [...shape] });
  return {
    describe: () => `jax-js ${manifest.dependencies["@jax-js/jax"]}`,
    async prepare(workload, inputs) {
      const { inputs: shapes, steps } = workload;
      const values = inputs.map((x, i) => array(x, shapes[i]!));
      const constants = steps.map((step) => {
        const { w, bias } = constantsOf(step);
        const shape = bias && (step.op === "linear" ? [bias.length] : [1, bias.length, 1, 1]);
        return [...("seed" in step ? [array(w, step.w)] : []), ...(shape ? [array(bias, shape)] : [])];
      });
      const network = (xs: NdArray[], cs: NdArray[][]): NdArray => {
        const made = [...xs];
        steps.forEach((step, i) => made.push(apply(jax, step, made, cs[i]!)));
        return made.at(-1)!.ref;
      };
      if (workload.training) return train(jax, network, values, constants, labelsOf(workload));
      const fn = jax.jit(network);
      const run = () => fn(values.map((x) => x.ref), constants.map((list) => list.map((c) => c.ref)));
      return {
        run: async () => {
          const y = run();
          await y.blockUntilReady();
          y.dispose();
        },
        result: async () => (await run().data()) as Float32Array,
        dispose: () => {
          fn.dispose();
          for (const one of [...values, ...constants.flat()]) one.dispose();
        },
      };
    },
  };
}

type Network = (xs: NdArray[], constants: NdArray[][]) => NdArray;

function train(jax: Jax, network: Network, xs: NdArray[], first: NdArray[][], labels: Int32Array): Runner {
  const { jit, nn, numpy: np, tree, valueAndGrad } = jax;
  const truth = nn.oneHot(np.array(labels as Int32Array<ArrayBuffer>), first.at(-1)!.at(-1)!.size);
  const loss = (cs: NdArray[][], xs: NdArray[], truth: NdArray) =>
    np.sum(nn.logSoftmax(network(xs, cs), -1).mul(truth)).mul(-1 / labels.length);
  const step = jit((cs: NdArray[][], vs: NdArray[][], xs: NdArray[], truth: NdArray): [NdArray, NdArray[][], NdArray[][]] => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(cs), xs, truth);
    const next = grads.map((list, i) => list.map((g, j) => vs[i]![j]!.mul(sgd.momentum).add(g)));
    return [value, cs.map((list, i) => list.map((c, j) => c.sub(next[i]![j]!.ref.mul(sgd.lr)))), next];
  });
  let constants = first, velocities = first.map((list) => list.map((c) => np.zeros([...c.shape])));
  const run = async (): Promise<void> => {
    const [value, ...next] = step(constants, velocities, tree.ref(xs), truth.ref);
    [constants, velocities] = next;
    await value.data();
  };
  return {
    run,
    // The first velocities are the gradients.
    result: async () => {
      await run();
      const grads: number[] = [];
      for (const v of velocities.flat()) grads.push(...(await v.ref.data()));
      return Float32Array.from(grads);
    },
    dispose: () => {
      step.dispose();
      for (const one of [...xs, ...constants.flat(), ...velocities.flat(), truth]) one.dispose();
    },
  };
}

// Operations consume their arguments: `.ref` keeps them for the next step.
function apply({ lax, numpy: np, nn, vjp }: Jax, step: Step, values: NdArray[], [w, bias]: NdArray[]): NdArray {
  const x = values[step.x]!.ref;
  const border = (padding: number): [number, number][] => [[padding, padding], [padding, padding]];
  const activation = "activation" in step ? step.activation : undefined;
  const activate = (y: NdArray) => (activation === "relu" ? nn.relu(y) : activation === "relu6" ? np.clip(y, 0, 6) : y);
  switch (step.op) {
    case "conv2d": {
      const { stride = 1, padding = 0, dilation = 1, groups = 1 } = step;
      const rest = { rhsDilation: [dilation, dilation], featureGroupCount: groups };
      const y = lax.convGeneralDilated(x, w!.ref, [stride, stride], border(padding), rest);
      return activate(bias ? y.add(bias.ref) : y);
    }
    case "inputAdjoint": {
      const [n, , h, width] = x.shape as [number, number, number, number];
      const grow = step.w[2]! - 1 - 2 * step.padding;
      const forward = (at: NdArray) => lax.convGeneralDilated(at, w!.ref, [1, 1], border(step.padding));
      const [y, pull] = vjp(forward, [np.zeros([n, step.w[1]!, h + grow, width + grow])]);
      y.dispose();
      return pull(x)[0]!;
    }
    case "filterAdjoint": {
      const dy = values[step.y]!.ref;
      const forward = (at: NdArray) => lax.convGeneralDilated(x, at, [1, 1], border(step.padding));
      const [y, pull] = vjp(forward, [np.zeros([dy.shape[1]!, x.shape[1]!, step.kernel, step.kernel])]);
      y.dispose();
      return pull(dy)[0]!;
    }
    case "maxPool2d":
    case "avgPool2d": {
      const { kernel, stride, padding = 0 } = step;
      // A border of zeros: the workloads' maximum is never below.
      const padded = padding > 0 ? np.pad(x, { 2: [padding, padding], 3: [padding, padding] }) : x;
      const window = (at: NdArray) => (step.op === "maxPool2d" ? np.max(at) : np.mean(at));
      return lax.reduceWindow(padded, window, [kernel, kernel], [stride, stride]);
    }
    case "add":
      return activate(x.add(values[step.y]!.ref));
    case "linear": {
      const y = np.matmul(x.reshape([-1, step.w[1]!]), np.transpose(w!.ref));
      return activate(bias ? y.add(bias.ref) : y);
    }
  }
}
