import { bmm, flatten, linear, matmul, reshape, ShapeError, tensor, zeros } from "../../src/index.ts";
import { addAt, at, forEachIndex, type NdArray, ndarray, product } from "../array.ts";
import { inLayouts, type Laid, lay } from "./movement.ts";
import type { Case, OpSpec } from "./spec.ts";

// Around the register tile of 6 rows and 8 columns.
const lengths = [1, 2, 5, 6, 7, 8, 9, 17];

/** torch.matmul's rules in words: a vector is a row on the left and a column on the right; batches broadcast from the end. */
function matmulReference(a: NdArray, b: NdArray): NdArray {
  const left = a.shape.length === 1 ? ndarray([1, ...a.shape], a.data) : a;
  const right = b.shape.length === 1 ? ndarray([...b.shape, 1], b.data) : b;
  const rank = Math.max(left.shape.length, right.shape.length);
  const length = (x: NdArray, axis: number): number => x.shape[axis - rank + x.shape.length] ?? 1;
  const batch = Array.from({ length: rank - 2 }, (_, axis) => (length(left, axis) === 1 ? length(right, axis) : length(left, axis)));
  const [m, k] = left.shape.slice(-2) as [number, number], n = right.shape.at(-1)!;
  const element = (x: NdArray, index: number[], row: number, column: number): number => {
    const own = index.map((i, axis) => (length(x, axis) === 1 ? 0 : i)).slice(rank - x.shape.length);
    return at(x, ...own, row, column);
  };
  const y = ndarray([...batch, m, n]);
  forEachIndex([...batch, m, n, k], (...index) => {
    const [i, j, p] = index.splice(-3) as [number, number, number];
    addAt(y, element(left, index, i, p) * element(right, index, p, j), ...index, i, j);
  });
  return { shape: [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])], data: y.data };
}

/** A product of matrices in the plainest loops: the batches' reference visits too many indices for long sums. */
function matrixReference(a: NdArray, b: NdArray): NdArray {
  const [m, k] = a.shape as [number, number];
  const n = b.shape[1]!;
  const y = ndarray([m, n]);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let p = 0; p < k; p++) y.data[i * n + j]! += a.data[i * k + p]! * b.data[p * n + j]!;
    }
  }
  return y;
}

export const matmulSpec: OpSpec<Laid> = {
  name: "matmul",
  run: ([a, b], laid) => matmul(lay(a!, laid), b!),
  reference: ([a, b]) => (a!.shape.length === 2 && b!.shape.length === 2 ? matrixReference : matmulReference)(a!, b!),
  cases: [
    ...product({ m: lengths, k: [1, 3, 8], n: lengths }).map(({ m, k, n }) => ({ shapes: [[m, k], [k, n]], options: {} })),
    ...[[0, 3, 4], [3, 0, 4], [3, 4, 0], [61, 300, 40]].map(([m, k, n]) => ({ shapes: [[m!, k!], [k!, n!]], options: {} })),
    ...inLayouts(([
      // Vectors.
      [[5], [5]], [[1], [1]], [[0], [0]], [[4], [4, 3]], [[3, 4], [4]], [[2, 3, 4], [4]], [[4], [2, 4, 3]], [[4], [2, 3, 4, 5]], [[2, 3, 5, 4], [4]],
      // Batches of one shape, with rows above and below what is worth packing.
      [[2, 3, 4], [2, 4, 5]], [[3, 30, 4], [3, 4, 9]], [[2, 3, 4, 5], [2, 3, 5, 2]], [[1, 2, 2, 3, 2], [1, 2, 2, 2, 4]],
      // Broadcast on one side or both.
      [[2, 3, 4], [4, 5]], [[3, 4], [2, 4, 5]], [[30, 4], [3, 4, 2]], [[2, 3, 4], [1, 4, 5]], [[1, 3, 4], [2, 4, 5]], [[2, 1, 3, 4], [5, 4, 2]],
      [[3, 1, 2, 4], [1, 2, 4, 3]], [[2, 3, 2, 3], [2, 1, 3, 2]], [[3, 2, 4], [2, 1, 4, 3]],
      // Empty.
      [[0, 3, 4], [4, 5]], [[0, 3, 4], [0, 4, 5]], [[0, 3, 4], [1, 4, 5]], [[1, 3, 4], [0, 4, 5]], [[2, 0, 4], [2, 4, 5]], [[2, 3, 0], [2, 0, 5]], [[3, 0], [2, 0, 4]],
    ] as Case<{}>["shapes"][]).map((shapes) => ({ shapes, options: {} }))),
  ],
  terms: ([a, b]) => Math.max(...a!, ...b!, 1) * Math.max(...a!.slice(0, -2), ...b!.slice(0, -2), 1),
  affine: true,
  bad: [
    { name: "inner lengths", call: () => matmul(zeros([2, 3]), zeros([4, 5])), error: ShapeError, message: /^matmul: a has 3 columns, b has 4 rows \(a \[2, 3\], b \[4, 5\]\)/ },
    { name: "inner lengths of vectors", call: () => matmul(zeros([3]), zeros([4])), error: ShapeError, message: /^matmul: a has 3 columns, b has 4 rows \(a \[3\], b \[4\]\)/ },
    { name: "scalars", call: () => matmul(zeros([]), zeros([1])), error: ShapeError, message: /^matmul: a and b must have at least 1 axis \(a \[\], b \[1\]\)/ },
    { name: "batches", call: () => matmul(zeros([2, 3, 4]), zeros([3, 4, 5])), error: ShapeError, message: /^matmul: the batches \[2\] of a and \[3\] of b do not broadcast: 2 against 3 \(a \[2, 3, 4\], b \[3, 4, 5\]\)/ },
    { name: "integers", call: () => matmul(tensor(new Int32Array(1)) as never, zeros([1])), error: TypeError, message: /^matmul: a must be float32, it is int32/ },
  ],
  flops: ([a, b]) => 2 * a![0]! * a![1]! * b![1]!,
  bench: [256, 512, 1024].map((n) => ({ shapes: [[n, n], [n, n]], options: {} })),
};

export const bmmSpec: OpSpec<{}> = {
  name: "bmm",
  run: ([a, b]) => bmm(a!, b!),
  reference: ([a, b]) => matmulReference(a!, b!),
  cases: [[1, 2, 3, 4], [3, 5, 6, 7], [2, 8, 1, 9], [0, 2, 3, 4]].map(([batch, m, k, n]) => ({ shapes: [[batch!, m!, k!], [batch!, k!, n!]], options: {} })),
  terms: ([a, b]) => Math.max(...a!, ...b!),
  affine: true,
  bad: [
    { name: "ranks", call: () => bmm(zeros([2, 3]), zeros([3, 4])), error: ShapeError, message: /^bmm: a and b must have 3 axes \(a \[2, 3\], b \[3, 4\]\)/ },
    { name: "batches", call: () => bmm(zeros([1, 2, 3]), zeros([2, 3, 4])), error: ShapeError, message: /^bmm: a has 1 matrices, b has 2/ },
    { name: "inner lengths", call: () => bmm(zeros([2, 2, 3]), zeros([2, 4, 5])), error: ShapeError, message: /^bmm: a has 3 columns, b has 4 rows/ },
  ],
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
    { name: "no list", call: () => reshape(zeros([2, 3]), 6 as never), error: TypeError, message: /reshape: shape must be a list of lengths, got 6/ },
    { name: "any length", call: () => reshape(zeros([0, 3]), [0, -1]), error: ShapeError, message: /^reshape: beside a length of 0 any length does for -1, shape \[0, -1\] \(x \[0, 3\]\)/ },
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
    { name: "an axis beyond", call: () => flatten(zeros([2, 3]), 2), error: RangeError, message: /flatten: startDim must be an integer from -2 to 1, got 2 \(x \[2, 3\]\)/ },
    { name: "axes in the wrong order", call: () => flatten(zeros([2, 3, 4]), 2, 1), error: RangeError, message: /flatten: startDim 2 comes after endDim 1/ },
  ],
};
