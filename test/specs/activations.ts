import {
  elu, gelu, hardsigmoid, hardswish, hardtanh, leakyRelu, mish, mul, prelu, relu6, selu, ShapeError, sigmoid, silu, softplus, softsign, tanh, type Tensor,
  tensor, zeros,
} from "../../src/index.ts";
import { type NdArray, normal } from "../array.ts";
import { shapes } from "./broadcast.ts";
import type { BadCall, OpSpec } from "./spec.ts";

// Inputs reach beyond the kinks on both sides; a step this small meets none of them.
const REACH = 8;
const KINK_STEP = 1e-6;

interface Function<O> {
  name: string;
  run: (x: Tensor, options: O) => Tensor;
  f: (x: number, options: O) => number;
  options?: O[];
  bad?: BadCall[];
  /** True if there are kinks. */
  kinks?: boolean;
}

function activation<O extends object>({ name, run, f, options = [{} as O], bad = [], kinks = false }: Function<O>): OpSpec<O> {
  return {
    name,
    run: ([x], options) => run(mul(x!, REACH), options),
    reference: ([x], options) => ({ shape: x!.shape, data: x!.data.map((value) => f(REACH * value, options)) }),
    cases: [...shapes.map((shape) => ({ shapes: [shape], options: options[0]! })), ...options.slice(1).map((options) => ({ shapes: [[7, 9]], options }))],
    terms: () => 1,
    affine: false,
    ...(kinks && { step: KINK_STEP }),
    bad: [
      { name: "no tensor", call: () => run([1] as never, options[0]!), error: TypeError, message: new RegExp(`^${name}: x must be a tensor, got a value of type Array`) },
      { name: "integers", call: () => run(tensor(new Int32Array(2)) as never, options[0]!), error: TypeError, message: new RegExp(`^${name}: x must be float32, it is int32`) },
      ...bad,
    ],
  };
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const x = () => zeros([2, 3]);

export const sigmoidSpec = activation({ name: "sigmoid", run: (x) => sigmoid(x), f: logistic });
export const tanhSpec = activation({ name: "tanh", run: (x) => tanh(x), f: Math.tanh });
export const siluSpec = activation({ name: "silu", run: (x) => silu(x), f: (x) => x * logistic(x) });
export const mishSpec = activation({ name: "mish", run: (x) => mish(x), f: (x) => x * Math.tanh(Math.log1p(Math.exp(x))) });
export const softsignSpec = activation({ name: "softsign", run: (x) => softsign(x), f: (x) => x / (1 + Math.abs(x)), kinks: true });
export const relu6Spec = activation({ name: "relu6", run: (x) => relu6(x), f: (x) => Math.min(Math.max(x, 0), 6), kinks: true });

const ramp = (x: number): number => Math.min(Math.max(x + 3, 0), 6) / 6;
export const hardsigmoidSpec = activation({ name: "hardsigmoid", run: (x) => hardsigmoid(x), f: ramp, kinks: true });
export const hardswishSpec = activation({ name: "hardswish", run: (x) => hardswish(x), f: (x) => x * ramp(x), kinks: true });

export const seluSpec = activation({
  name: "selu",
  run: (x) => selu(x),
  f: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  kinks: true,
});

export const eluSpec = activation<{ alpha?: number }>({
  name: "elu",
  run: elu,
  f: (x, { alpha = 1 }) => (x > 0 ? x : alpha * Math.expm1(x)),
  options: [{}, { alpha: 0.3 }, { alpha: 0 }, { alpha: -2 }],
  kinks: true,
  bad: [
    { name: "alpha NaN", call: () => elu(x(), { alpha: NaN }), error: RangeError, message: /^elu: alpha must be finite, got NaN/ },
    { name: "a number for options", call: () => elu(x(), 2 as never), error: TypeError, message: /^elu: options must be an object, got 2/ },
  ],
});

export const leakyReluSpec = activation<{ negativeSlope?: number }>({
  name: "leakyRelu",
  run: leakyRelu,
  f: (x, { negativeSlope = 0.01 }) => (x > 0 ? x : negativeSlope * x),
  options: [{}, { negativeSlope: 0.2 }, { negativeSlope: -1.5 }, { negativeSlope: 0 }],
  kinks: true,
  bad: [
    { name: "a slope of wrong kind", call: () => leakyRelu(x(), { negativeSlope: "1" as never }), error: TypeError, message: /^leakyRelu: negativeSlope must be a number, got "1"/ },
    { name: "a number for options", call: () => leakyRelu(x(), 0.2 as never), error: TypeError, message: /^leakyRelu: options must be an object, got 0.2/ },
  ],
});

export const hardtanhSpec = activation<{ minVal?: number; maxVal?: number }>({
  name: "hardtanh",
  run: hardtanh,
  f: (x, { minVal = -1, maxVal = 1 }) => Math.min(Math.max(x, minVal), maxVal),
  options: [{}, { minVal: -3.3, maxVal: 2.1 }, { minVal: 1, maxVal: 1 }],
  kinks: true,
  bad: [
    { name: "an empty range", call: () => hardtanh(x(), { minVal: 2 }), error: RangeError, message: /^hardtanh: minVal 2 is above maxVal 1/ },
    { name: "an infinite end", call: () => hardtanh(x(), { maxVal: Infinity }), error: RangeError, message: /^hardtanh: maxVal must be finite, got Infinity/ },
    { name: "a number for options", call: () => hardtanh(x(), -1 as never), error: TypeError, message: /^hardtanh: options must be an object, got -1/ },
  ],
});

const cubic = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
export const geluSpec = activation<{ approximate?: "none" | "tanh" }>({
  name: "gelu",
  run: gelu,
  f: (x, { approximate }) => (approximate === "tanh" ? (x / 2) * (1 + Math.tanh(cubic(x))) : x * normal(x)),
  options: [{}, { approximate: "tanh" }, { approximate: "none" }],
  bad: [
    { name: "an unknown approximation", call: () => gelu(x(), { approximate: "erf" as never }), error: TypeError, message: /^gelu: approximate must be "none" or "tanh", got "erf"/ },
    { name: "a word for options", call: () => gelu(x(), "tanh" as never), error: TypeError, message: /^gelu: options must be an object, got "tanh"/ },
  ],
});

export const softplusSpec = activation<{ beta?: number; threshold?: number }>({
  name: "softplus",
  run: softplus,
  f: (x, { beta = 1, threshold = 20 }) => (beta * x > threshold ? x : Math.log1p(Math.exp(beta * x)) / beta),
  options: [{}, { beta: 5 }, { beta: 0.5, threshold: 2 }, { beta: -2 }, { threshold: -1 }],
  kinks: true,
  bad: [
    { name: "beta 0", call: () => softplus(x(), { beta: 0 }), error: RangeError, message: /^softplus: beta must not be 0/ },
    { name: "an infinite threshold", call: () => softplus(x(), { threshold: Infinity }), error: RangeError, message: /^softplus: threshold must be finite, got Infinity/ },
    { name: "a number for options", call: () => softplus(x(), 2 as never), error: TypeError, message: /^softplus: options must be an object, got 2/ },
  ],
});

export const preluSpec: OpSpec<{}> = {
  name: "prelu",
  run: ([x, weight]) => prelu(x!, weight!),
  reference: ([x, weight]) => {
    const { shape, data } = x as NdArray;
    const channels = shape.length > 1 ? shape[1]! : 1;
    const inner = shape.slice(2).reduce((a, b) => a * b, 1);
    const slope = (i: number) => weight!.data[weight!.data.length === 1 ? 0 : Math.floor(i / inner) % channels]!;
    return { shape, data: data.map((value, i) => (value > 0 ? value : slope(i) * value)) };
  },
  cases: [[[], [1]], [[5], [1]], [[0, 3], [3]], [[2, 3], [3]], [[7, 9], [1]], [[2, 3, 4], [3]], [[2, 3, 5, 4], [3]], [[2, 5, 3, 3], [1]], [[2, 3, 2, 3, 2], [3]]]
    .map((shapes) => ({ shapes, options: {} })),
  terms: ([x]) => x!.reduce((a, b) => a * b, 1),
  affine: false,
  step: KINK_STEP,
  bad: [
    { name: "too many slopes", call: () => prelu(x(), zeros([4])), error: ShapeError, message: /^prelu: weight has 4 elements, x has 3 channels \(x \[2, 3\], weight \[4\]\)/ },
    { name: "a matrix of slopes", call: () => prelu(x(), zeros([1, 3])), error: ShapeError, message: /^prelu: weight must have 1 axis, it has 2/ },
    { name: "a number", call: () => prelu(x(), 0.25 as never), error: TypeError, message: /^prelu: weight must be a tensor, got 0.25/ },
  ],
};
