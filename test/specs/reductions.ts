import { amax, amin, type Dims, max, mean, min, ShapeError, std, sum, type Tensor, tensor, variance, zeros } from "../../src/index.ts";
import { at, forEachIndex, type NdArray, ndarray, setAt } from "../array.ts";
import type { BadCall, Case, OpSpec } from "./spec.ts";
import { plain, shapes } from "./broadcast.ts";

interface Options {
  dim?: Dims;
  keepdim?: boolean;
  plain?: boolean;
  correction?: number;
}

type Op = (x: Tensor, dim?: Dims, options?: { keepdim?: boolean; correction?: number }) => Tensor;

/** f of the elements along axes, in row-major order. */
function reduce(x: NdArray, { dim, keepdim = false, correction }: Options, f: (values: number[], correction?: number) => number): NdArray {
  const rank = x.shape.length;
  const dims = dim === undefined ? x.shape.map((_, axis) => axis) : [dim].flat().map((axis) => (axis < 0 ? axis + rank : axis));
  const kept = x.shape.map((length, axis) => (dims.includes(axis) ? 1 : length));
  const y = ndarray(kept);
  forEachIndex(kept, (...index) => {
    const values: number[] = [];
    const along = x.shape.map((length, axis) => (dims.includes(axis) ? length : 1));
    forEachIndex(along, (...step) => values.push(at(x, ...index.map((i, axis) => i + step[axis]!))));
    setAt(y, f(values, correction), ...index);
  });
  return keepdim ? y : ndarray(kept.filter((_, axis) => !dims.includes(axis)), y.data);
}

/** Every set of axes of a map and of a volume, in both layouts. */
const subsets = (rank: number): number[][] => {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return Array.from({ length: 2 ** rank - 1 }, (_, bits) => axes.filter((axis) => ((bits + 1) >> axis) & 1));
};

const cases: Case<Options>[] = [
  ...shapes.map((shape) => ({ shapes: [shape], options: {} })),
  { shapes: [[1000]], options: {} },
  { shapes: [[2, 3, 5, 4]], options: { plain: true } },
  { shapes: [[7, 9]], options: { keepdim: true } },
  ...[0, 1, -1, -2].flatMap((dim) => [false, true].map((keepdim) => ({ shapes: [[7, 9]], options: { dim, keepdim } }))),
  // A block of rows and one more; runs of lanes.
  ...[[1, 1], [129, 5], [3, 33], [300, 1], [1, 300]].flatMap((shape) => [0, 1].map((dim) => ({ shapes: [shape], options: { dim } }))),
  ...subsets(4).flatMap((dim) => [{ dim }, { dim, plain: true }, { dim, keepdim: true }])
    .map((options) => ({ shapes: [[2, 3, 4, 5]], options })),
  ...subsets(5).flatMap((dim) => [{ dim }, { dim, plain: true }].map((options) => ({ shapes: [[2, 3, 2, 1, 3]], options }))),
  { shapes: [[2, 3, 4]], options: { dim: [2, 0] } },
  { shapes: [[0, 3]], options: { dim: 1 } },
  { shapes: [[2, 0, 3]], options: { dim: [0] } },
];

const lengthOver = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function reduction(
  name: string, op: Op, f: (values: number[], correction?: number) => number, rest: Partial<OpSpec<Options>>,
): OpSpec<Options> {
  return {
    name,
    run: ([x], { dim, plain: lying, ...options }) => op(lying ? plain(x!) : x!, dim, options),
    reference: ([x], options) => reduce(x!, options, f),
    cases,
    terms: ([shape]) => lengthOver(shape!),
    affine: true,
    ...rest,
    bad: [...bad(name, op), ...(rest.bad ?? [])],
  };
}

function bad(name: string, op: Op): BadCall[] {
  const says = (text: string) => new RegExp(`^${name}: ${text.replace(/[[\]()]/g, "\\$&")}`);
  return [
    { name: "nothing", call: () => op(undefined as never), error: TypeError, message: says("x must be a tensor, got undefined") },
    {
      name: "integers", call: () => op(tensor(new Int32Array(3)) as never),
      error: TypeError, message: says("x must be float32, it is int32 (x [3])"),
    },
    {
      name: "an axis too many", call: () => op(zeros([2, 3]), 2),
      error: RangeError, message: says("dim must be an integer from -2 to 1, got 2 (x [2, 3])"),
    },
    {
      name: "an axis before the first", call: () => op(zeros([2, 3]), [0, -3]),
      error: RangeError, message: says("dim must be an integer from -2 to 1, got -3 (x [2, 3])"),
    },
    {
      name: "half an axis", call: () => op(zeros([2, 3]), 0.5),
      error: RangeError, message: says("dim must be an integer from -2 to 1, got 0.5 (x [2, 3])"),
    },
    {
      name: "an axis of a scalar", call: () => op(zeros([]), 0),
      error: RangeError, message: says("dim must be left out for a scalar, got 0 (x [])"),
    },
    {
      name: "an axis twice", call: () => op(zeros([2, 3]), [1, -1]),
      error: RangeError, message: says("dim [1, -1] names axis 1 twice (x [2, 3])"),
    },
    {
      name: "no axis", call: () => op(zeros([2, 3]), []),
      error: RangeError, message: says("dim names no axis; without dim all are reduced (x [2, 3])"),
    },
    {
      name: "a name for an axis", call: () => op(zeros([2, 3]), "rows" as never),
      error: TypeError, message: says('dim must be a number or a list of numbers, got "rows"'),
    },
    {
      name: "options in place of axes", call: () => op(zeros([2, 3]), { keepdim: true } as never),
      error: TypeError, message: says("dim must be a number or a list of numbers, got a value of type Object"),
    },
    {
      name: "keepdim that is no boolean", call: () => op(zeros([2, 3]), 1, { keepdim: 1 as never }),
      error: TypeError, message: says("keepdim must be true or false, got 1"),
    },
  ];
}

const total = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const nonEmpty = cases.filter(({ shapes: [shape] }) => shape!.every((length) => length > 0));

export const sumSpec: OpSpec<Options> = reduction("sum", sum, total, {});

export const meanSpec: OpSpec<Options> = reduction("mean", mean, (values) => total(values) / values.length, {
  cases: [...nonEmpty, { shapes: [[0, 3]], options: { dim: 1 } }],
  bad: [
    {
      name: "an empty tensor", call: () => mean(zeros([0, 3])),
      error: ShapeError, message: /^mean: x has no elements along dim \[0, 1\] \(x \[0, 3\]\)/,
    },
    {
      name: "an empty axis", call: () => mean(zeros([2, 0, 3]), 1),
      error: ShapeError, message: /^mean: x has no elements along dim \[1\] \(x \[2, 0, 3\]\)/,
    },
  ],
});

const none = (name: string, op: Op): BadCall[] => [
  {
    name: "an empty tensor", call: () => op(zeros([0, 3])),
    error: ShapeError, message: new RegExp(`^${name}: x has no elements along dim \\[0, 1\\] \\(x \\[0, 3\\]\\)`),
  },
  {
    name: "an empty axis", call: () => op(zeros([2, 0, 3]), 1),
    error: ShapeError, message: new RegExp(`^${name}: x has no elements along dim \\[1\\] \\(x \\[2, 0, 3\\]\\)`),
  },
];

const extremeCases = [...nonEmpty, { shapes: [[0, 3]], options: { dim: 1 } }];
const step = 1e-6;
export const amaxSpec: OpSpec<Options> = reduction("amax", amax, (values) => Math.max(...values), {
  cases: extremeCases, affine: false, step, bad: none("amax", amax),
});
export const aminSpec: OpSpec<Options> = reduction("amin", amin, (values) => Math.min(...values), {
  cases: extremeCases, affine: false, step, bad: none("amin", amin),
});

// The values of `max` and `min` along one axis, or of all.
const one = (op: typeof max): Op => (x, dim, options) => (dim === undefined ? op(x) : op(x, dim as number, options).values);
const oneAxis = extremeCases.filter(({ options: { dim, keepdim } }) => typeof dim === "number" || (dim === undefined && !keepdim));
const alongOne: Case<Options>[] = [
  ...oneAxis,
  ...[0, 1, 2, 3].flatMap((dim) => [{ dim }, { dim, plain: true }, { dim, keepdim: true }])
    .map((options) => ({ shapes: [[2, 3, 4, 5]], options })),
];
const severalAxes = (name: string): BadCall => ({
  name: "several axes",
  call: () => (name === "max" ? max : min)(zeros([2, 3]), [0, 1] as never),
  error: TypeError,
  message: new RegExp(`^${name}: dim must be a number, got a value of type Array`),
});
const badAlongOne = (name: string, op: Op): BadCall[] => [
  ...bad(name, op).filter(({ name }) => /nothing|too many|half|scalar|keepdim/.test(name)), ...none(name, op), severalAxes(name),
];
export const maxSpec: OpSpec<Options> = {
  ...reduction("max", one(max), (values) => Math.max(...values), { cases: alongOne, affine: false, step }),
  bad: badAlongOne("max", one(max)),
};
export const minSpec: OpSpec<Options> = {
  ...reduction("min", one(min), (values) => Math.min(...values), { cases: alongOne, affine: false, step }),
  bad: badAlongOne("min", one(min)),
};

const squares = (values: number[], correction = 1): number => {
  const mean = total(values) / values.length;
  return total(values.map((value) => (value - mean) ** 2)) / (values.length - correction);
};
const enough = ({ shapes: [shape], options: { dim } }: Case<Options>): boolean => {
  const reduced = dim === undefined ? shape! : [dim].flat().map((axis) => shape!.at(axis)!);
  return shape!.every((length) => length > 0) && lengthOver(reduced) > 1;
};
const spreadCases: Case<Options>[] = [
  ...cases.filter(enough),
  ...[0, 0.5, 2].map((correction) => ({ shapes: [[3, 5]], options: { dim: 1, correction } })),
  { shapes: [[3, 1]], options: { dim: 1, correction: 0 } },
];
const badSpread = (name: string, op: Op): BadCall[] => [
  ...none(name, op),
  {
    name: "one element", call: () => op(zeros([2, 1]), 1),
    error: ShapeError, message: new RegExp(`^${name}: x has 1 element along dim \\[1\\], correction 1 leaves none \\(x \\[2, 1\\]\\)`),
  },
  {
    name: "a correction of all", call: () => op(zeros([2, 3]), 1, { correction: 3 }),
    error: ShapeError, message: new RegExp(`^${name}: x has 3 elements along dim \\[1\\], correction 3 leaves none`),
  },
  {
    name: "a negative correction", call: () => op(zeros([2, 3]), 1, { correction: -1 }),
    error: RangeError, message: new RegExp(`^${name}: correction must be a finite number of at least 0, got -1`),
  },
];
export const varianceSpec: OpSpec<Options> = reduction("variance", variance, squares, {
  cases: spreadCases, affine: false, bad: badSpread("variance", variance),
});
export const stdSpec: OpSpec<Options> = reduction("std", std, (values, correction) => Math.sqrt(squares(values, correction)), {
  // The root of 0 has no derivative.
  cases: spreadCases.filter(({ options }) => options.correction !== 0), affine: false, bad: badSpread("std", std),
});
