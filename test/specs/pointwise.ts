import { relu } from "../../src/index.ts";
import type { NdArray } from "../array.ts";
import { shapes } from "./broadcast.ts";
import type { OpSpec } from "./spec.ts";

const map = (x: NdArray, f: (value: number, i: number) => number): NdArray => ({ shape: x.shape, data: x.data.map(f) });

export const reluSpec: OpSpec<{}> = {
  name: "relu",
  run: ([x]) => relu(x!),
  reference: ([x]) => map(x!, (value) => Math.max(value, 0)),
  cases: shapes.map((shape) => ({ shapes: [shape], options: {} })),
  terms: () => 1,
  affine: false,
  bad: [{ name: "nothing", call: () => relu(undefined as never), error: TypeError, message: /relu: x must be a tensor, got undefined/ }],
};
