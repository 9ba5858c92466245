import { describe, expect, test } from "vitest";
import {
  Adam, clipGradNorm, clipGradValue, CosineAnnealingLR, ExponentialLR, type Gradients, LambdaLR, LinearLR, type LRScheduler,
  MultiStepLR, OneCycleLR, type OneCycleOptions, type Optimizer, Parameter, scope, SequentialLR, SGD, StepLR, tensor, zeros,
} from "../src/index.ts";
import { checkClose } from "./check.ts";

describe("clipping", () => {
  const make = () => new Map([[zeros([2]), tensor([3, -4])], [zeros([1]), tensor([12])]]);
  const values = (grads: Gradients) => [...grads.values()].flatMap((g) => [...g.data()]);

  test("the norm over all gradients, and one factor", () => {
    scope(() => {
      const grads = make();
      expect(clipGradNorm(grads, 13.5)).toBe(13);
      expect(values(grads)).toEqual([3, -4, 12]);
      expect(clipGradNorm(grads, 6.5)).toBe(13);
      checkClose("clipped", values(grads), [1.5, -2, 6], 1);
      expect(clipGradNorm(grads, 0)).toBeCloseTo(6.5, 5);
      expect(values(grads)).toEqual([0, -0, 0]);
      expect(clipGradNorm(grads, 1)).toBe(0);
      expect(clipGradNorm(new Map(), 1)).toBe(0);
    });
  });

  test("a norm that is NaN or infinite, as in PyTorch", () => {
    scope(() => {
      const nan = new Map([[zeros([2]), tensor([1, NaN])], [zeros([1]), tensor([1])]]);
      expect(clipGradNorm(nan, 1)).toBeNaN();
      expect(values(nan)).toEqual([NaN, NaN, NaN]);
      const infinite = new Map([[zeros([2]), tensor([1, -Infinity])], [zeros([1]), tensor([1])]]);
      expect(clipGradNorm(infinite, 1)).toBe(Infinity);
      expect(values(infinite)).toEqual([0, NaN, 0]);
    });
  });

  test("every element by itself", () => {
    scope(() => {
      const grads = new Map([...make(), [zeros([2]), tensor([NaN, -Infinity])]]);
      clipGradValue(grads, 3.5);
      expect(values(grads)).toEqual([3, -3.5, 3.5, NaN, -3.5]);
    });
  });
});

describe("schedules", () => {
  const p = new Parameter([1], (values) => values.fill(1));
  const sgd = () => new SGD([p], { lr: 0.5, momentum: 0.3 });
  /** The rates before, and after each of `steps` steps. */
  const rates = (optimizer: Optimizer, scheduler: LRScheduler, steps: number): number[] => {
    const all = [optimizer.lr];
    for (let i = 1; i <= steps; i++) {
      scheduler.step();
      expect(scheduler.lastEpoch).toBe(i);
      expect(scheduler.lrAt(i)).toBe(optimizer.lr);
      all.push(optimizer.lr);
    }
    return all;
  };
  // Printed by PyTorch 1.13 for SGD with lr 0.5.
  const expected: [string, (optimizer: Optimizer) => LRScheduler, number[]][] = [
    ["LambdaLR", (o) => new LambdaLR(o, (step) => 1 / (1 + step)), [0.5, 0.25, 0.16666666666666666, 0.125]],
    ["StepLR", (o) => new StepLR(o, 2, 0.5), [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]],
    ["MultiStepLR", (o) => new MultiStepLR(o, [1, 3, 3], 0.5), [0.5, 0.25, 0.25, 0.0625, 0.0625]],
    ["ExponentialLR", (o) => new ExponentialLR(o, 0.5), [0.5, 0.25, 0.125]],
    ["CosineAnnealingLR", (o) => new CosineAnnealingLR(o, 3, 0.1), [0.5, 0.4, 0.2, 0.1, 0.2, 0.4, 0.5]],
    ["LinearLR", (o) => new LinearLR(o, { startFactor: 0.5, totalIters: 2 }), [0.25, 0.375, 0.5, 0.5]],
    ["SequentialLR", (o) => new SequentialLR(o, [new LinearLR(o, { startFactor: 0.5, totalIters: 2 }), new ExponentialLR(o, 0.5)], [2]), [0.25, 0.375, 0.5, 0.25, 0.125]],
  ];
  test.each(expected)("%s", (_, make, values) => {
    const optimizer = sgd();
    rates(optimizer, make(optimizer), values.length - 1).forEach((rate, i) => expect(rate).toBeCloseTo(values[i]!, 14));
  });

  describe("OneCycleLR", () => {
    // Printed by PyTorch 1.13 for max_lr 1, total_steps 6 and pct_start 0.5: rates and momenta.
    const cycles: [OneCycleOptions, number[], number[]][] = [
      [
        { maxLr: 1, totalSteps: 6, pctStart: 0.5, annealStrategy: "cos", threePhase: false },
        [0.040000000000000036, 0.52, 1.0, 0.750001, 0.2500030000000001, 4e-06],
        [0.95, 0.8999999999999999, 0.85, 0.875, 0.9249999999999999, 0.95],
      ],
      [
        { maxLr: 1, totalSteps: 6, pctStart: 0.5, annealStrategy: "linear", threePhase: false },
        [0.04, 0.52, 1.0, 0.666668, 0.3333360000000001, 4.000000000004e-06],
        [0.95, 0.8999999999999999, 0.85, 0.8833333333333333, 0.9166666666666666, 0.95],
      ],
      [
        { maxLr: 1, totalSteps: 6, pctStart: 0.5, annealStrategy: "cos", threePhase: true },
        [0.040000000000000036, 0.52, 1.0, 0.52, 0.04, 4e-06],
        [0.95, 0.8999999999999999, 0.85, 0.8999999999999999, 0.95, 0.95],
      ],
      [
        { maxLr: 1, totalSteps: 6, pctStart: 0.5, annealStrategy: "linear", threePhase: true },
        [0.04, 0.52, 1.0, 0.52, 0.040000000000000036, 3.9999999999970615e-06],
        [0.95, 0.8999999999999999, 0.85, 0.8999999999999999, 0.95, 0.95],
      ],
    ];
    test.each(cycles)("%o", (options, lrs, momenta) => {
      for (const optimizer of [sgd(), new Adam([p])]) {
        const scheduler = new OneCycleLR(optimizer, options);
        const found: number[] = [], lr: number[] = [];
        for (let i = 0; i < 6; i++) {
          lr.push(optimizer.lr);
          found.push(optimizer instanceof Adam ? optimizer.betas[0] : (optimizer as SGD).momentum);
          scheduler.step();
        }
        lr.forEach((value, i) => expect(value).toBeCloseTo(lrs[i]!, 14));
        found.forEach((value, i) => expect(value).toBeCloseTo(momenta[i]!, 14));
        expect(optimizer.lr).toBeGreaterThanOrEqual(0);
        expect(() => scheduler.step()).toThrow(/^OneCycleLR: step 7 comes after the last of 6 steps/);
        expect(scheduler.lastEpoch).toBe(6);
      }
    });

    test("leaves the momentum alone if told to", () => {
      const optimizer = sgd();
      new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10, cycleMomentum: false }).step();
      expect(optimizer.momentum).toBe(0.3);
    });

    test("a rise of a single step", () => {
      const optimizer = sgd();
      new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10, pctStart: 0.1 });
      expect(optimizer.lr).toBe(1);
    });
  });

  test("two schedules of one optimiser start from the same rate", () => {
    const optimizer = sgd();
    const warmUp = new LinearLR(optimizer, { startFactor: 0.1 });
    expect(optimizer.lr).toBeCloseTo(0.05, 15);
    expect([warmUp.baseLr, new StepLR(optimizer, 3).baseLr]).toEqual([0.5, 0.5]);
  });

  test.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    ["no optimiser", () => new StepLR({} as never, 1), TypeError, /^StepLR: optimizer must be an optimiser, got a value of type Object/],
    ["a step of 0", () => new StepLR(sgd(), 0), RangeError, /^StepLR: stepSize must be a positive integer, got 0/],
    ["gamma NaN", () => new ExponentialLR(sgd(), NaN), RangeError, /^ExponentialLR: gamma must be .* got NaN/],
    ["no function", () => new LambdaLR(sgd(), 3 as never), TypeError, /^LambdaLR: lrLambda must be a function, got 3/],
    ["a function that gives no rate", () => new LambdaLR(sgd(), () => NaN), RangeError, /^SGD: lr must be .* got NaN/],
    ["decreasing milestones", () => new MultiStepLR(sgd(), [3, 2]), RangeError, /^MultiStepLR: milestones must increase, got 2 after 3/],
    ["no milestones", () => new MultiStepLR(sgd(), 3 as never), TypeError, /^MultiStepLR: milestones must be a list of numbers, got 3/],
    ["no period", () => new CosineAnnealingLR(sgd(), 0), RangeError, /^CosineAnnealingLR: tMax must be a positive integer, got 0/],
    ["a start of 0", () => new LinearLR(sgd(), { startFactor: 0 }), RangeError, /^LinearLR: startFactor must be above 0, got 0/],
    ["an end beyond 1", () => new LinearLR(sgd(), { endFactor: 2 }), RangeError, /^LinearLR: endFactor must be a number from 0 to 1, got 2/],
    ["an unknown form", () => new OneCycleLR(sgd(), { maxLr: 1, totalSteps: 9, annealStrategy: "sin" as never }), TypeError, /^OneCycleLR: annealStrategy must be "cos" or "linear", got "sin"/],
    ["no steps", () => new OneCycleLR(sgd(), { maxLr: 1, totalSteps: 0 }), RangeError, /^OneCycleLR: totalSteps must be a positive integer, got 0/],
    ["no schedulers", () => new SequentialLR(sgd(), [], []), RangeError, /^SequentialLR: there are no schedulers/],
    ["too many milestones", () => {
      const optimizer = sgd();
      return new SequentialLR(optimizer, [new StepLR(optimizer, 1)], [3]);
    }, RangeError, /^SequentialLR: 1 schedulers need 0 milestones, got 1/],
    ["another's scheduler", () => new SequentialLR(sgd(), [new StepLR(sgd(), 1)], []), TypeError, /^SequentialLR: schedulers\[0\] belongs to another optimiser/],
    ["something else", () => new SequentialLR(sgd(), [1 as never], []), TypeError, /^SequentialLR: schedulers\[0\] must be a scheduler, got 1/],
  ])("refuses %s", (_, call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});
