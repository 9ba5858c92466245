import { add, div, mul, type Operand, ShapeError, sub, tensor, type Tensor, zeros } from "../../src/index.ts";
import type { BadCall, Case, OpSpec } from "./spec.ts";
import { broadcast, pairs, plain, shapes } from "./broadcast.ts";

interface Options {
  /** Takes a number for one of the operands. */
  a?: number;
  b?: number;
  /** Operands whose memory is in row-major order. */
  plain?: "a" | "b" | "both";
}

const cases: Case<Options>[] = [
  ...pairs.flatMap(([a, b]) => {
    const ranked = Math.max(a.length, b.length) >= 4;
    const plains: Options[] = ranked ? [{}, { plain: "a" }, { plain: "b" }, { plain: "both" }] : [{}];
    return plains.map((options) => ({ shapes: [a, b], options }));
  }),
  ...shapes.flatMap((shape) => [{ a: -1.75 }, { b: 0.375 }].map((options) => ({ shapes: [shape], options }))),
];

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A binary operation; `shift` is added to both operands, to keep them where the operation is smooth. */
function binary(name: string, op: (a: Operand, b: Operand) => Tensor, f: (a: number, b: number) => number, affine: boolean, shift: number = 0): OpSpec<Options> {
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
      if (typeof a === "number") return broadcast([b as never], (value) => f(a, value));
      if (typeof b === "number") return broadcast([a], (value) => f(value, b));
      return broadcast([a, b], f);
    },
    cases,
    terms: (all) => all.reduce((product, shape) => product * Math.max(size(shape), 1), 1),
    affine,
    bad: bad(name, op),
  };
}

function bad(name: string, op: (a: Operand, b: Operand) => Tensor): BadCall[] {
  const says = (text: string) => new RegExp(`^${name}: ${text.replace(/[[\]()]/g, "\\$&")}`);
  return [
    { name: "shapes that do not broadcast", call: () => op(zeros([2, 3]), zeros([4, 3])), error: ShapeError, message: says("a has 2 along axis -2, b has 4 (a [2, 3], b [4, 3])") },
    { name: "shapes that would be aligned in front", call: () => op(zeros([3]), zeros([3, 2])), error: ShapeError, message: says("a has 3 along axis -1, b has 2 (a [3], b [3, 2])") },
    { name: "nothing and something", call: () => op(zeros([2, 0]), zeros([2, 3])), error: ShapeError, message: says("a has 0 along axis -1, b has 3 (a [2, 0], b [2, 3])") },
    { name: "9 axes", call: () => op(zeros([1, 1, 1, 1, 1, 1, 1, 1, 2]), 1), error: ShapeError, message: says("at most 8 axes, got 9 (a [1, 1, 1, 1, 1, 1, 1, 1, 2])") },
    { name: "two numbers", call: () => op(1, 2), error: TypeError, message: says("a or b must be a tensor, all are numbers") },
    { name: "a list", call: () => op([1, 2] as never, zeros([2])), error: TypeError, message: says("a must be a tensor or a number, got a value of type Array") },
    { name: "nothing at all", call: () => op(zeros([2]), undefined as never), error: TypeError, message: says("b must be a tensor or a number, got undefined") },
    { name: "integers", call: () => op(zeros([2]), tensor(new Int32Array(2)) as never), error: TypeError, message: says("b must be float32, it is int32 (b [2])") },
  ];
}

export const addSpec: OpSpec<Options> = binary("add", add, (a, b) => a + b, true);
export const subSpec: OpSpec<Options> = binary("sub", sub, (a, b) => a - b, true);
export const mulSpec: OpSpec<Options> = binary("mul", mul, (a, b) => a * b, true);
export const divSpec: OpSpec<Options> = binary("div", div, (a, b) => a / b, false, 3);
