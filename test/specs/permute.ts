import { flip, permute, ShapeError, squeeze, transpose, unsqueeze, zeros } from "../../src/index.ts";
import { ndarray, product } from "../array.ts";
import { inLayouts, type Laid, lay, pick } from "./movement.ts";
import type { OpSpec } from "./spec.ts";

const x = () => zeros([2, 3, 4]);

/** All orders of 0, 1, ... */
function orders(rank: number): number[][] {
  if (rank === 0) return [[]];
  return orders(rank - 1).flatMap((order) => Array.from({ length: rank }, (_, i) => [...order.slice(0, i), rank - 1, ...order.slice(i)]));
}

export const permuteSpec: OpSpec<Laid & { dims: number[] }> = {
  name: "permute",
  run: ([x], { dims, ...laid }) => permute(lay(x!, laid), dims),
  reference: ([x], { dims }) => {
    const axes = dims.map((dim) => (dim < 0 ? dim + dims.length : dim));
    return pick(x!, axes.map((axis) => x!.shape[axis]!), (index) => {
      const from: number[] = [];
      axes.forEach((axis, k) => (from[axis] = index[k]!));
      return from;
    });
  },
  cases: inLayouts([
    ...[[], [3], [2, 5], [9, 8], [2, 3, 4], [5, 4, 9], [2, 3, 4, 5], [1, 8, 5, 1]]
      .flatMap((shape) => orders(shape.length).map((dims) => ({ shapes: [shape], options: { dims } }))),
    ...[[0, 2, 3, 4, 1], [4, 3, 2, 1, 0], [1, 0, 2, 4, 3], [-1, 0, -3, 1, 3]].map((dims) => ({ shapes: [[2, 3, 2, 4, 3]], options: { dims } })),
    { shapes: [[2, 1, 3, 2, 1, 2]], options: { dims: [5, 3, 1, 0, 2, 4] } },
    { shapes: [[0, 3, 4]], options: { dims: [2, 0, 1] } },
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "no list", call: () => permute(x(), 1 as never), error: TypeError, message: /^permute: dims must be a list of axes, got 1/ },
    { name: "an axis beyond", call: () => permute(x(), [0, 1, 3]), error: RangeError, message: /^permute: dims must be an integer from -3 to 2, got 3 \(x \[2, 3, 4\]\)/ },
    { name: "half an axis", call: () => permute(x(), [0, 1, 1.5]), error: RangeError, message: /^permute: dims must be an integer from -3 to 2, got 1.5/ },
    { name: "an axis of wrong kind", call: () => permute(x(), [0, 1, "2"] as never), error: TypeError, message: /^permute: dims must be a number, got "2"/ },
    { name: "too few axes", call: () => permute(x(), [0, 1]), error: ShapeError, message: /^permute: dims has 2 axes, x has 3 \(x \[2, 3, 4\], dims \[0, 1\]\)/ },
    { name: "an axis twice", call: () => permute(x(), [0, 1, -2]), error: ShapeError, message: /^permute: dims must have every axis once \(x \[2, 3, 4\], dims \[0, 1, -2\]\)/ },
    { name: "a number", call: () => permute(3 as never, []), error: TypeError, message: /^permute: x must be a tensor, got 3/ },
  ],
};

export const transposeSpec: OpSpec<Laid & { dim0: number; dim1: number }> = {
  name: "transpose",
  run: ([x], { dim0, dim1, ...laid }) => transpose(lay(x!, laid), dim0, dim1),
  reference: ([x], { dim0, dim1 }) => {
    const rank = x!.shape.length, a = (dim0 + rank) % rank, b = (dim1 + rank) % rank;
    const swap = (list: readonly number[]): number[] => {
      const swapped = [...list];
      [swapped[a], swapped[b]] = [list[b]!, list[a]!];
      return swapped;
    };
    return pick(x!, swap(x!.shape), swap);
  },
  cases: inLayouts([
    ...product({ rows: [1, 3, 4, 5, 8, 9], columns: [1, 4, 7] }).map(({ rows, columns }) => ({ shapes: [[rows, columns]], options: { dim0: 0, dim1: 1 } })),
    ...[[2, 3, 4], [2, 3, 4, 5], [1, 2, 3, 2, 2]].flatMap((shape) =>
      product({ dim0: [0, 1, 2], dim1: [1, 2, -1] }).map((options) => ({ shapes: [shape], options }))),
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "an axis beyond", call: () => transpose(x(), 3, 0), error: RangeError, message: /^transpose: dim0 must be an integer from -3 to 2, got 3/ },
    { name: "an axis in front of all", call: () => transpose(x(), 0, -4), error: RangeError, message: /^transpose: dim1 must be an integer from -3 to 2, got -4/ },
    { name: "no axis", call: () => transpose(x(), 0, undefined as never), error: TypeError, message: /^transpose: dim1 must be a number, got undefined/ },
    { name: "a scalar", call: () => transpose(zeros([]), 0, 0), error: RangeError, message: /^transpose: the tensor has no axes, got 0 \(x \[\]\)/ },
  ],
};

export const squeezeSpec: OpSpec<Laid & { dim?: number }> = {
  name: "squeeze",
  run: ([x], { dim, ...laid }) => squeeze(lay(x!, laid), dim),
  reference: ([x], { dim }) => ndarray(x!.shape.filter((length, axis) => length !== 1 || (dim !== undefined && dim !== axis && dim + x!.shape.length !== axis)), x!.data),
  cases: inLayouts([
    ...[[], [1], [3], [1, 3], [2, 1, 3, 1], [1, 3, 1, 4], [2, 3, 4, 5], [2, 3, 1, 5], [1, 1, 1, 1], [2, 3, 1, 1, 4], [1, 1, 2, 3, 4], [1, 0, 2]]
      .map((shape) => ({ shapes: [shape], options: {} })),
    ...product({ shape: [[2, 1, 3], [1, 3, 1, 4], [2, 3, 1, 5], [1, 4, 1, 1, 2]], dim: [0, 1, 2, -1, -2] }).map(({ shape, dim }) => ({ shapes: [shape], options: { dim } })),
  ]),
  terms: () => 1,
  affine: true,
  bad: [{ name: "an axis beyond", call: () => squeeze(zeros([1, 2]), 2), error: RangeError, message: /^squeeze: dim must be an integer from -2 to 1, got 2 \(x \[1, 2\]\)/ }],
};

export const unsqueezeSpec: OpSpec<Laid & { dim: number }> = {
  name: "unsqueeze",
  run: ([x], { dim, ...laid }) => unsqueeze(lay(x!, laid), dim),
  reference: ([x], { dim }) => {
    const shape = [...x!.shape];
    shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
    return ndarray(shape, x!.data);
  },
  cases: inLayouts([
    { shapes: [[]], options: { dim: 0 } },
    { shapes: [[0]], options: { dim: -1 } },
    ...product({ shape: [[3, 4], [2, 3, 4], [2, 3, 4, 5], [2, 3, 2, 2, 3]], dim: [0, 1, 2, -1, -2] }).map(({ shape, dim }) => ({ shapes: [shape], options: { dim } })),
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "an axis beyond", call: () => unsqueeze(x(), 4), error: RangeError, message: /^unsqueeze: dim must be an integer from -4 to 3, got 4 \(x \[2, 3, 4\]\)/ },
    { name: "no axis", call: () => unsqueeze(x(), undefined as never), error: TypeError, message: /^unsqueeze: dim must be a number, got undefined/ },
  ],
};

export const flipSpec: OpSpec<Laid & { dims: number | number[] }> = {
  name: "flip",
  run: ([x], { dims, ...laid }) => flip(lay(x!, laid), dims),
  reference: ([x], { dims }) => {
    const turned = [dims].flat().map((dim) => (dim < 0 ? dim + x!.shape.length : dim));
    return pick(x!, x!.shape, (index) => index.map((i, axis) => (turned.includes(axis) ? x!.shape[axis]! - 1 - i : i)));
  },
  cases: inLayouts([
    ...[[5], [0], [3, 8]].map((shape) => ({ shapes: [shape], options: { dims: 0 } })),
    ...product({ shape: [[2, 3, 4], [2, 4, 3, 5], [2, 3, 2, 3, 2]], dims: [0, -1, [1], [0, 2], [0, 1, 2], [1, -1], []] })
      .map(({ shape, dims }) => ({ shapes: [shape], options: { dims } })),
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "an axis beyond", call: () => flip(x(), [0, 3]), error: RangeError, message: /^flip: dims must be an integer from -3 to 2, got 3/ },
    { name: "an axis twice", call: () => flip(x(), [0, -3]), error: ShapeError, message: /^flip: dims must not have an axis twice \(x \[2, 3, 4\], dims \[0, -3\]\)/ },
    { name: "no axes", call: () => flip(x(), undefined as never), error: TypeError, message: /^flip: dims must be an axis or a list of axes, got undefined/ },
  ],
};
