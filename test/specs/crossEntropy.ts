import { crossEntropy, nllLoss, type Reduction, type Shape, ShapeError, type Tensor, tensor, zeros } from "../../src/index.ts";
import { at, forEachIndex, type NdArray, ndarray, product, setAt } from "../array.ts";
import { plain } from "./broadcast.ts";
import type { BadCall, Case, OpSpec } from "./spec.ts";

interface Options {
  weight?: boolean;
  /** A third of the labels are ignored: by this number, or by -100 if it is 0. */
  ignore?: number;
  labelSmoothing?: number;
  reduction?: Reduction;
  asTensor?: boolean;
  rowMajor?: boolean;
}

const positionsOf = ([n, , ...rest]: Shape): number[] => [n!, ...rest];

function labelsFor(shape: Shape, { ignore }: Options): number[] {
  const size = positionsOf(shape).reduce((a, b) => a * b, 1);
  return Array.from({ length: size }, (_, i) => (ignore !== undefined && i % 3 === 1 ? ignore || -100 : (i * 7 + 3) % shape[1]!));
}

const weightFor = (classes: number): number[] => Array.from({ length: classes }, (_, c) => Math.fround(0.3 + ((c * 5) % 4) / 2));

function argumentsOf(x: Tensor, options: Options): [labels: never, options: object] {
  const { weight, ignore, asTensor, rowMajor: _, ...rest } = options;
  const labels = labelsFor(x.shape, options);
  return [
    (asTensor ? tensor(Int32Array.from(labels), positionsOf(x.shape)) : labels) as never,
    { ...rest, ...(weight && { weight: tensor(weightFor(x.shape[1]!)) }), ...(ignore && { ignoreIndex: ignore }) },
  ];
}

/** From logarithms of probabilities. `targets` gives the probability of each class at a position, or nothing where it is ignored. */
function loss(x: NdArray, targets: (i: number, c: number) => number | undefined, { weight, labelSmoothing = 0, reduction = "mean" }: Options, byWeight: boolean): NdArray {
  const classes = x.shape[1]!;
  const w = weight ? weightFor(classes) : new Array<number>(classes).fill(1);
  const y = ndarray(positionsOf(x.shape));
  let i = 0, total = 0;
  forEachIndex(y.shape, (...[n, ...position]) => {
    for (let c = 0; c < classes; c++) {
      const q = targets(i, c);
      if (q === undefined) break;
      setAt(y, at(y, n!, ...position) - w[c]! * ((1 - labelSmoothing) * q + labelSmoothing / classes) * at(x, n!, c, ...position), n!, ...position);
      total += byWeight ? w[c]! * q : q;
    }
    i++;
  });
  if (reduction === "none") return y;
  const sum = y.data.reduce((a, b) => a + b, 0);
  return ndarray([], [reduction === "sum" ? sum : sum / total]);
}

function logarithms(x: NdArray): NdArray {
  const y = ndarray(x.shape);
  forEachIndex(positionsOf(x.shape), (n, ...position) => {
    const row = Array.from({ length: x.shape[1]! }, (_, c) => at(x, n!, c, ...position));
    const most = Math.max(...row), sum = row.reduce((total, value) => total + Math.exp(value - most), 0);
    row.forEach((value, c) => setAt(y, value - most - Math.log(sum), n!, c, ...position));
  });
  return y;
}

const ofLabels = (x: NdArray, options: Options, logs: NdArray): NdArray => {
  const labels = labelsFor(x.shape, options);
  const ignored = options.ignore === undefined ? undefined : options.ignore || -100;
  return loss(logs, (i, c) => (labels[i] === ignored ? undefined : +(labels[i] === c)), options, true);
};

const shapes: Shape[] = [[5, 3], [4, 7, 3], [2, 3, 5, 4], [2, 3, 2, 3, 2]];
const options = product({ weight: [false, true], ignore: [undefined, 0, 2], reduction: [undefined, "sum", "none"] as const });
const given = (list: object): Options => Object.fromEntries(Object.entries(list).filter(([, value]) => value !== undefined && value !== false));
const cases: Case<Options>[] = [
  ...shapes.flatMap((shape) => options.map((one) => ({ shapes: [shape], options: given(one) }))),
  ...[[1, 1], [1, 4], [33, 10], [5, 1000]].map((shape) => ({ shapes: [shape], options: {} })),
  ...shapes.map((shape) => ({ shapes: [shape], options: { asTensor: true } })),
  ...[[4, 7, 3], [2, 3, 5, 4]].flatMap((shape) => [{}, { reduction: "none" as const }].map((one) => ({ shapes: [shape], options: { rowMajor: true, ...one } }))),
  { shapes: [[0, 3]], options: { reduction: "sum" } },
  { shapes: [[0, 3, 4]], options: { reduction: "none" } },
];
const smoothed: Case<Options>[] = cases.filter((_, i) => i % 2 === 0).flatMap(({ shapes, options }) => [0.1, 1].map((labelSmoothing) => ({ shapes, options: { ...options, labelSmoothing } })));

const count = ([x]: readonly Shape[]): number => x!.reduce((a, b) => a * b, 1);

const bad = (name: string, run: (x: Tensor, target: never, options?: any) => Tensor): BadCall[] => [
  { name: "rank 1", call: () => run(zeros([10]), [1] as never), error: ShapeError, message: new RegExp(`^${name}: (logits|x) must have at least 2 axes \\[N, C, ...\\], it has 1`) },
  { name: "too few labels", call: () => run(zeros([3, 10]), [1, 2] as never), error: ShapeError, message: new RegExp(`^${name}: target has 2 elements, logits has 3 rows`) },
  { name: "labels of another shape", call: () => run(zeros([2, 10, 2, 3]), tensor(new Int32Array(12), [2, 3, 2]) as never), error: ShapeError, message: new RegExp(`^${name}: target must have shape \\[2, 2, 3\\], it has \\[2, 3, 2\\]`) },
  { name: "a label that is no class", call: () => run(zeros([2, 10]), [1, 10] as never), error: RangeError, message: new RegExp(`^${name}: target must be integers from 0 to 9, or -100, target\\[1\\] is 10`) },
  { name: "no labels", call: () => run(zeros([2, 10]), undefined as never), error: TypeError, message: new RegExp(`^${name}: target must be a list of numbers or a tensor, got undefined`) },
  { name: "nothing that counts", call: () => run(zeros([2, 10]), [-100, -100] as never), error: RangeError, message: new RegExp(`^${name}: the mean is undefined, since none of 2 labels counts`) },
  { name: "nothing that has weight", call: () => run(zeros([2, 3]), [1, 1] as never, { weight: tensor([1, 0, 1]) }), error: RangeError, message: new RegExp(`^${name}: the mean is undefined, since none of 2 labels counts`) },
  { name: "an empty batch", call: () => run(zeros([0, 10]), [] as never), error: ShapeError, message: new RegExp(`^${name}: the mean of an empty batch is undefined`) },
  { name: "weights of too few classes", call: () => run(zeros([2, 10]), [1, 2] as never, { weight: zeros([9]) }), error: ShapeError, message: new RegExp(`^${name}: weight must have shape \\[10\\], it has \\[9\\]`) },
  { name: "a reduction that is none", call: () => run(zeros([2, 10]), [1, 2] as never, { reduction: "max" }), error: TypeError, message: new RegExp(`^${name}: reduction must be one of mean, sum, none, got "max"`) },
  { name: "a fractional ignoreIndex", call: () => run(zeros([2, 10]), [1, 2] as never, { ignoreIndex: 0.5 }), error: RangeError, message: new RegExp(`^${name}: ignoreIndex must be an integer, got 0.5`) },
  { name: "a word for options", call: () => run(zeros([2, 10]), [1, 2] as never, "sum"), error: TypeError, message: new RegExp(`^${name}: options must be an object, got "sum"`) },
];

export const crossEntropySpec: OpSpec<Options> = {
  name: "crossEntropy",
  run: ([x], options) => crossEntropy(options.rowMajor ? plain(x!) : x!, ...argumentsOf(x!, options)),
  reference: ([x], options) => ofLabels(x!, options, logarithms(x!)),
  cases: [...cases, ...smoothed],
  terms: count,
  affine: false,
  bad: [
    ...bad("crossEntropy", crossEntropy),
    { name: "too much smoothing", call: () => crossEntropy(zeros([2, 3]), [1, 2], { labelSmoothing: 1.1 }), error: RangeError, message: /^crossEntropy: labelSmoothing must be a number from 0 to 1, got 1.1/ },
    { name: "probabilities of another shape", call: () => crossEntropy(zeros([2, 3]), zeros([3, 2])), error: ShapeError, message: /^crossEntropy: probabilities must be shaped like logits \(logits \[2, 3\], target \[3, 2\]\)/ },
    { name: "a class to ignore among probabilities", call: () => crossEntropy(zeros([2, 3]), zeros([2, 3]), { ignoreIndex: 1 }), error: RangeError, message: /^crossEntropy: ignoreIndex 1 means nothing where target holds probabilities/ },
  ],
};

export const crossEntropyOfProbabilitiesSpec: OpSpec<Options> = {
  name: "crossEntropy of probabilities",
  run: ([x, target], { weight, rowMajor, ...options }) =>
    crossEntropy(rowMajor ? plain(x!) : x!, target!, { ...options, ...(weight && { weight: tensor(weightFor(x!.shape[1]!)) }) }),
  reference: ([x, target], options) => {
    // The rows of the target, class by class.
    const q: number[][] = [];
    forEachIndex(positionsOf(x!.shape), (n, ...position) => q.push(Array.from({ length: x!.shape[1]! }, (_, c) => at(target!, n!, c, ...position))));
    const y = loss(logarithms(x!), (i, c) => q[i]![c]!, { ...options, reduction: "none" }, false);
    const { reduction = "mean" } = options;
    const sum = y.data.reduce((a, b) => a + b, 0);
    return reduction === "none" ? y : ndarray([], [reduction === "sum" ? sum : sum / y.data.length]);
  },
  cases: shapes.flatMap((shape) =>
    product({ weight: [false, true], labelSmoothing: [undefined, 0.2], reduction: [undefined, "sum", "none"] as const, rowMajor: [false, shape.length > 2] })
      .map((one) => ({ shapes: [shape, shape], options: given(one) }))),
  terms: count,
  affine: false,
  bad: [],
};

export const nllLossSpec: OpSpec<Options> = {
  name: "nllLoss",
  run: ([x], options) => nllLoss(options.rowMajor ? plain(x!) : x!, ...argumentsOf(x!, options)),
  reference: ([x], options) => ofLabels(x!, options, x!),
  cases,
  terms: count,
  affine: true,
  bad: bad("nllLoss", nllLoss),
};
