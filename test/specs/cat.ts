import { cat, type Shape, ShapeError, stack, tensor, zeros } from "../../src/index.ts";
import { at, forEachIndex, ndarray, product, setAt } from "../array.ts";
import { inLayouts, type Laid, lay } from "./movement.ts";
import type { OpSpec } from "./spec.ts";

/** The shape, with another length along an axis. */
const other = (shape: Shape, dim: number, length: number): number[] => shape.map((own, axis) => (axis === dim ? length : own));

export const catSpec: OpSpec<Laid & { dim?: number }> = {
  name: "cat",
  // The layout is that of the first; the others are as `tensor` makes them.
  run: ([first, ...rest], { dim, ...laid }) => cat([lay(first!, laid), ...rest], dim),
  reference: (inputs, { dim = 0 }) => {
    const axis = dim < 0 ? dim + inputs[0]!.shape.length : dim;
    const y = ndarray(other(inputs[0]!.shape, axis, inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0)));
    let start = 0;
    for (const x of inputs) {
      forEachIndex(x.shape, (...index) => setAt(y, at(x, ...index), ...index.map((i, k) => (k === axis ? i + start : i))));
      start += x.shape[axis]!;
    }
    return y;
  },
  cases: inLayouts<{ dim?: number }>([
    ...product({ shape: [[3, 4, 2], [2, 3, 4, 5], [2, 2, 3, 2, 2]], dim: [0, 1, 2, -1], lengths: [[1], [2, 3], [4, 0, 1]] })
      .map(({ shape, dim, lengths }) => ({
        shapes: lengths.map((length) => other(shape, dim < 0 ? shape.length - 1 : dim, length)),
        options: { dim },
      })),
    { shapes: [[3], [1], [4]], options: {} },
    { shapes: [[2, 8, 3, 3], [2, 5, 3, 3]], options: { dim: 1 } },
    { shapes: [[0, 2], [0, 2]], options: {} },
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "no list", call: () => cat(zeros([2]) as never), error: TypeError, message: /^cat: tensors must be a list of tensors, got a value of type Tensor/ },
    { name: "nothing", call: () => cat([]), error: ShapeError, message: /^cat: tensors must have at least one tensor, got none/ },
    { name: "a number", call: () => cat([zeros([2]), 1 as never]), error: TypeError, message: /^cat: tensors\[1\] must be a tensor, got 1/ },
    { name: "two kinds", call: () => cat([zeros([2]), tensor(new Int32Array(2)) as never]), error: TypeError, message: /^cat: tensors\[1\] must be float32, it is int32/ },
    { name: "two ranks", call: () => cat([zeros([2]), zeros([2, 1])]), error: ShapeError, message: /^cat: tensors\[1\] has 2 axes, tensors\[0\] has 1 \(\[2\], \[2, 1\]\)/ },
    { name: "other lengths", call: () => cat([zeros([2, 3]), zeros([2, 4])]), error: ShapeError, message: /^cat: tensors\[1\] has length 4 along axis 1, tensors\[0\] has 3 \(\[2, 3\], \[2, 4\]\)/ },
    { name: "an axis beyond", call: () => cat([zeros([2, 3])], 2), error: RangeError, message: /^cat: dim must be an integer from -2 to 1, got 2/ },
    { name: "scalars", call: () => cat([zeros([])]), error: RangeError, message: /^cat: the tensor has no axes, got 0/ },
  ],
};

export const stackSpec: OpSpec<Laid & { dim?: number }> = {
  name: "stack",
  run: ([first, ...rest], { dim, ...laid }) => stack([lay(first!, laid), ...rest], dim),
  reference: (inputs, { dim = 0 }) => {
    const { shape } = inputs[0]!;
    const axis = dim < 0 ? dim + shape.length + 1 : dim;
    const y = ndarray([...shape.slice(0, axis), inputs.length, ...shape.slice(axis)]);
    inputs.forEach((x, n) => forEachIndex(shape, (...index) => setAt(y, at(x, ...index), ...index.slice(0, axis), n, ...index.slice(axis))));
    return y;
  },
  cases: inLayouts<{ dim?: number }>([
    ...product({ shape: [[3, 4], [2, 3, 4], [2, 3, 4, 5], [2, 2, 3, 2, 2]], dim: [0, 1, 2, -1], count: [1, 3] })
      .map(({ shape, dim, count }) => ({ shapes: Array.from({ length: count }, () => shape), options: { dim } })),
    { shapes: [[], [], []], options: {} },
    { shapes: [[0, 2], [0, 2]], options: {} },
  ]),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "nothing", call: () => stack([]), error: ShapeError, message: /^stack: tensors must have at least one tensor, got none/ },
    { name: "two shapes", call: () => stack([zeros([2, 3]), zeros([3, 2])]), error: ShapeError, message: /^stack: tensors\[1\] and tensors\[0\] must have one shape \(\[2, 3\], \[3, 2\]\)/ },
    { name: "an axis beyond", call: () => stack([zeros([2, 3])], 3), error: RangeError, message: /^stack: dim must be an integer from -3 to 2, got 3/ },
    { name: "a number", call: () => stack([1] as never), error: TypeError, message: /^stack: tensors\[0\] must be a tensor, got 1/ },
  ],
};
