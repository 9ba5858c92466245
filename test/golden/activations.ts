import {
  elu, gelu, hardsigmoid, hardswish, hardtanh, leakyRelu, logSoftmax, mish, prelu, relu, relu6, selu, sigmoid, silu, softmax, softplus,
  softsign, tanh, type Tensor,
} from "../../src/index.ts";
import type { Family } from "./family.ts";
import piecewiseFile from "./piecewise.json" with { type: "json" };
import smoothFile from "./smooth.json" with { type: "json" };
import softmaxFile from "./softmax.json" with { type: "json" };

const ops = {
  elu, gelu, hardsigmoid, hardswish, hardtanh, leakyRelu, mish, relu, relu6, selu, sigmoid, silu, softplus, softsign, tanh,
} as Record<string, (x: Tensor, options: any) => Tensor>;

const run: Family["run"] = ([x, weight], { op, ...options }) => (op === "prelu" ? prelu(x!, weight!) : ops[op]!(x!, options));

// The gradient of prelu's weight is a sum over all that share it.
const terms: Family["terms"] = ({ shapes: [x, weight] }) => [1, 1, weight ? x!.reduce((a, b) => a * b, 1) : 1];

export const activations: Family[] = [
  { name: "piecewise activations", file: piecewiseFile as never, run, terms },
  { name: "smooth activations", file: smoothFile as never, run, terms },
  {
    name: "softmax",
    file: softmaxFile as never,
    run: ([x], { op, dim }) => (op === "softmax" ? softmax : logSoftmax)(x!, dim),
    terms: ({ shapes: [x], options: { dim } }) => x!.at(dim)!,
  },
];
