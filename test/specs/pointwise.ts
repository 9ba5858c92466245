import { add, mean, mul, relu, scale, ShapeError, sum, tensor, zeros } from "../../src/index.ts";
import { type NdArray, ndarray } from "../array.ts";
import type { Case, OpSpec } from "./spec.ts";

// Around the vector width, in both layouts.
const shapes = [[], [0], [1], [3], [4], [5], [2, 3], [7, 9], [2, 3, 5, 4], [1, 8, 3, 3], [2, 3, 2, 3, 2]];

const unary: Case<{}>[] = shapes.map((shape) => ({ shapes: [shape], options: {} }));
const binary: Case<{}>[] = shapes.map((shape) => ({ shapes: [shape, shape], options: {} }));

const map = (x: NdArray, f: (value: number, i: number) => number): NdArray => ({ shape: x.shape, data: x.data.map(f) });
const total = (x: NdArray): number => x.data.reduce((a, b) => a + b, 0);

export const addSpec: OpSpec<{}> = {
  name: "add",
  run: ([a, b]) => add(a!, b!),
  reference: ([a, b]) => map(a!, (value, i) => value + b!.data[i]!),
  cases: binary,
  terms: () => 1,
  affine: true,
  bad: [
    { name: "two shapes", call: () => add(zeros([2, 3]), zeros([3, 2])), error: ShapeError, message: /add: a and b must have one shape \(a \[2, 3\], b \[3, 2\]\)/ },
    { name: "a number", call: () => add(zeros([2]), 1 as never), error: TypeError, message: /add: b must be a tensor, got 1/ },
    { name: "integers", call: () => add(zeros([2]), tensor(new Int32Array(2)) as never), error: TypeError, message: /add: b must be float32, it is int32/ },
  ],
};

export const mulSpec: OpSpec<{}> = {
  name: "mul",
  run: ([a, b]) => mul(a!, b!),
  reference: ([a, b]) => map(a!, (value, i) => value * b!.data[i]!),
  cases: binary,
  terms: () => 1,
  affine: true,
  bad: [{ name: "two shapes", call: () => mul(zeros([4]), zeros([5])), error: ShapeError, message: /mul: a and b must have one shape \(a \[4\], b \[5\]\)/ }],
};

export const scaleSpec: OpSpec<{ alpha: number }> = {
  name: "scale",
  run: ([x], { alpha }) => scale(x!, alpha),
  reference: ([x], { alpha }) => map(x!, (value) => Math.fround(alpha) * value),
  cases: unary.flatMap(({ shapes }) => [0, -1.7].map((alpha) => ({ shapes, options: { alpha } }))),
  terms: () => 1,
  affine: true,
  bad: [{ name: "NaN", call: () => scale(zeros([2]), NaN), error: RangeError, message: /scale: alpha must be finite, got NaN/ }],
};

export const reluSpec: OpSpec<{}> = {
  name: "relu",
  run: ([x]) => relu(x!),
  reference: ([x]) => map(x!, (value) => Math.max(value, 0)),
  cases: unary,
  terms: () => 1,
  affine: false,
  bad: [{ name: "nothing", call: () => relu(undefined as never), error: TypeError, message: /relu: x must be a tensor, got undefined/ }],
};

export const sumSpec: OpSpec<{}> = {
  name: "sum",
  run: ([x]) => sum(x!),
  reference: ([x]) => ndarray([], [total(x!)]),
  cases: [...unary, { shapes: [[1000]], options: {} }],
  terms: () => 1,
  affine: true,
  bad: [{ name: "nothing", call: () => sum(undefined as never), error: TypeError, message: /sum: x must be a tensor/ }],
};

export const meanSpec: OpSpec<{}> = {
  name: "mean",
  run: ([x]) => mean(x!),
  reference: ([x]) => ndarray([], [total(x!) / x!.data.length]),
  cases: unary.filter(({ shapes: [shape] }) => shape!.every((length) => length > 0)),
  terms: () => 1,
  affine: true,
  bad: [{ name: "an empty tensor", call: () => mean(zeros([0, 3])), error: ShapeError, message: /mean: x has no elements \(x \[0, 3\]\)/ }],
};
