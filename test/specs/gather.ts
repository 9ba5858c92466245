import { embedding, gather, indexSelect, type Shape, ShapeError, tensor, zeros } from "../../src/index.ts";
import { at, forEachIndex, ndarray, product, randomArray, setAt } from "../array.ts";
import { inLayouts, type Laid, lay, pick } from "./movement.ts";
import type { OpSpec } from "./spec.ts";

/** Seeded indices below a length, with repetitions. */
function indices(shape: Shape, length: number): { shape: Shape; data: number[] } {
  return { shape, data: [...randomArray(shape, 7).data].map((value) => Math.floor((value + 1) / 2 * length)) };
}

const ints = (data: readonly number[], shape?: Shape) => tensor(Int32Array.from(data), shape);

export const gatherSpec: OpSpec<Laid & { dim: number; index: Shape }> = {
  name: "gather",
  run: ([x], { dim, index, ...laid }) => {
    const { data } = indices(index, x!.shape.at(dim)!);
    return gather(lay(x!, laid), dim, ints(data, index));
  },
  reference: ([x], { dim, index: shape }) => {
    const axis = dim < 0 ? dim + shape.length : dim;
    const index = ndarray(shape, indices(shape, x!.shape[axis]!).data);
    return pick(x!, shape, (i) => i.map((own, k) => (k === axis ? at(index, ...i) : own)));
  },
  cases: inLayouts([
    ...[1, 3, 9].map((length) => ({ shapes: [[5]], options: { dim: 0, index: [length] } })),
    ...product({ dim: [0, 1, -1], index: [[4, 6], [2, 3], [4, 1]] }).map((options) => ({ shapes: [[4, 6]], options })),
    ...product({ dim: [0, 1, 2, -1], index: [[2, 3, 4, 5], [2, 2, 1, 3], [1, 3, 4, 4]] }).map((options) => ({ shapes: [[2, 3, 4, 5]], options })),
    { shapes: [[2, 3, 4, 5]], options: { dim: 1, index: [2, 7, 4, 5] } },
    { shapes: [[2, 3, 2]], options: { dim: 2, index: [2, 3, 5] } },
    { shapes: [[2, 2, 3, 2, 2]], options: { dim: 2, index: [2, 2, 1, 2, 1] } },
    { shapes: [[4, 6]], options: { dim: 1, index: [4, 0] } },
    { shapes: [[4, 6]], options: { dim: 1, index: [0, 9] } },
  ]),
  terms: (_, { index }) => Math.max(...index, 1),
  affine: true,
  bad: [
    { name: "another rank", call: () => gather(zeros([2, 3]), 1, ints([0, 1])), error: ShapeError, message: /^gather: index has 1 axes, x has 2 \(x \[2, 3\], index \[2\], dim 1\)/ },
    { name: "a longer index", call: () => gather(zeros([2, 3]), 1, ints([0, 0, 0], [3, 1])), error: ShapeError, message: /^gather: index has length 3 along axis 0, x has 2/ },
    { name: "an element beyond", call: () => gather(zeros([2, 3]), 1, ints([2, 3], [2, 1])), error: RangeError, message: /^gather: index must be integers from 0 to 2, index\[1\] is 3/ },
    { name: "a negative index", call: () => gather(zeros([2, 3]), 1, ints([0, -1], [2, 1])), error: RangeError, message: /^gather: index must be integers from 0 to 2, index\[1\] is -1/ },
    { name: "an index of floats", call: () => gather(zeros([2, 3]), 1, zeros([2, 1]) as never), error: TypeError, message: /^gather: index must be int32, it is float32/ },
    { name: "bytes", call: () => gather(tensor(new Uint8Array(2)) as never, 0, ints([0])), error: TypeError, message: /^gather: x must be float32, it is uint8/ },
    { name: "an axis beyond", call: () => gather(zeros([2]), 1, ints([0])), error: RangeError, message: /^gather: dim must be an integer from -1 to 0, got 1/ },
  ],
};

export const indexSelectSpec: OpSpec<Laid & { dim: number; index: number[] }> = {
  name: "indexSelect",
  run: ([x], { dim, index, ...laid }) => indexSelect(lay(x!, laid), dim, index),
  reference: ([x], { dim, index }) => {
    const axis = dim < 0 ? dim + x!.shape.length : dim;
    return pick(x!, x!.shape.map((length, k) => (k === axis ? index.length : length)), (i) => i.map((own, k) => (k === axis ? index[own]! : own)));
  },
  cases: inLayouts(product({ shape: [[4], [4, 4], [4, 4, 4], [4, 4, 3, 4], [4, 5, 4, 2, 4]], dim: [0, 1, -1], index: [[2], [3, 0, 3, 3, 1], []] })
    .filter(({ shape, dim }) => dim < shape.length).map(({ shape, ...options }) => ({ shapes: [shape], options }))),
  terms: (_, { index }) => index.length,
  affine: true,
  bad: [
    { name: "a position beyond", call: () => indexSelect(zeros([2, 3]), 1, [0, 3]), error: RangeError, message: /^indexSelect: index must be integers from 0 to 2, index\[1\] is 3/ },
    { name: "half a position", call: () => indexSelect(zeros([2, 3]), 1, [0.5]), error: RangeError, message: /^indexSelect: index must be integers from 0 to 2, index\[0\] is 0.5/ },
    { name: "nested lists", call: () => indexSelect(zeros([2, 3]), 1, [[0]] as never), error: RangeError, message: /^indexSelect: index must be integers from 0 to 2, index\[0\] is a value of type Array/ },
    { name: "a matrix", call: () => indexSelect(zeros([2, 3]), 1, ints([0, 1], [2, 1])), error: ShapeError, message: /^indexSelect: index must have 1 axis, it has 2 \(index \[2, 1\]\)/ },
    { name: "no index", call: () => indexSelect(zeros([2, 3]), 1, undefined as never), error: TypeError, message: /^indexSelect: index must be a list of numbers or a tensor, got undefined/ },
    { name: "text", call: () => indexSelect(zeros([2, 3]), 1, "01" as never), error: TypeError, message: /^indexSelect: index must be a list of numbers or a tensor, got "01"/ },
    { name: "an axis beyond", call: () => indexSelect(zeros([2, 3]), 2, [0]), error: RangeError, message: /^indexSelect: dim must be an integer from -2 to 1, got 2/ },
  ],
};

export const embeddingSpec: OpSpec<{ indices: Shape }> = {
  name: "embedding",
  run: ([weight], { indices: shape }) => embedding(ints(indices(shape, weight!.shape[0]!).data, shape), weight!),
  reference: ([weight], { indices: shape }) => {
    const [rows, length] = weight!.shape as [number, number];
    const index = ndarray(shape, indices(shape, rows).data), y = ndarray([...shape, length]);
    forEachIndex(y.shape, (...i) => setAt(y, at(weight!, at(index, ...i.slice(0, -1)), i.at(-1)!), ...i));
    return y;
  },
  cases: product({ weight: [[1, 1], [5, 3], [7, 8]], indices: [[], [4], [0], [3, 5], [2, 3, 2], [2, 1, 3, 2]] })
    .map(({ weight, indices }) => ({ shapes: [weight], options: { indices } })),
  terms: (_, { indices }) => indices.reduce((a, b) => a * b, 1),
  affine: true,
  bad: [
    { name: "no row", call: () => embedding([1, 5], zeros([5, 2])), error: RangeError, message: /^embedding: indices must be integers from 0 to 4, indices\[1\] is 5/ },
    { name: "floats", call: () => embedding(zeros([3]) as never, zeros([5, 2])), error: TypeError, message: /^embedding: indices must be int32, it is float32/ },
    { name: "a vector for a table", call: () => embedding([0], zeros([5])), error: ShapeError, message: /^embedding: weight must have 2 axes \[rows, length\], it has 1 \(weight \[5\]\)/ },
    { name: "a padding row beyond", call: () => embedding([0], zeros([5, 2]), { paddingIdx: 5 }), error: RangeError, message: /^embedding: paddingIdx must be below 5, got 5/ },
    { name: "a padding row in front", call: () => embedding([0], zeros([5, 2]), { paddingIdx: -6 }), error: RangeError, message: /^embedding: paddingIdx must be an integer of at least -5, got -6/ },
  ],
};
