import {
  add, binaryCrossEntropy, binaryCrossEntropyWithLogits, huberLoss, klDiv, l1Loss, mseLoss, mul, type Reduction, type Shape, ShapeError, smoothL1Loss,
  type Tensor, tensor, zeros,
} from "../../src/index.ts";
import { type NdArray, ndarray, product } from "../array.ts";
import { plain } from "./broadcast.ts";
import type { BadCall, Case, OpSpec } from "./spec.ts";

// Losses between two tensors of one shape.

interface Common {
  reduction?: Reduction | "batchmean";
  /** The target lies in another order than x. */
  rowMajor?: boolean;
}

interface Loss<O> {
  name: string;
  run: (x: Tensor, target: Tensor, options: O) => Tensor;
  /** The loss of one element, and where it lies: [class, position inside of the sample]. */
  f: (x: number, target: number, options: O, index: number) => number;
  options?: O[];
  step?: number;
  affine?: boolean;
  bad?: BadCall[];
  reductions?: (Reduction | "batchmean" | undefined)[];
}

const shapes: Shape[] = [[], [1], [5], [3, 4], [7, 9], [2, 3, 5, 4], [2, 3, 2, 3, 2]];

function loss<O extends object>({ name, run, f, options = [{} as O], step, affine = false, bad = [], reductions = [undefined, "mean", "sum", "none"] }: Loss<O>): OpSpec<O & Common> {
  const cases: Case<O & Common>[] = product({ shape: shapes, option: options, reduction: reductions }).map(({ shape, option, reduction }) => ({
    shapes: [shape, shape],
    options: { ...option, ...(reduction && { reduction }), ...(shape.length > 3 && reduction === "none" && { rowMajor: true }) } as O & Common,
  }));
  const empty: Case<O & Common>[] = (["sum", "none"] as const).map((reduction) => ({ shapes: [[0, 3], [0, 3]], options: { ...options[0]!, reduction } }));
  return {
    name,
    run: ([x, target], { rowMajor, ...options }) => run(x!, rowMajor ? plain(target!) : target!, options as O),
    reference: ([x, target], options) => {
      const y = { shape: x!.shape, data: x!.data.map((value, i) => f(value, target!.data[i]!, options, i)) };
      return reduced(y, options.reduction);
    },
    cases: [...cases, ...empty],
    terms: ([x], { reduction }) => (reduction === "none" ? 4 : x!.reduce((a, b) => a * b, 4)),
    affine,
    ...(step !== undefined && { step }),
    bad: [
      { name: "two shapes", call: () => run(zeros([2, 3]), zeros([3]), options[0]!), error: ShapeError, message: new RegExp(`^${name}: x and target must have one shape \\(x \\[2, 3\\], target \\[3\\]\\)`) },
      { name: "a list", call: () => run(zeros([2]), [1, 2] as never, options[0]!), error: TypeError, message: new RegExp(`^${name}: target must be a tensor, got a value of type Array`) },
      { name: "integers", call: () => run(zeros([2]), tensor(new Int32Array(2)) as never, options[0]!), error: TypeError, message: new RegExp(`^${name}: target must be float32, it is int32`) },
      { name: "a reduction that is none", call: () => run(zeros([2]), zeros([2]), { reduction: "max" } as never), error: TypeError, message: new RegExp(`^${name}: reduction must be one of .*, got "max"`) },
      { name: "the mean of nothing", call: () => run(zeros([0, 2]), zeros([0, 2]), options[0]!), error: ShapeError, message: new RegExp(`^${name}: the mean of an empty batch is undefined`) },
      { name: "a word for options", call: () => run(zeros([2]), zeros([2]), "sum" as never), error: TypeError, message: new RegExp(`^${name}: options must be an object, got "sum"`) },
      ...bad,
    ],
  };
}

function reduced(y: NdArray, reduction: string = "mean"): NdArray {
  if (reduction === "none") return y;
  const sum = y.data.reduce((a, b) => a + b, 0);
  return ndarray([], [reduction === "sum" ? sum : sum / (reduction === "batchmean" ? y.shape[0] ?? 1 : y.data.length)]);
}

// Small enough to stay on one side of every kink.
const step = 1e-6;

export const mseLossSpec = loss<{}>({ name: "mseLoss", run: mseLoss, f: (x, t) => (x - t) ** 2 });
export const l1LossSpec = loss<{}>({ name: "l1Loss", run: l1Loss, f: (x, t) => Math.abs(x - t), step });

export const smoothL1LossSpec = loss<{ beta?: number }>({
  name: "smoothL1Loss",
  run: smoothL1Loss,
  f: (x, t, { beta = 1 }) => (Math.abs(x - t) < beta ? (x - t) ** 2 / (2 * beta) : Math.abs(x - t) - beta / 2),
  options: [{}, { beta: 0.3 }, { beta: 0 }],
  step,
  bad: [{ name: "beta below 0", call: () => smoothL1Loss(zeros([2]), zeros([2]), { beta: -1 }), error: RangeError, message: /^smoothL1Loss: beta must be a finite number of at least 0, got -1/ }],
});

export const huberLossSpec = loss<{ delta?: number }>({
  name: "huberLoss",
  run: huberLoss,
  f: (x, t, { delta = 1 }) => (Math.abs(x - t) <= delta ? (x - t) ** 2 / 2 : delta * (Math.abs(x - t) - delta / 2)),
  options: [{}, { delta: 0.3 }],
  step,
  bad: [
    { name: "delta 0", call: () => huberLoss(zeros([2]), zeros([2]), { delta: 0 }), error: RangeError, message: /^huberLoss: delta must be positive, got 0/ },
    { name: "delta below 0", call: () => huberLoss(zeros([2]), zeros([2]), { delta: -1 }), error: RangeError, message: /^huberLoss: delta must be a finite number of at least 0, got -1/ },
  ],
});

// Inputs lie in [-1, 1): brought inside [0.05, 0.95], where the logarithms are tame.
const probability = (x: Tensor): Tensor => add(mul(x, 0.45), 0.5);
const cut = (x: number): number => Math.fround(0.45) * x + 0.5;

// One factor for each element, or for each of the last axis.
const factor = (shape: Shape, all: boolean): number[] => Array.from({ length: all ? shape.reduce((a, b) => a * b, 1) : shape.at(-1) ?? 1 }, (_, i) => Math.fround(0.2 + (i % 5) / 3));
const asFactor = (x: Tensor, all: boolean): Tensor => tensor(factor(x.shape, all), all ? x.shape : [x.shape.at(-1) ?? 1].slice(0, x.shape.length));

type Weighted = { weight?: "all" | "last"; posWeight?: boolean };

function factorsOf(x: Tensor, { weight, posWeight, ...options }: Weighted): object {
  return { ...options, ...(weight && { weight: asFactor(x, weight === "all") }), ...(posWeight && { posWeight: asFactor(x, false) }) };
}

function weighted(spec: OpSpec<Weighted & Common>, f: (x: number, target: number, posWeight: number) => number): OpSpec<Weighted & Common> {
  return {
    ...spec,
    reference: ([x, target], { weight, posWeight, reduction }) => {
      const all = factor(x!.shape, true), last = factor(x!.shape, false);
      const losses = x!.data.map((value, i) => {
        const w = weight === "all" ? all[i]! : weight === "last" ? last[i % last.length]! : 1;
        return w * f(value, target!.data[i]!, posWeight ? last[i % last.length]! : 1);
      });
      return reduced({ shape: x!.shape, data: losses }, reduction);
    },
  };
}

const badFactors = (name: string, run: (x: Tensor, target: Tensor, options: any) => Tensor): BadCall[] => [
  { name: "a weight that does not fit", call: () => run(zeros([2, 3]), zeros([2, 3]), { weight: zeros([2]) }), error: ShapeError, message: new RegExp(`^${name}: weight must broadcast to x \\(weight \\[2\\], x \\[2, 3\\]\\)`) },
  { name: "a weight of more axes", call: () => run(zeros([3]), zeros([3]), { weight: zeros([2, 3]) }), error: ShapeError, message: new RegExp(`^${name}: weight must broadcast to x`) },
  { name: "a number for a weight", call: () => run(zeros([3]), zeros([3]), { weight: 2 }), error: TypeError, message: new RegExp(`^${name}: weight must be a tensor, got 2`) },
];

export const binaryCrossEntropyWithLogitsSpec = weighted(loss<Weighted>({
  name: "binaryCrossEntropyWithLogits",
  run: (x, target, options) => binaryCrossEntropyWithLogits(x, target, typeof options === "object" ? factorsOf(x, options) : options),
  f: () => 0,
  options: [{}, { weight: "all" }, { weight: "last" }, { posWeight: true }, { weight: "last", posWeight: true }],
  bad: [
    ...badFactors("binaryCrossEntropyWithLogits", binaryCrossEntropyWithLogits),
    { name: "a posWeight that does not fit", call: () => binaryCrossEntropyWithLogits(zeros([2, 3]), zeros([2, 3]), { posWeight: zeros([4]) }), error: ShapeError, message: /^binaryCrossEntropyWithLogits: posWeight must broadcast to x/ },
  ],
}), (x, t, posWeight) => posWeight * t * Math.log1p(Math.exp(-x)) + (1 - t) * Math.log1p(Math.exp(x)));

export const binaryCrossEntropySpec = weighted(loss<Weighted>({
  name: "binaryCrossEntropy",
  run: (x, target, options) => binaryCrossEntropy(x.size > 0 ? probability(x) : x, target, typeof options === "object" ? factorsOf(x, options) : options),
  f: () => 0,
  options: [{}, { weight: "all" }, { weight: "last" }],
  bad: [
    ...badFactors("binaryCrossEntropy", binaryCrossEntropy),
    { name: "what is no probability", call: () => binaryCrossEntropy(tensor([0.5, 1.5]), zeros([2])), error: RangeError, message: /^binaryCrossEntropy: x must hold probabilities from 0 to 1, got 1.5/ },
    { name: "NaN", call: () => binaryCrossEntropy(tensor([0.5, NaN]), zeros([2])), error: RangeError, message: /^binaryCrossEntropy: x must hold probabilities from 0 to 1, got NaN/ },
  ],
}), (x, t) => -(t * Math.log(cut(x)) + (1 - t) * Math.log(1 - cut(x))));

export const klDivSpec = loss<{ logTarget?: boolean }>({
  name: "klDiv",
  run: (x, target, options) => klDiv(x, typeof options === "object" && !options.logTarget && target.dtype === "float32" && target.size > 0 ? probability(target) : target, options),
  f: (x, t, { logTarget }) => (logTarget ? Math.exp(t) * (t - x) : cut(t) * (Math.log(cut(t)) - x)),
  options: [{}, { logTarget: true }],
  reductions: [undefined, "mean", "batchmean", "sum", "none"],
  bad: [{ name: "logTarget of wrong kind", call: () => klDiv(zeros([2]), zeros([2]), { logTarget: 1 as never }), error: TypeError, message: /^klDiv: logTarget must be true or false, got 1/ }],
});
