// Functions of one tensor, element by element. The result has the shape and the layout of x.

import { kernels } from "../runtime/kernels.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced, tracedBetween } from "../trace.ts";
import { div } from "./div.ts";
import { mul } from "./mul.ts";

type Kernel = (n: number, x: number, y: number) => void;

/** y = f(x), not recorded. */
function map(op: string, kernel: Kernel, x: Tensor): Tensor {
  checkTensor(op, "x", x);
  const y = empty(x.shape, x.layout);
  kernel(y.size, x.ptr, y.ptr);
  // ONNX has the same functions but one.
  return op === "rsqrt" ? traced(y, "Reciprocal", [tracedBetween("Sqrt", [x])]) : traced(y, op[0]!.toUpperCase() + op.slice(1), [x]);
}

/**
 * Exponential function, y = e^x, within one unit in the last place.
 *
 * @example
 * exp(tensor([0, 1])); // [1, 2.7182817]
 */
export function exp(x: Tensor): Tensor {
  const y = map("exp", kernels().exp, x);
  return record(y, [x, (dy) => mul(dy, y)]);
}

/**
 * Natural logarithm, within one unit in the last place: -Infinity for 0, NaN below.
 *
 * @example
 * log(tensor([1, Math.E])); // [0, 1]
 */
export function log(x: Tensor): Tensor {
  const y = map("log", kernels().log, x);
  return record(y, [x, (dy) => div(dy, x)]);
}

/**
 * Square root; NaN below 0. The derivative at 0 is infinite.
 *
 * @example
 * sqrt(tensor([4, 9])); // [2, 3]
 */
export function sqrt(x: Tensor): Tensor {
  const y = map("sqrt", kernels().sqrt, x);
  return record(y, [x, (dy) => div(dy, mul(y, 2))]);
}

/**
 * Reciprocal of the square root, y = 1 / sqrt(x).
 *
 * @example
 * rsqrt(tensor([4, 0.25])); // [0.5, 2]
 */
export function rsqrt(x: Tensor): Tensor {
  const y = map("rsqrt", kernels().rsqrt, x);
  return record(y, [x, (dy) => mul(mul(dy, mul(y, mul(y, y))), -0.5)]);
}

/**
 * Absolute value; the derivative at 0 is 0, as in PyTorch.
 *
 * @example
 * abs(tensor([-3, 2])); // [3, 2]
 */
export function abs(x: Tensor): Tensor {
  const y = map("abs", kernels().abs, x);
  return record(y, [x, (dy) => mul(dy, sign(x))]);
}

/**
 * Opposite, y = -x.
 *
 * @example
 * neg(tensor([-3, 2])); // [3, -2]
 */
export function neg(x: Tensor): Tensor {
  checkTensor("neg", "x", x);
  return mul(x, -1);
}

/**
 * Square, y = x^2.
 *
 * @example
 * square(tensor([-3, 2])); // [9, 4]
 */
export function square(x: Tensor): Tensor {
  checkTensor("square", "x", x);
  return mul(x, x);
}

/**
 * Reciprocal, y = 1 / x.
 *
 * @example
 * reciprocal(tensor([4, -0.5])); // [0.25, -2]
 */
export function reciprocal(x: Tensor): Tensor {
  checkTensor("reciprocal", "x", x);
  return div(1, x);
}

/**
 * Sign: 1, 0 or -1; 0 for NaN, as in PyTorch. Its derivative is 0 everywhere.
 *
 * @example
 * sign(tensor([-3, 0, 2])); // [-1, 0, 1]
 */
export function sign(x: Tensor): Tensor {
  return map("sign", kernels().sign, x);
}

/**
 * Largest integer that is not above x. Its derivative is 0 everywhere.
 *
 * @example
 * floor(tensor([-1.5, 1.5])); // [-2, 1]
 */
export function floor(x: Tensor): Tensor {
  return map("floor", kernels().floor, x);
}

/**
 * Smallest integer that is not below x. Its derivative is 0 everywhere.
 *
 * @example
 * ceil(tensor([-1.5, 1.5])); // [-1, 2]
 */
export function ceil(x: Tensor): Tensor {
  return map("ceil", kernels().ceil, x);
}

/**
 * Nearest integer, the even one of two that are equally near. Its derivative is 0 everywhere.
 *
 * @example
 * round(tensor([0.5, 1.5, 2.4])); // [0, 2, 2]
 */
export function round(x: Tensor): Tensor {
  return map("round", kernels().round, x);
}
