import { logSoftmax, logsumexp, ShapeError, softmax, type Tensor, tensor, zeros } from "../../src/index.ts";
import { at, forEachIndex, type NdArray, ndarray, setAt } from "../array.ts";
import { plain } from "./broadcast.ts";
import type { Case, OpSpec } from "./spec.ts";

// Every axis of every rank; maps in both layouts.
type Options = { dim: number; rowMajor?: boolean };
const cases: Case<Options>[] = [[1], [5], [2, 3], [7, 9], [4, 1], [3, 2, 5], [2, 3, 5, 4], [1, 8, 3, 3], [2, 3, 2, 3, 2], [3, 1000]].flatMap((shape) =>
  shape.flatMap((_, dim) => [{ dim }, { dim: dim - shape.length }, ...(shape.length > 3 ? [{ dim, rowMajor: true }] : [])].map((options) => ({ shapes: [shape], options }))));
const empty: Case<Options>[] = [[0, 3], [3, 0], [2, 0, 3, 4]].map((shape) => ({ shapes: [shape], options: { dim: 0 } }));

const inLayout = (x: Tensor, rowMajor = false): Tensor => (rowMajor ? plain(x) : x);
const inside = (dims: number[], rank: number): number[] => dims.map((dim) => (dim < 0 ? dim + rank : dim));

/** Sum of exponentials over axes, which keep the length 1. */
function expSum(x: NdArray, dims: number[]): NdArray {
  const axes = inside(dims, x.shape.length);
  const sums = ndarray(x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length)));
  forEachIndex(x.shape, (...index) => {
    const to = index.map((i, axis) => (axes.includes(axis) ? 0 : i));
    setAt(sums, at(sums, ...to) + Math.exp(at(x, ...index)), ...to);
  });
  return sums;
}

/** log(softmax), and nothing but 0 along an axis of length 1. */
function logarithms(x: NdArray, dim: number): NdArray {
  const y = ndarray(x.shape);
  const [axis] = inside([dim], x.shape.length);
  forEachIndex(x.shape.map((length, k) => (k === axis ? Math.min(length, 1) : length)), (...first) => {
    const along = Array.from({ length: x.shape[axis!]! }, (_, j) => first.map((i, k) => (k === axis ? j : i)));
    const row = along.map((index) => at(x, ...index));
    const most = Math.max(...row), sum = row.reduce((total, value) => total + Math.exp(value - most), 0);
    row.forEach((value, j) => setAt(y, value - most - Math.log(sum), ...along[j]!));
  });
  return y;
}

const map = (x: NdArray, f: (value: number) => number): NdArray => ndarray(x.shape, x.data.map(f));

const length = ([x]: readonly (readonly number[])[], { dim }: Options): number => x!.at(dim)!;

const bad = (name: string, run: (x: Tensor, dim: number) => Tensor): OpSpec["bad"] => [
  { name: "an axis that is none", call: () => run(zeros([2, 3]), 2), error: RangeError, message: new RegExp(`^${name}: dim must be .*, got 2`) },
  { name: "an axis before the first", call: () => run(zeros([2, 3]), -3), error: RangeError, message: new RegExp(`^${name}: dim must be .*, got -3`) },
  { name: "a word for an axis", call: () => run(zeros([2, 3]), "1" as never), error: TypeError, message: new RegExp(`^${name}: dim must be a number.*, got "1"`) },
  { name: "integers", call: () => run(tensor(new Int32Array(2)) as never, 0), error: TypeError, message: new RegExp(`^${name}: x must be float32, it is int32`) },
];

export const softmaxSpec: OpSpec<Options> = {
  name: "softmax",
  run: ([x], { dim, rowMajor }) => softmax(inLayout(x!, rowMajor), dim),
  reference: ([x], { dim }) => map(logarithms(x!, dim), Math.exp),
  cases: [...cases, ...empty],
  terms: length,
  affine: false,
  bad: bad("softmax", softmax),
};

export const logSoftmaxSpec: OpSpec<Options> = {
  name: "logSoftmax",
  run: ([x], { dim, rowMajor }) => logSoftmax(inLayout(x!, rowMajor), dim),
  reference: ([x], { dim }) => logarithms(x!, dim),
  cases: [...cases, ...empty],
  terms: length,
  affine: false,
  bad: bad("logSoftmax", logSoftmax),
};

type SumOptions = { dim?: number | number[]; rowMajor?: boolean; keepdim?: boolean };
const several: Case<SumOptions>[] = [[0, 2], [3, 1], [2, 3], [-1, 0, 1], [0, 1, 2, 3]].flatMap((dim) =>
  [{ dim }, { dim, keepdim: true }, { dim, rowMajor: true }].map((options) => ({ shapes: [[2, 3, 5, 4]], options })));

const axesOf = (shape: readonly number[], dim: SumOptions["dim"]): number[] => (dim === undefined ? shape.map((_, axis) => axis) : [dim].flat());

export const logsumexpSpec: OpSpec<SumOptions> = {
  name: "logsumexp",
  run: ([x], { dim, rowMajor, ...options }) => logsumexp(inLayout(x!, rowMajor), dim, options),
  reference: ([x], { dim, keepdim }) => {
    const dims = axesOf(x!.shape, dim);
    const y = expSum(x!, dims);
    const shape = keepdim ? y.shape : y.shape.filter((_, axis) => !inside(dims, y.shape.length).includes(axis));
    return ndarray(shape, y.data.map(Math.log));
  },
  cases: [...cases, ...cases.map(({ shapes, options }) => ({ shapes, options: { ...options, keepdim: true } })), ...several, { shapes: [[3, 4]], options: {} }, { shapes: [[0, 3]], options: { dim: 1 } }],
  terms: ([x], { dim }) => axesOf(x!, dim).reduce((product, axis) => product * x!.at(axis)!, 1),
  affine: false,
  bad: [
    ...bad("logsumexp", logsumexp),
    { name: "an axis named twice", call: () => logsumexp(zeros([2, 3]), [1, -1]), error: RangeError, message: /^logsumexp: dim \[1, -1\] names axis 1 twice/ },
    { name: "an empty axis", call: () => logsumexp(zeros([2, 0]), 1), error: ShapeError, message: /^logsumexp: there are no elements along dim 1 \(x \[2, 0\]\)/ },
    { name: "keepdim of wrong kind", call: () => logsumexp(zeros([2, 3]), 1, { keepdim: 1 as never }), error: TypeError, message: /^logsumexp: keepdim must be true or false, got 1/ },
    { name: "true for options", call: () => logsumexp(zeros([2, 3]), 1, true as never), error: TypeError, message: /^logsumexp: options must be an object, got true/ },
  ],
};
