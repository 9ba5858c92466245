import { flatten, linear, matmul, reshape, ShapeError, zeros } from "../../src/index.ts";
import { at, forEachIndex, ndarray, product } from "../array.ts";
import type { Case, OpSpec } from "./spec.ts";

// Around the register tile of 6 rows and 8 columns.
const lengths = [1, 2, 5, 6, 7, 8, 9, 17];

export const matmulSpec: OpSpec<{}> = {
  name: "matmul",
  run: ([a, b]) => matmul(a!, b!),
  reference: ([a, b]) => {
    const [m, k] = a!.shape as [number, number];
    const n = b!.shape[1]!;
    const y = ndarray([m, n]);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        for (let p = 0; p < k; p++) y.data[i * n + j]! += a!.data[i * k + p]! * b!.data[p * n + j]!;
      }
    }
    return y;
  },
  cases: [
    ...product({ m: lengths, k: [1, 3, 8], n: lengths }).map(({ m, k, n }) => ({ shapes: [[m, k], [k, n]], options: {} })),
    ...[[0, 3, 4], [3, 0, 4], [3, 4, 0], [61, 300, 40]].map(([m, k, n]) => ({ shapes: [[m!, k!], [k!, n!]], options: {} })),
  ],
  terms: ([a, b]) => Math.max(...a!, ...b!),
  affine: true,
  bad: [
    { name: "inner lengths", call: () => matmul(zeros([2, 3]), zeros([4, 5])), error: ShapeError, message: /matmul: a has 3 columns, b has 4 rows \(a \[2, 3\], b \[4, 5\]\)/ },
    { name: "ranks", call: () => matmul(zeros([2, 3, 4]), zeros([4, 5])), error: ShapeError, message: /matmul: a and b must have 2 axes/ },
  ],
  flops: ([a, b]) => 2 * a![0]! * a![1]! * b![1]!,
  bench: [256, 512, 1024].map((n) => ({ shapes: [[n, n], [n, n]], options: {} })),
};

export const linearSpec: OpSpec<{}> = {
  name: "linear",
  run: ([x, w, bias]) => linear(x!, w!, bias),
  reference: ([x, w, bias]) => {
    const [out, features] = w!.shape as [number, number];
    const rows = ndarray([x!.data.length / features, features], x!.data);
    const y = ndarray([...x!.shape.slice(0, -1), out]);
    forEachIndex([rows.shape[0]!, out], (i, o) => {
      let sum = bias ? at(bias, o!) : 0;
      for (let k = 0; k < features; k++) sum += at(rows, i!, k) * at(w!, o!, k);
      y.data[i! * out + o!] = sum;
    });
    return y;
  },
  cases: ([
    [[1, 1], [1, 1], [1]],
    [[3, 5], [7, 5], [7]],
    [[3, 5], [7, 5]],
    [[6, 8], [8, 8], [8]],
    [[32, 400], [13, 400], [13]],
    [[0, 4], [3, 4], [3]],
    [[4], [3, 4], [3]],
    [[2, 3, 4], [5, 4], [5]],
    [[2, 3, 2, 4], [5, 4], [5]],
  ] as Case<{}>["shapes"][]).map((shapes) => ({ shapes, options: {} })),
  terms: ([x, w]) => Math.max(...x!, ...w!),
  affine: true,
  bad: [
    { name: "features", call: () => linear(zeros([2, 3]), zeros([5, 4])), error: ShapeError, message: /linear: x has 3 features, w expects 4 \(x \[2, 3\], w \[5, 4\]\)/ },
    { name: "rank of w", call: () => linear(zeros([2, 3]), zeros([3])), error: ShapeError, message: /linear: w must have 2 axes \[out, in\], it has 1/ },
    { name: "bias", call: () => linear(zeros([2, 3]), zeros([5, 3]), zeros([3])), error: ShapeError, message: /linear: bias must have shape \[5\], it has \[3\]/ },
  ],
};

export const reshapeSpec: OpSpec<{ shape: number[] }> = {
  name: "reshape",
  run: ([x], { shape }) => reshape(x!, shape),
  reference: ([x], { shape }) => ndarray(shape.map((length) => (length === -1 ? x!.data.length / -shape.reduce((a, b) => a * b, 1) : length)), x!.data),
  cases: [
    { shapes: [[2, 3]], options: { shape: [3, 2] } },
    { shapes: [[2, 3, 4, 5]], options: { shape: [2, -1] } },
    { shapes: [[2, 3, 4, 5]], options: { shape: [5, 4, 3, 2] } },
    { shapes: [[2, 3, 1, 1]], options: { shape: [6] } },
    { shapes: [[24]], options: { shape: [2, 3, 2, 2] } },
    { shapes: [[1]], options: { shape: [] } },
  ],
  terms: () => 1,
  affine: true,
  bad: [
    { name: "another size", call: () => reshape(zeros([2, 3]), [4, 2]), error: ShapeError, message: /reshape: x has 6 elements, shape \[4, 2\] does not \(x \[2, 3\]\)/ },
    { name: "a remainder", call: () => reshape(zeros([2, 3]), [4, -1]), error: ShapeError, message: /reshape: x has 6 elements, shape \[4, -1\] does not/ },
    { name: "two free lengths", call: () => reshape(zeros([2, 3]), [-1, -1]), error: ShapeError, message: /reshape: x has 6 elements/ },
  ],
};

export const flattenSpec: OpSpec<{ start?: number; end?: number }> = {
  name: "flatten",
  run: ([x], { start, end }) => flatten(x!, start, end),
  reference: ([x], { start = 0, end = -1 }) => {
    const last = end < 0 ? end + x!.shape.length : end;
    const joined = x!.shape.slice(start, last + 1).reduce((a, b) => a * b, 1);
    return ndarray([...x!.shape.slice(0, start), joined, ...x!.shape.slice(last + 1)], x!.data);
  },
  cases: [
    { shapes: [[2, 3, 4, 5]], options: {} },
    { shapes: [[2, 3, 4, 5]], options: { start: 1 } },
    { shapes: [[2, 3, 4, 5]], options: { start: 1, end: 2 } },
    { shapes: [[2, 3, 4, 5]], options: { start: 2, end: -2 } },
    { shapes: [[0, 3, 4, 5]], options: { start: 1 } },
  ],
  terms: () => 1,
  affine: true,
  bad: [
    { name: "an axis beyond", call: () => flatten(zeros([2, 3]), 2), error: RangeError, message: /flatten: startDim must be below 2, got 2 \(x \[2, 3\]\)/ },
    { name: "axes in the wrong order", call: () => flatten(zeros([2, 3, 4]), 2, 1), error: RangeError, message: /flatten: startDim 2 comes after endDim 1/ },
  ],
};
