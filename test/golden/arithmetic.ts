import * as adjoint from "../../src/index.ts";
import { type DType, gt, type Shape, type Tensor, where } from "../../src/index.ts";
import binaryFile from "./binary.json" with { type: "json" };
import type { Family } from "./family.ts";
import reductionFile from "./reduction.json" with { type: "json" };
import unaryFile from "./unary.json" with { type: "json" };

const volume = (lengths: Shape): number => lengths.reduce((a, b) => a * b, 1);

const ops = adjoint as unknown as Record<string, (...args: unknown[]) => Tensor<DType>>;

const selections = ["eq", "ne", "lt", "le", "gt", "ge", "where", "maximum", "minimum"];

export const arithmetic: Family[] = [
  {
    name: "binary operations",
    file: binaryFile as never,
    run: ([a, b, c], { op }) => (op === "where" ? where(gt(a!, 0), b!, c!) : ops[op]!(a, b)),
    // Comparison selects; a gradient is the sum over all that an element was broadcast to.
    terms: ({ shapes, outputs: [y], options: { op } }) => {
      return [selections.includes(op) ? 0 : 1, ...shapes.map((x) => volume(y!) / volume(x) + 1)];
    },
  },
  {
    name: "unary operations",
    file: unaryFile as never,
    run: ([x], { op, exponent, min, max }) => ops[op]!(...(op === "pow" ? [x, exponent] : op === "clamp" ? [x, min, max] : [x])),
    terms: () => 1,
  },
  {
    name: "reductions",
    file: reductionFile as never,
    run: ([x], { op, dim, ...options }) => {
      const y = ops[op]!(x, dim, options) as Tensor<DType> | { values: Tensor; indices: Tensor<"int32"> };
      return "values" in y ? [y.values, y.indices] : y;
    },
    // A maximum's gradient is shared by equals, but goes to the one whose index is told.
    terms: ({ shapes: [x], outputs, options: { op, dim } }) => {
      const selects = /max|min/.test(op), shared = op.startsWith("a") || dim === undefined;
      return selects ? [...outputs.map(() => 0), shared ? 1 : 0] : volume(x!) / volume(outputs[0]!);
    },
  },
];
