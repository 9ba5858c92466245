import { linear, matmul, type Shape } from "../../src/index.ts";
import type { Family } from "./family.ts";
import linearFile from "./linear.json" with { type: "json" };
import matmulFile from "./matmul.json" with { type: "json" };

const volume = (lengths: Shape): number => lengths.reduce((a, b) => a * b, 1);

export const products: Family[] = [
  {
    name: "matmul",
    file: matmulFile as never,
    run: ([a, b]) => matmul(a!, b!),
    // The gradient of a matrix is a sum over all batches that it was broadcast to.
    terms: ({ shapes: [a, b], outputs: [y] }) => {
      const k = a!.at(-1)!, products = volume(y!) * k;
      return [k, products / volume(a!), products / volume(b!)];
    },
  },
  {
    name: "linear",
    file: linearFile as never,
    run: ([x, w, bias]) => linear(x!, w!, bias),
    terms: ({ shapes: [x, w] }) => {
      const rows = volume(x!.slice(0, -1));
      return [w![1]! + 1, w![0]!, rows, rows];
    },
  },
];
