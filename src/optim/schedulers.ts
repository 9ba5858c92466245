// Learning rates that change along the training, under PyTorch's names. Each is a closed formula of the number of steps taken,
// so none of them accumulates rounding errors; where an optimiser has several, they start from the same rate.

import { checkBoolean, checkInteger, checkNumber, describe } from "../shape.ts";
import { Optimizer } from "./optimizer.ts";

// The rate from which all schedulers of an optimiser start, as the first of them found it: one that is made later, for a
// sequence, would find what the first has made of it.
const initialRates = new WeakMap<Optimizer, number>();

/**
 * Base of the schedulers: sets the optimiser's learning rate to `lrAt(0)` when it is made, and to the next one at every `step`.
 *
 * @example
 * const scheduler = new CosineAnnealingLR(optimizer, 100);
 * for (let epoch = 0; epoch < 100; epoch++) {
 *   trainOneEpoch(optimizer);
 *   scheduler.step();
 * }
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer;
  /** The optimiser's learning rate before any scheduler. */
  readonly baseLr: number;
  #lastEpoch = 0;

  protected constructor(name: string, optimizer: Optimizer) {
    if (!(optimizer instanceof Optimizer)) throw new TypeError(`${name}: optimizer must be an optimiser, got ${describe(optimizer)}`);
    this.optimizer = optimizer;
    if (!initialRates.has(optimizer)) initialRates.set(optimizer, optimizer.lr);
    this.baseLr = initialRates.get(optimizer)!;
  }

  /** Steps taken so far. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /** The learning rate after so many steps. */
  abstract lrAt(step: number): number;

  /** Moves on: after every epoch, or for one-cycle and warm-up usually after every step of the optimiser. */
  step(): void {
    this.apply(this.#lastEpoch + 1);
    this.#lastEpoch++;
  }

  /** Sets what the schedule controls to where it is after so many steps. @internal */
  apply(step: number): void {
    this.optimizer.lr = this.lrAt(step);
  }
}

/**
 * The base rate times a function of the number of steps.
 *
 * @example
 * const scheduler = new LambdaLR(optimizer, (step) => 0.95 ** step);
 */
export class LambdaLR extends LRScheduler {
  readonly lrLambda: (step: number) => number;

  constructor(optimizer: Optimizer, lrLambda: (step: number) => number) {
    super("LambdaLR", optimizer);
    if (typeof lrLambda !== "function") throw new TypeError(`LambdaLR: lrLambda must be a function, got ${describe(lrLambda)}`);
    this.lrLambda = lrLambda;
    this.apply(0);
  }

  lrAt(step: number): number {
    return this.baseLr * this.lrLambda(step);
  }
}

/**
 * lr = base * gamma ^ floor(step / stepSize).
 *
 * @throws RangeError if stepSize is no positive integer or gamma is negative or no number
 * @example
 * const scheduler = new StepLR(optimizer, 30, 0.1); // a tenth every 30 epochs
 */
export class StepLR extends LRScheduler {
  readonly stepSize: number;
  readonly gamma: number;

  constructor(optimizer: Optimizer, stepSize: number, gamma: number = 0.1) {
    super("StepLR", optimizer);
    checkInteger("StepLR", "stepSize", stepSize, 1);
    checkNumber("StepLR", "gamma", gamma, 0);
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.apply(0);
  }

  lrAt(step: number): number {
    return this.baseLr * this.gamma ** Math.floor(step / this.stepSize);
  }
}

/**
 * lr = base * gamma ^ (milestones passed).
 *
 * @throws RangeError if a milestone is no integer, they decrease, or gamma is negative or no number
 * @example
 * const scheduler = new MultiStepLR(optimizer, [60, 90], 0.1);
 */
export class MultiStepLR extends LRScheduler {
  readonly milestones: readonly number[];
  readonly gamma: number;

  constructor(optimizer: Optimizer, milestones: readonly number[], gamma: number = 0.1) {
    super("MultiStepLR", optimizer);
    checkMilestones("MultiStepLR", milestones);
    checkNumber("MultiStepLR", "gamma", gamma, 0);
    this.milestones = [...milestones];
    this.gamma = gamma;
    this.apply(0);
  }

  lrAt(step: number): number {
    return this.baseLr * this.gamma ** passed(this.milestones, step);
  }
}

/**
 * lr = base * gamma ^ step.
 *
 * @throws RangeError if gamma is negative or no number
 * @example
 * const scheduler = new ExponentialLR(optimizer, 0.97);
 */
export class ExponentialLR extends LRScheduler {
  readonly gamma: number;

  constructor(optimizer: Optimizer, gamma: number) {
    super("ExponentialLR", optimizer);
    checkNumber("ExponentialLR", "gamma", gamma, 0);
    this.gamma = gamma;
    this.apply(0);
  }

  lrAt(step: number): number {
    return this.baseLr * this.gamma ** step;
  }
}

/**
 * Half a cosine from the base rate to `etaMin` in `tMax` steps, and back up in as many (Loshchilov, Hutter, 2017):
 * lr = etaMin + (base - etaMin) (1 + cos(pi step / tMax)) / 2.
 *
 * @throws RangeError if tMax is no positive integer or etaMin is negative or no number
 * @example
 * const scheduler = new CosineAnnealingLR(optimizer, 100);
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly tMax: number;
  readonly etaMin: number;

  constructor(optimizer: Optimizer, tMax: number, etaMin: number = 0) {
    super("CosineAnnealingLR", optimizer);
    checkInteger("CosineAnnealingLR", "tMax", tMax, 1);
    checkNumber("CosineAnnealingLR", "etaMin", etaMin, 0);
    this.tMax = tMax;
    this.etaMin = etaMin;
    this.apply(0);
  }

  lrAt(step: number): number {
    return this.etaMin + ((this.baseLr - this.etaMin) * (1 + Math.cos((Math.PI * step) / this.tMax))) / 2;
  }
}

/** Options of `LinearLR`; the defaults are PyTorch's. */
export interface LinearLROptions {
  /** Factor at step 0, above 0 and at most 1, default 1/3. */
  startFactor?: number;
  /** Factor from step `totalIters` on, from 0 to 1, default 1. */
  endFactor?: number;
  /** Steps in between, default 5. */
  totalIters?: number;
}

/**
 * Warm-up: the base rate times a factor that goes from `startFactor` to `endFactor` in `totalIters` equal steps and stays there.
 *
 * @throws RangeError if an option is out of its range
 * @example
 * const warmUp = new LinearLR(optimizer, { startFactor: 0.01, totalIters: 500 });
 * const scheduler = new SequentialLR(optimizer, [warmUp, new CosineAnnealingLR(optimizer, 9500)], [500]);
 */
export class LinearLR extends LRScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;

  constructor(optimizer: Optimizer, options: LinearLROptions = {}) {
    super("LinearLR", optimizer);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options;
    checkNumber("LinearLR", "startFactor", startFactor, 0, 1);
    if (startFactor === 0) throw new RangeError("LinearLR: startFactor must be above 0, got 0");
    checkNumber("LinearLR", "endFactor", endFactor, 0, 1);
    checkInteger("LinearLR", "totalIters", totalIters, 1);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.apply(0);
  }

  lrAt(step: number): number {
    const { startFactor, endFactor, totalIters } = this;
    // The share is 1 exactly at the end: a rate that ends at 0 must not end below it.
    return this.baseLr * (startFactor + (endFactor - startFactor) * (Math.min(step, totalIters) / totalIters));
  }
}

/** Options of `OneCycleLR`; the defaults are PyTorch's. */
export interface OneCycleOptions {
  /** The largest learning rate. */
  maxLr: number;
  /** Steps of the whole cycle; more are refused. */
  totalSteps: number;
  /** Share of the steps in which the rate rises, default 0.3. */
  pctStart?: number;
  /** Form of the rise and the fall, default "cos". */
  annealStrategy?: "cos" | "linear";
  /** Moves the momentum, or the first of the betas, the other way, default true. */
  cycleMomentum?: boolean;
  /** The smallest momentum, default 0.85. */
  baseMomentum?: number;
  /** The largest momentum, default 0.95. */
  maxMomentum?: number;
  /** The first rate is maxLr / divFactor, default 25. */
  divFactor?: number;
  /** The last rate is the first one / finalDivFactor, default 10000. */
  finalDivFactor?: number;
  /** Falls back to the first rate as it rose, and then on to the last, instead of falling once; default false. */
  threePhase?: boolean;
}

/** One rise or fall of the rate, and of the momentum, up to the step `end`. */
interface Phase {
  end: number;
  lr: readonly [from: number, to: number];
  momentum: readonly [from: number, to: number];
}

/**
 * One rise of the learning rate to `maxLr` and one fall far below its start, in `totalSteps` steps of the optimiser, with the
 * momentum moving the other way (Smith, Topin, 2019). The optimiser's own learning rate does not matter.
 *
 * @throws RangeError if an option is out of its range, or at the step after the last; TypeError if one is of the wrong kind
 * @example
 * const scheduler = new OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: epochs * batches });
 */
export class OneCycleLR extends LRScheduler {
  readonly totalSteps: number;
  readonly annealStrategy: "cos" | "linear";
  readonly cycleMomentum: boolean;
  readonly #phases: readonly Phase[];

  constructor(optimizer: Optimizer, options: OneCycleOptions) {
    super("OneCycleLR", optimizer);
    const {
      maxLr, totalSteps, pctStart = 0.3, annealStrategy = "cos", cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95,
      divFactor = 25, finalDivFactor = 1e4, threePhase = false,
    } = options;
    checkNumber("OneCycleLR", "maxLr", maxLr, 0);
    checkInteger("OneCycleLR", "totalSteps", totalSteps, 1);
    checkNumber("OneCycleLR", "pctStart", pctStart, 0, 1);
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new TypeError(`OneCycleLR: annealStrategy must be "cos" or "linear", got ${describe(annealStrategy)}`);
    }
    checkBoolean("OneCycleLR", "cycleMomentum", cycleMomentum);
    checkNumber("OneCycleLR", "baseMomentum", baseMomentum, 0);
    checkNumber("OneCycleLR", "maxMomentum", maxMomentum, 0);
    checkNumber("OneCycleLR", "divFactor", divFactor, Number.MIN_VALUE);
    checkNumber("OneCycleLR", "finalDivFactor", finalDivFactor, Number.MIN_VALUE);
    checkBoolean("OneCycleLR", "threePhase", threePhase);
    if (cycleMomentum && !("momentum" in optimizer) && !("betas" in optimizer)) {
      throw new TypeError(`OneCycleLR: cycleMomentum needs an optimiser with a momentum, got ${describe(optimizer)}`);
    }
    this.totalSteps = totalSteps;
    this.annealStrategy = annealStrategy;
    this.cycleMomentum = cycleMomentum;
    const first = maxLr / divFactor, last = first / finalDivFactor, top = pctStart * totalSteps - 1;
    const rise: Phase = { end: top, lr: [first, maxLr], momentum: [maxMomentum, baseMomentum] };
    this.#phases = threePhase
      ? [
        rise,
        { end: 2 * pctStart * totalSteps - 2, lr: [maxLr, first], momentum: [baseMomentum, maxMomentum] },
        { end: totalSteps - 1, lr: [first, last], momentum: [maxMomentum, maxMomentum] },
      ]
      : [rise, { end: totalSteps - 1, lr: [maxLr, last], momentum: [baseMomentum, maxMomentum] }];
    this.apply(0);
  }

  lrAt(step: number): number {
    // At `totalSteps` itself, one step beyond the last phase, a straight line would end below 0.
    return Math.max(this.#anneal(step, "lr"), 0);
  }

  override apply(step: number): void {
    super.apply(step);
    if (!this.cycleMomentum) return;
    const momentum = this.#anneal(step, "momentum");
    const optimizer = this.optimizer as { betas?: readonly [number, number]; momentum?: number };
    if (optimizer.betas) optimizer.betas = [momentum, optimizer.betas[1]];
    else optimizer.momentum = momentum;
  }

  #anneal(step: number, key: "lr" | "momentum"): number {
    if (step > this.totalSteps) throw new RangeError(`OneCycleLR: step ${step} comes after the last of ${this.totalSteps} steps`);
    let start = 0;
    for (const phase of this.#phases) {
      if (step > phase.end && phase !== this.#phases.at(-1)) {
        start = phase.end;
        continue;
      }
      const [from, to] = phase[key];
      const share = phase.end === start ? 1 : (step - start) / (phase.end - start);
      return this.annealStrategy === "cos" ? to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share)) : from + (to - from) * share;
    }
    throw new Error("unreachable");
  }
}

/**
 * One schedule after the other: `schedulers[i + 1]` begins at step `milestones[i]`, at its own beginning.
 *
 * @param schedulers made on the same optimiser
 * @param milestones one fewer than there are schedulers
 * @throws RangeError if milestones are no integers, decrease, or are too few or too many; TypeError if something is of the wrong
 *   kind or belongs to another optimiser
 * @example
 * const scheduler = new SequentialLR(optimizer, [warmUp, new CosineAnnealingLR(optimizer, 9500)], [500]);
 */
export class SequentialLR extends LRScheduler {
  readonly schedulers: readonly LRScheduler[];
  readonly milestones: readonly number[];

  constructor(optimizer: Optimizer, schedulers: readonly LRScheduler[], milestones: readonly number[]) {
    super("SequentialLR", optimizer);
    if (!Array.isArray(schedulers)) throw new TypeError(`SequentialLR: schedulers must be a list, got ${describe(schedulers)}`);
    schedulers.forEach((scheduler, i) => {
      if (!(scheduler instanceof LRScheduler)) {
        throw new TypeError(`SequentialLR: schedulers[${i}] must be a scheduler, got ${describe(scheduler)}`);
      }
      if (scheduler.optimizer !== optimizer) throw new TypeError(`SequentialLR: schedulers[${i}] belongs to another optimiser`);
    });
    checkMilestones("SequentialLR", milestones);
    if (schedulers.length === 0) throw new RangeError("SequentialLR: there are no schedulers");
    if (schedulers.length !== milestones.length + 1) {
      throw new RangeError(
        `SequentialLR: ${schedulers.length} schedulers need ${schedulers.length - 1} milestones, got ${milestones.length}`,
      );
    }
    this.schedulers = [...schedulers];
    this.milestones = [...milestones];
    this.apply(0);
  }

  lrAt(step: number): number {
    const [scheduler, own] = this.#at(step);
    return scheduler.lrAt(own);
  }

  override apply(step: number): void {
    const [scheduler, own] = this.#at(step);
    scheduler.apply(own);
  }

  #at(step: number): [LRScheduler, number] {
    const i = passed(this.milestones, step);
    return [this.schedulers[i]!, i === 0 ? step : step - this.milestones[i - 1]!];
  }
}

function passed(milestones: readonly number[], step: number): number {
  return milestones.filter((milestone) => milestone <= step).length;
}

function checkMilestones(op: string, milestones: readonly number[]): void {
  if (!Array.isArray(milestones)) throw new TypeError(`${op}: milestones must be a list of numbers, got ${describe(milestones)}`);
  milestones.forEach((milestone, i) => {
    checkInteger(op, `milestones[${i}]`, milestone, 0);
    if (i > 0 && milestone < milestones[i - 1]) {
      throw new RangeError(`${op}: milestones must increase, got ${milestone} after ${milestones[i - 1]}`);
    }
  });
}
