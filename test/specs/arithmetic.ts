import {
  add, clamp, div, eq, ge, gt, le, lt, maximum, minimum, mul, ne, type Operand, pow, ShapeError, sub, tensor, type Tensor, where, zeros,
} from "../../src/index.ts";
import type { NdArray } from "../array.ts";
import { product } from "../array.ts";
import type { BadCall, Case, OpSpec } from "./spec.ts";
import { broadcast, pairs, plain, shapes } from "./broadcast.ts";

interface Options {
  /** Takes a number for one of the operands. */
  a?: number;
  b?: number;
  /** Operands whose memory is in row-major order. */
  plain?: "a" | "b" | "both";
}

const cases = (numbers: Options[]): Case<Options>[] => [
  ...pairs.flatMap(([a, b]) => {
    const ranked = Math.max(a.length, b.length) >= 4;
    const plains: Options[] = ranked ? [{}, { plain: "a" }, { plain: "b" }, { plain: "both" }] : [{}];
    return plains.map((options) => ({ shapes: [a, b], options }));
  }),
  ...shapes.flatMap((shape) => numbers.map((options) => ({ shapes: [shape], options }))),
];

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const terms = (all: readonly (readonly number[])[]) => all.reduce((most, shape) => most * Math.max(size(shape), 1), 1);

type Rest = Partial<OpSpec<Options>> & {
  /** Added to both operands, to keep them where the operation is smooth. */
  shift?: number;
  numbers?: Options[];
};

type Op = (a: Operand, b: Operand) => Tensor;

function binary(name: string, op: Op, f: (a: number, b: number) => number, rest: Rest = {}): OpSpec<Options> {
  const { shift = 0, numbers = [{ a: -1.75 }, { b: 0.375 }], ...others } = rest;
  const operands = <T>(tensors: T[], { a, b }: Options): [T | number, T | number] =>
    a !== undefined ? [a, tensors[0]!] : b !== undefined ? [tensors[0]!, b] : [tensors[0]!, tensors[1]!];
  return {
    name,
    run: (tensors, options) => {
      const lying = tensors.map((x, i) => (options.plain === "both" || options.plain === "ab"[i] ? plain(x) : x));
      const [a, b] = operands(shift === 0 ? lying : lying.map((x) => add(x, shift)), options);
      return op(a, b);
    },
    reference: (arrays, options) => {
      const [a, b] = operands(arrays.map(({ shape, data }) => ({ shape, data: data.map((value) => value + shift) })), options);
      if (typeof a === "number") return broadcast([b as NdArray], (value) => f(a, value));
      if (typeof b === "number") return broadcast([a], (value) => f(value, b));
      return broadcast([a, b], f);
    },
    cases: cases(numbers),
    terms,
    affine: false,
    ...others,
    bad: [...bad(name, op), ...(rest.bad ?? [])],
  };
}

function bad(name: string, op: (a: Operand, b: Operand) => Tensor): BadCall[] {
  const says = (text: string) => new RegExp(`^${name}: ${text.replace(/[[\]()]/g, "\\$&")}`);
  return [
    {
      name: "shapes that do not broadcast", call: () => op(zeros([2, 3]), zeros([4, 3])),
      error: ShapeError, message: says("a has 2 along axis -2, b has 4 (a [2, 3], b [4, 3])"),
    },
    {
      name: "shapes that would be aligned in front", call: () => op(zeros([3]), zeros([3, 2])),
      error: ShapeError, message: says("a has 3 along axis -1, b has 2 (a [3], b [3, 2])"),
    },
    {
      name: "nothing and something", call: () => op(zeros([2, 0]), zeros([2, 3])),
      error: ShapeError, message: says("a has 0 along axis -1, b has 3 (a [2, 0], b [2, 3])"),
    },
    {
      name: "9 axes", call: () => op(zeros([1, 1, 1, 1, 1, 1, 1, 1, 2]), 1),
      error: ShapeError, message: says("at most 8 axes, got 9 (a [1, 1, 1, 1, 1, 1, 1, 1, 2])"),
    },
    { name: "two numbers", call: () => op(1, 2), error: TypeError, message: says("a or b must be a tensor, all are numbers") },
    {
      name: "a list", call: () => op([1, 2] as never, zeros([2])),
      error: TypeError, message: says("a must be a tensor or a number, got a value of type Array"),
    },
    {
      name: "nothing at all", call: () => op(zeros([2]), undefined as never),
      error: TypeError, message: says("b must be a tensor or a number, got undefined"),
    },
    {
      name: "integers", call: () => op(zeros([2]), tensor(new Int32Array(2)) as never),
      error: TypeError, message: says("b must be float32, it is int32 (b [2])"),
    },
  ];
}

export const addSpec: OpSpec<Options> = binary("add", add, (a, b) => a + b, { affine: true });
export const subSpec: OpSpec<Options> = binary("sub", sub, (a, b) => a - b, { affine: true });
export const mulSpec: OpSpec<Options> = binary("mul", mul, (a, b) => a * b, { affine: true });
export const divSpec: OpSpec<Options> = binary("div", div, (a, b) => a / b, { shift: 3 });
export const powSpec: OpSpec<Options> = binary("pow", pow, (a, b) => a ** b, {
  shift: 2, numbers: [{ a: 1.75 }, { b: 0.375 }, { b: 2 }, { b: -1 }, { b: 0 }],
});

// Piecewise linear: any step that stays on one side of the kinks will do.
const step = 1e-6;
export const maximumSpec: OpSpec<Options> = binary("maximum", maximum, Math.max, { step });
export const minimumSpec: OpSpec<Options> = binary("minimum", minimum, Math.min, { step });

const integers = (op: (a: never, b: never) => Tensor, name: string): BadCall[] => {
  const ints = tensor(new Int32Array(2));
  return [
    {
      name: "a fraction next to integers", call: () => op(ints as never, 0.5 as never),
      error: RangeError, message: new RegExp(`^${name}: b must be a 32-bit integer, since the other operand is int32, got 0.5`),
    },
    {
      name: "an integer that is too large", call: () => op(2 ** 31 as never, ints as never),
      error: RangeError, message: new RegExp(`^${name}: a must be a 32-bit integer, since the other operand is int32, got 2147483648`),
    },
  ];
};
const comparison = (name: string, op: (a: Operand, b: Operand) => Tensor, f: (a: number, b: number) => boolean): OpSpec<Options> =>
  // One pair of each kind: the walk is that of the others.
  binary(name, op, (a, b) => Number(f(a, b)), {
    step, cases: cases([{ a: -0.25 }, { b: 0.375 }]).filter((_, i) => i % 4 === 0), bad: integers(op as never, name),
  });
export const eqSpec: OpSpec<Options> = comparison("eq", eq, (a, b) => a === b);
export const neSpec: OpSpec<Options> = comparison("ne", ne, (a, b) => a !== b);
export const ltSpec: OpSpec<Options> = comparison("lt", lt, (a, b) => a < b);
export const leSpec: OpSpec<Options> = comparison("le", le, (a, b) => a <= b);
export const gtSpec: OpSpec<Options> = comparison("gt", gt, (a, b) => a > b);
export const geSpec: OpSpec<Options> = comparison("ge", ge, (a, b) => a >= b);

interface WhereOptions {
  a?: number;
  b?: number;
  plain?: boolean;
}

export const whereSpec: OpSpec<WhereOptions> = {
  name: "where",
  run: ([c, p, q], { a, b, plain: lying }) => where(gt(lying ? plain(c!) : c!, 0), a ?? p!, b ?? (a === undefined ? q! : p!)),
  reference: ([c, p, q], { a, b }) => {
    if (a !== undefined && b !== undefined) return broadcast([c!], (x) => (x > 0 ? a : b));
    if (a !== undefined) return broadcast([c!, p!], (x, value) => (x > 0 ? a : value));
    if (b !== undefined) return broadcast([c!, p!], (x, value) => (x > 0 ? value : b));
    return broadcast([c!, p!, q!], (x, left, right) => (x > 0 ? left : right));
  },
  cases: [
    ...pairs.flatMap(([a, b]) => [[a, a, b], [a, b, a], [b, a, a]].map((shapes) => ({ shapes, options: {} }))),
    ...[[1, 3, 5], [2, 3, 1, 4]].map((shape) => ({ shapes: [shape, [3, 1], [2, 1, 1, 1]], options: {} })),
    ...shapes.flatMap((shape) => [
      { shapes: [shape, shape], options: { a: -1.5 } }, { shapes: [shape, shape], options: { b: 0.5 } },
      { shapes: [shape], options: { a: 1, b: -1 } },
    ]),
    { shapes: [[2, 3, 5, 4], [2, 3, 5, 4], [5, 4]], options: { plain: true } },
  ],
  terms,
  affine: false,
  step,
  bad: [
    {
      name: "a number for the condition", call: () => where(1 as never, zeros([2]), 1),
      error: TypeError, message: /^where: condition must be a tensor, got 1/,
    },
    {
      name: "integers for the condition", call: () => where(tensor(new Int32Array(2)) as never, 0, 1),
      error: TypeError, message: /^where: condition must be float32, it is int32 \(condition \[2\]\)/,
    },
    {
      name: "shapes that do not broadcast", call: () => where(zeros([2]), zeros([2]), zeros([3])),
      error: ShapeError, message: /^where: condition has 2 along axis -1, b has 3 \(condition \[2\], a \[2\], b \[3\]\)/,
    },
    {
      name: "nothing for a", call: () => where(zeros([2]), null as never, 1),
      error: TypeError, message: /^where: a must be a tensor or a number, got null/,
    },
  ],
};

export const clampSpec: OpSpec<{ min?: number; max?: number }> = {
  name: "clamp",
  run: ([x], { min, max }) => clamp(x!, min, max),
  reference: ([x], { min = -Infinity, max = Infinity }) => broadcast([x!], (value) => Math.min(Math.max(value, min), max)),
  cases: product({ shape: shapes, options: [{ min: -0.25 }, { max: 0.5 }, { min: -0.25, max: 0.5 }, { min: 0.5, max: -0.25 }] })
    .map(({ shape, options }) => ({ shapes: [shape], options })),
  terms: () => 1,
  affine: false,
  step,
  bad: [
    { name: "nothing", call: () => clamp(undefined as never, 0), error: TypeError, message: /^clamp: x must be a tensor, got undefined/ },
    { name: "no bound", call: () => clamp(zeros([2])), error: TypeError, message: /^clamp: min or max must be given, both are undefined/ },
    { name: "a bound that is NaN", call: () => clamp(zeros([2]), 0, NaN), error: RangeError, message: /^clamp: max must not be NaN/ },
    {
      name: "a bound that is a tensor", call: () => clamp(zeros([2]), zeros([2]) as never),
      error: TypeError, message: /^clamp: min must be a number, got a value of type Tensor/,
    },
  ],
};
