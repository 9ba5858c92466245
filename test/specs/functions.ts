import {
  abs, add, ceil, exp, floor, log, neg, reciprocal, round, rsqrt, sign, sqrt, square, type Tensor, tensor, zeros,
} from "../../src/index.ts";
import { broadcast, plain, shapes } from "./broadcast.ts";
import type { OpSpec } from "./spec.ts";

type Options = { plain?: boolean };

/** A function of one tensor at x + shift, which keeps it where it is smooth. */
function unary(name: string, op: (x: Tensor) => Tensor, f: (x: number) => number, shift: number = 0, step?: number): OpSpec<Options> {
  return {
    name,
    run: ([x], { plain: lying }) => op(shift === 0 ? (lying ? plain(x!) : x!) : add(lying ? plain(x!) : x!, shift)),
    reference: ([x]) => broadcast([x!], (value) => f(value + shift)),
    cases: [...shapes.map((shape) => ({ shapes: [shape], options: {} })), { shapes: [[2, 3, 5, 4]], options: { plain: true } }],
    terms: () => 1,
    affine: false,
    ...(step === undefined ? {} : { step }),
    bad: [
      {
        name: "nothing", call: () => op(undefined as never),
        error: TypeError, message: new RegExp(`^${name}: x must be a tensor, got undefined`),
      },
      { name: "a number", call: () => op(1 as never), error: TypeError, message: new RegExp(`^${name}: x must be a tensor, got 1`) },
      {
        name: "integers", call: () => op(tensor(new Int32Array(2)) as never),
        error: TypeError, message: new RegExp(`^${name}: x must be float32, it is int32`),
      },
      {
        name: "a tensor that was disposed",
        call: () => {
          const x = zeros([2]);
          x.dispose();
          op(x);
        },
        error: Error,
        message: new RegExp(`^${name}: x \\[2\\] is used after it was disposed`),
      },
    ],
  };
}

/** Half to even. */
const nearest = (x: number): number => (x % 1 === 0.5 || x % 1 === -0.5 ? 2 * Math.round(x / 2) : Math.round(x));

export const expSpec: OpSpec<Options> = unary("exp", exp, Math.exp);
export const logSpec: OpSpec<Options> = unary("log", log, Math.log, 2);
export const sqrtSpec: OpSpec<Options> = unary("sqrt", sqrt, Math.sqrt, 2);
export const rsqrtSpec: OpSpec<Options> = unary("rsqrt", rsqrt, (x) => 1 / Math.sqrt(x), 2);
export const negSpec: OpSpec<Options> = unary("neg", neg, (x) => -x);
export const squareSpec: OpSpec<Options> = unary("square", square, (x) => x * x);
export const reciprocalSpec: OpSpec<Options> = unary("reciprocal", reciprocal, (x) => 1 / x, 2);

// Piecewise linear: any step that stays on one side of the kinks and jumps will do.
export const absSpec: OpSpec<Options> = unary("abs", abs, Math.abs, 0, 1e-6);
export const signSpec: OpSpec<Options> = unary("sign", sign, Math.sign, 0, 1e-6);
export const floorSpec: OpSpec<Options> = unary("floor", floor, Math.floor, 0, 1e-6);
export const ceilSpec: OpSpec<Options> = unary("ceil", ceil, Math.ceil, 0, 1e-6);
export const roundSpec: OpSpec<Options> = unary("round", round, nearest, 0, 1e-6);
