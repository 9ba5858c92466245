// Training, step by step, against PyTorch's float64: the losses of twenty steps of small networks, which depend on every
// layer, every gradient and every term of the optimiser, and the loss in evaluation after them. `scripts/golden training`
// regenerates them.

import { describe, expect, test } from "vitest";
import {
  Adam, AdamW, AdaptiveAvgPool2d, add, AvgPool2d, BatchNorm2d, Conv2d, ConvTranspose2d, Flatten, GELU, gradients, GroupNorm, Hardswish,
  LeakyReLU, Linear, MaxPool2d, Module, mseLoss, ReLU, RMSprop, scope, Sequential, SGD, SiLU, softmaxCrossEntropy, type Tensor,
} from "../src/index.ts";
import { type NdArray, randomArray } from "./array.ts";
import { toTensor } from "./check.ts";
import training from "./golden/training.json" with { type: "json" };

const optimizers = { SGD, Adam, AdamW, RMSprop };

/** x + body(x) */
class Residual extends Module {
  readonly body: Sequential;

  constructor(...layers: Module[]) {
    super();
    this.body = new Sequential(...layers);
  }

  forward(x: Tensor): Tensor {
    return add(x, this.body.forward(x));
  }
}

interface Network {
  model: () => Module;
  loss: (y: Tensor, x: Tensor, labels: number[]) => Tensor;
}

const classification: Network["loss"] = (y, _x, labels) => softmaxCrossEntropy(y, labels);

// The same networks as in scripts/golden/training.py.
const networks: Record<keyof typeof training.parameters, Network> = {
  plain: {
    model: () => new Sequential(
      new Conv2d(1, 4, 3, { padding: 1 }), new ReLU(), new MaxPool2d(2),
      new Conv2d(4, 6, 3), new ReLU(), new AvgPool2d(2),
      new Flatten(), new Linear(24, 10),
    ),
    loss: classification,
  },
  residual: {
    model: () => new Sequential(
      new Conv2d(1, 6, 3, { padding: 1, bias: false }), new BatchNorm2d(6), new GELU(),
      new Residual(
        new Conv2d(6, 6, 3, { padding: 1, groups: 6, bias: false }), new BatchNorm2d(6), new SiLU(),
        new Conv2d(6, 6, 1, { bias: false }), new BatchNorm2d(6),
      ),
      new AdaptiveAvgPool2d(2), new Flatten(), new Linear(24, 10),
    ),
    loss: classification,
  },
  autoencoder: {
    model: () => new Sequential(
      new Conv2d(1, 4, 3, { stride: 2, padding: 1, paddingMode: "replicate" }), new GroupNorm(2, 4), new Hardswish(),
      new ConvTranspose2d(4, 3, 3, { stride: 2, padding: 1, outputPadding: 1 }), new LeakyReLU({ negativeSlope: 0.1 }),
      new Conv2d(3, 1, 3, { padding: 1, paddingMode: "reflect" }),
    ),
    loss: (y, x) => mseLoss(y, x),
  },
};

interface Run {
  network: keyof typeof networks;
  optimizer: keyof typeof optimizers;
  options: Record<string, number | boolean | number[]>;
  /** PyTorch's loss before each step, and in the end in evaluation, in float64. */
  loss: number[];
  /** How far sixteen float32 runs of PyTorch strayed from it, each rounding the same sums in another order: the largest so far. */
  spread: number[];
}

/**
 * The tolerance, in spreads. The spread is the largest of sixteen draws of what float32 does to this network; a run of another
 * implementation is one more draw, with other orders of summation in every layer and not only over the batch.
 */
const SPREADS = 2;

// Seeds as in scripts/golden.
const PARAMETER = 1, BATCH = 21;

/** The values PyTorch started from. */
function initial({ shape, scale, shift = 0 }: { shape: number[]; scale: number; shift?: number }, index: number): NdArray {
  const x = randomArray(shape, PARAMETER + index);
  return { shape, data: x.data.map((value) => Math.fround(value * scale + shift)) };
}

/** Trains as scripts/golden/training.py does, and returns the loss before each step and that in evaluation. */
function train({ network, optimizer: name, options, loss: expected }: Run): number[] {
  return scope(() => {
    const model = networks[network].model();
    const start = training.parameters[network].map((parameter, i): [string, Tensor] => [parameter.name, toTensor(initial(parameter, i))]);
    model.loadStateDict(new Map([...model.stateDict(), ...start]));
    const batches = training.labels.map((labels, i) => ({ x: toTensor(randomArray(training.batch, BATCH + i)), labels }));
    const optimizer = new optimizers[name](model.parameters(), options as never);
    const loss = ({ x, labels }: (typeof batches)[number]): Tensor => networks[network].loss(model.forward(x), x, labels);
    const got = expected.slice(1).map((_, step) => {
      const { value, grads } = gradients(() => loss(batches[step % batches.length]!), model.parameters());
      optimizer.step(grads);
      return value;
    });
    model.eval();
    got.push(loss(batches[0]!).item());
    model.dispose();
    return got;
  });
}

/** Throws at the first step whose loss is off by more than the tolerance. */
function checkLosses(got: number[], { loss, spread }: Run): void {
  got.forEach((value, step) => {
    const bound = SPREADS * spread[step]!;
    if (!(Math.abs(value - loss[step]!) <= bound)) {
      throw new Error(`step ${step}: loss ${value}, expected ${loss[step]}, off by ${value - loss[step]!}, allowed ${bound}`);
    }
  });
}

/** Every option in turn: a number off by a hundredth, a word turned over. */
function wrongOptions(options: Run["options"]): [string, number | boolean | number[]][] {
  return Object.entries(options).flatMap(([name, value]): [string, number | boolean | number[]][] => {
    if (typeof value === "boolean") return [[name, !value]];
    if (!Array.isArray(value)) return [[name, value * 0.99]];
    return value.map((_, wrong) => [name, value.map((beta, i) => (i === wrong ? beta * 0.99 : beta))]);
  });
}

for (const run of training.runs as unknown as Run[]) {
  describe(`${run.network}, ${run.optimizer} ${JSON.stringify(run.options).replaceAll('"', "")}`, () => {
    test("has PyTorch's losses", () => checkLosses(train(run), run));

    // A trajectory is a test only if it tells one rule from another: each option matters to it.
    for (const [name, value] of wrongOptions(run.options)) {
      test(`has others with ${name} ${value}`, () => {
        expect(() => checkLosses(train({ ...run, options: { ...run.options, [name]: value } }), run)).toThrow(/step \d+: loss/);
      });
    }
  });
}
