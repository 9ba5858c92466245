// Training, step by step, against PyTorch's float64: the losses of twenty steps of a small network, which depend on every
// layer, every gradient and every term of the optimiser. `scripts/golden.py training` regenerates them.

import { describe, expect, test } from "vitest";
import {
  Adam, AvgPool2d, Conv2d, Flatten, gradients, Linear, MaxPool2d, ReLU, scope, Sequential, SGD, softmaxCrossEntropy,
} from "../src/index.ts";
import { type NdArray, randomArray } from "./array.ts";
import { toTensor } from "./check.ts";
import training from "./golden/training.json" with { type: "json" };

const optimizers = { SGD, Adam };

interface Run {
  optimizer: keyof typeof optimizers;
  options: Record<string, number | number[]>;
  /** PyTorch's loss before each step, in float64. */
  loss: number[];
  /** How far sixteen float32 runs of PyTorch strayed from it, each rounding the same sums in another order: the largest so far. */
  spread: number[];
}

/**
 * The tolerance, in spreads. The spread is the largest of sixteen draws of what float32 does to this network; a run of another
 * implementation is one more draw, with other orders of summation in every layer and not only over the batch.
 */
const SPREADS = 2;

// Seeds as in scripts/golden.py.
const PARAMETER = 1, BATCH = 21;

/** The values PyTorch started from: uniform within sqrt(6 / fan-in). */
function initial({ shape, fanIn }: { shape: number[]; fanIn: number }, index: number): NdArray {
  const x = randomArray(shape, PARAMETER + index);
  return { shape, data: x.data.map((value) => Math.fround(value * Math.sqrt(6 / fanIn))) };
}

/** Trains as make_training in scripts/golden.py does, and returns the loss before each step. */
function train({ optimizer: name, options, loss }: Run): number[] {
  return scope(() => {
    const model = new Sequential(
      new Conv2d(1, 4, 3, { padding: 1 }), new ReLU(), new MaxPool2d(2),
      new Conv2d(4, 6, 3), new ReLU(), new AvgPool2d(2),
      new Flatten(), new Linear(24, 10),
    );
    model.loadStateDict(new Map(training.parameters.map((parameter, i) => [parameter.name, toTensor(initial(parameter, i))])));
    const batches = training.labels.map((labels, i) => ({ x: toTensor(randomArray(training.batch, BATCH + i)), labels }));
    const optimizer = new optimizers[name](model.parameters(), options as never);
    const got = loss.map((_, step) => {
      const { x, labels } = batches[step % batches.length]!;
      const { value, grads } = gradients(() => softmaxCrossEntropy(model.forward(x), labels), model.parameters());
      optimizer.step(grads);
      return value;
    });
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

/** Every number among the options in turn, off by a hundredth. */
function wrongOptions(options: Run["options"]): [string, number | number[]][] {
  return Object.entries(options).flatMap(([name, value]): [string, number | number[]][] => {
    if (!Array.isArray(value)) return [[name, value * 0.99]];
    return value.map((_, wrong) => [name, value.map((beta, i) => (i === wrong ? beta * 0.99 : beta))]);
  });
}

for (const run of training.runs as Run[]) {
  describe(`${run.optimizer} ${JSON.stringify(run.options).replaceAll('"', "")}`, () => {
    test("has PyTorch's losses", () => checkLosses(train(run), run));

    // A trajectory is a test only if it tells one rule from another: each option matters to it.
    for (const [name, value] of wrongOptions(run.options)) {
      test(`has others with ${name} ${value}`, () => {
        expect(() => checkLosses(train({ ...run, options: { ...run.options, [name]: value } }), run)).toThrow(/step \d+: loss/);
      });
    }
  });
}
