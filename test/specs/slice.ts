import { chunk, narrow, select, ShapeError, slice, split, zeros } from "../../src/index.ts";
import { type NdArray, product } from "../array.ts";
import { inLayouts, type Laid, lay, pick } from "./movement.ts";
import type { OpSpec } from "./spec.ts";

const x = () => zeros([2, 5, 4]);

/** The positions of an axis that an array keeps: Array.prototype.slice clamps and counts from the end as Python does. */
function part(x: NdArray, dim: number, positions: number[]): NdArray {
  const axis = dim < 0 ? dim + x.shape.length : dim;
  const shape = x.shape.map((length, k) => (k === axis ? positions.length : length));
  return pick(x, shape, (index) => index.map((i, k) => (k === axis ? positions[i]! : i)));
}

const count = (length: number): number[] => Array.from({ length }, (_, i) => i);

interface SliceCase {
  dim: number;
  start?: number | undefined;
  end?: number | undefined;
  step?: number | undefined;
}

export const sliceSpec: OpSpec<Laid & SliceCase> = {
  name: "slice",
  run: ([x], { dim, start, end, step, ...laid }) => slice(lay(x!, laid), dim, start, end, step),
  reference: ([x], { dim, start, end, step = 1 }) => part(x!, dim, count(x!.shape.at(dim)!).slice(start, end).filter((_, i) => i % step === 0)),
  cases: inLayouts<SliceCase>([
    ...product({ start: [undefined, 0, 2, -3, 9, -9], end: [undefined, 0, 4, -1, 99, -99], step: [undefined, 2, 3, 100] })
      .map((options) => ({ shapes: [[7]], options: { dim: 0, ...options } })),
    ...product({ shape: [[4, 5, 3], [3, 4, 5, 2], [4, 3, 2, 3, 2]], dim: [0, 1, 2, -1], step: [1, 2] })
      .map(({ shape, ...options }) => ({ shapes: [shape], options: { start: 1, end: 4, ...options } })),
    { shapes: [[2, 9, 4, 4]], options: { dim: 1, start: 3, end: 8 } },
    { shapes: [[2, 0, 4]], options: { dim: 1 } },
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "an axis beyond", call: () => slice(x(), 3), error: RangeError, message: /^slice: dim must be an integer from -3 to 2, got 3 \(x \[2, 5, 4\]\)/ },
    { name: "no axis", call: () => slice(x(), undefined as never), error: TypeError, message: /^slice: dim must be a number, got undefined/ },
    { name: "step 0", call: () => slice(x(), 1, 0, 4, 0), error: RangeError, message: /^slice: step must be a positive integer, got 0/ },
    { name: "a step back", call: () => slice(x(), 1, 4, 0, -1), error: RangeError, message: /^slice: step must be a positive integer, got -1/ },
    { name: "half a position", call: () => slice(x(), 1, 0.5), error: TypeError, message: /^slice: start must be an integer, got 0.5/ },
    { name: "a position of wrong kind", call: () => slice(x(), 1, 0, "3" as never), error: TypeError, message: /^slice: end must be an integer, got "3"/ },
    { name: "NaN", call: () => slice(x(), 1, NaN), error: TypeError, message: /^slice: start must be an integer, got NaN/ },
  ],
};

export const narrowSpec: OpSpec<Laid & { dim: number; start: number; length: number }> = {
  name: "narrow",
  run: ([x], { dim, start, length, ...laid }) => narrow(lay(x!, laid), dim, start, length),
  reference: ([x], { dim, start, length }) => part(x!, dim, count(length).map((i) => i + (start < 0 ? start + x!.shape.at(dim)! : start))),
  cases: inLayouts(product({ shape: [[6], [3, 6], [2, 6, 3], [6, 4, 6, 6]], dim: [0, -1], start: [0, 1, 3, -3, -1, -6], length: [0, 1] })
    .filter(({ shape, dim, start, length }) => start >= -shape.at(dim)! && start + length <= (start < 0 ? 0 : shape.at(dim)!))
    .map(({ shape, ...options }) => ({ shapes: [shape], options })).concat([
      { shapes: [[6, 4, 6, 6]], options: { dim: 2, start: 1, length: 5 } },
      { shapes: [[2, 3]], options: { dim: 1, start: 3, length: 0 } },
    ])),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "a part beyond the axis", call: () => narrow(x(), 1, 3, 3), error: ShapeError, message: /^narrow: elements 3 to 6 reach beyond axis 1 of length 5 \(x \[2, 5, 4\]\)/ },
    { name: "a start in front", call: () => narrow(x(), 1, -6, 1), error: RangeError, message: /^narrow: start must be an integer of at least -5, got -6/ },
    { name: "a negative length", call: () => narrow(x(), 1, 0, -1), error: RangeError, message: /^narrow: length must be an integer of at least 0, got -1/ },
    { name: "an axis beyond", call: () => narrow(x(), 3, 0, 1), error: RangeError, message: /^narrow: dim must be an integer from -3 to 2, got 3/ },
  ],
};

export const selectSpec: OpSpec<Laid & { dim: number; index: number }> = {
  name: "select",
  run: ([x], { dim, index, ...laid }) => select(lay(x!, laid), dim, index),
  reference: ([x], { dim, index }) => {
    const y = part(x!, dim, [index < 0 ? index + x!.shape.at(dim)! : index]);
    return { shape: y.shape.filter((_, axis) => axis !== (dim < 0 ? dim + y.shape.length : dim)), data: y.data };
  },
  cases: inLayouts(product({ shape: [[4], [4, 5], [4, 5, 4], [4, 5, 6, 7], [3, 4, 3, 2, 3]], dim: [0, -1], index: [0, 2, -1] })
    .map(({ shape, ...options }) => ({ shapes: [shape], options })).concat([
      { shapes: [[2, 5, 4, 3]], options: { dim: 1, index: 3 } },
      { shapes: [[2, 5, 4, 3]], options: { dim: 2, index: 3 } },
    ])),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "an element beyond", call: () => select(x(), 1, 5), error: RangeError, message: /^select: index must be below 5, got 5 \(x \[2, 5, 4\], dim 1\)/ },
    { name: "an element in front", call: () => select(x(), 1, -6), error: RangeError, message: /^select: index must be an integer of at least -5, got -6/ },
    { name: "an axis beyond", call: () => select(x(), 3, 0), error: RangeError, message: /^select: dim must be an integer from -3 to 2, got 3/ },
    { name: "no index", call: () => select(x(), 1, undefined as never), error: TypeError, message: /^select: index must be a number, got undefined/ },
  ],
};

interface SplitCase {
  sizes: number | number[];
  dim?: number;
  part: number;
}

export const splitSpec: OpSpec<Laid & SplitCase> = {
  name: "split",
  run: ([x], { sizes, dim, part, ...laid }) => split(lay(x!, laid), sizes, dim)[part]!,
  reference: ([x], { sizes, dim = 0, part: index }) => {
    const length = x!.shape.at(dim)!;
    const start = typeof sizes === "number" ? index * sizes : sizes.slice(0, index).reduce((a, b) => a + b, 0);
    return part(x!, dim, count(length).slice(start, start + (typeof sizes === "number" ? sizes : sizes[index]!)));
  },
  cases: inLayouts<SplitCase>([
    ...product({ shape: [[7], [7, 3], [7, 4, 7], [2, 7, 3, 7]], sizes: [3, [2, 0, 5]], part: [0, 1, 2] })
      .map(({ shape, ...options }) => ({ shapes: [shape], options: { dim: shape.indexOf(7), ...options } })),
    { shapes: [[7]], options: { sizes: 9, part: 0 } },
    { shapes: [[4, 2]], options: { sizes: 2, part: 1 } },
    { shapes: [[4, 2]], options: { sizes: [1, 1], dim: -1, part: 1 } },
    { shapes: [[0, 2]], options: { sizes: 3, part: 0 } },
    { shapes: [[0, 2]], options: { sizes: 0, part: 0 } },
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "sizes that do not add up", call: () => split(x(), [2, 2], 1), error: ShapeError, message: /^split: sizes add up to 4, axis 1 has length 5 \(x \[2, 5, 4\], sizes \[2, 2\]\)/ },
    { name: "a negative size", call: () => split(x(), [6, -1], 1), error: RangeError, message: /^split: sizes must be an integer of at least 0, got -1/ },
    { name: "size 0", call: () => split(x(), 0), error: RangeError, message: /^split: size must be a positive integer, got 0/ },
    { name: "no sizes", call: () => split(x(), undefined as never), error: TypeError, message: /^split: sizes must be a number or a list of numbers, got undefined/ },
    { name: "an axis beyond", call: () => split(x(), 1, 3), error: RangeError, message: /^split: dim must be an integer from -3 to 2, got 3/ },
  ],
};

interface ChunkCase {
  chunks: number;
  dim?: number;
  part: number;
}

export const chunkSpec: OpSpec<Laid & ChunkCase> = {
  name: "chunk",
  run: ([x], { chunks, dim, part, ...laid }) => chunk(lay(x!, laid), chunks, dim)[part]!,
  reference: ([x], { chunks, dim = 0, part: index }) => {
    const length = x!.shape.at(dim)!, size = Math.ceil(length / chunks);
    return part(x!, dim, count(length).slice(index * size, (index + 1) * size));
  },
  cases: inLayouts<ChunkCase>([
    ...product({ shape: [[8], [2, 8, 3], [1, 8, 2, 3]], chunks: [1, 2, 3, 5], part: [0, 1, 2] }).filter(({ chunks, part }) => part < chunks)
      .map(({ shape, ...options }) => ({ shapes: [shape], options: { dim: shape.indexOf(8), ...options } })),
    { shapes: [[6]], options: { chunks: 4, part: 2 } },
    { shapes: [[0, 2]], options: { chunks: 3, part: 2 } },
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "no chunks", call: () => chunk(x(), 0), error: RangeError, message: /^chunk: chunks must be a positive integer, got 0/ },
    { name: "an axis beyond", call: () => chunk(x(), 2, -4), error: RangeError, message: /^chunk: dim must be an integer from -3 to 2, got -4/ },
  ],
};
