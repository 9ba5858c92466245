import { type Layout, pad, type PadOptions, ShapeError, tensor, zeros } from "../../src/index.ts";
import { withLayout } from "../../src/tape.ts";
import { at, forEachIndex, inside, type NdArray, ndarray, product, setAt } from "../array.ts";
import type { Case, OpSpec } from "./spec.ts";

export interface PadCase extends PadOptions {
  padding: number[];
  /** How x lies in memory; as `tensor` makes it by default. */
  layout?: Layout;
}

/** Where an index before, inside or behind an axis finds its element. */
function source(i: number, length: number, mode: PadOptions["mode"]): number {
  if (mode === "circular") return (i + length) % length;
  if (mode === "replicate") return Math.min(Math.max(i, 0), length - 1);
  if (mode === "reflect") return i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;
  return i;
}

export function padReference(x: NdArray, { padding, mode, value = 0 }: PadCase): NdArray {
  const rank = x.shape.length;
  const before = x.shape.map((_, axis) => padding[2 * (rank - 1 - axis)] ?? 0);
  const after = x.shape.map((_, axis) => padding[2 * (rank - 1 - axis) + 1] ?? 0);
  const y = ndarray(x.shape.map((length, axis) => before[axis]! + length + after[axis]!));
  forEachIndex(y.shape, (...index) => {
    const from = index.map((i, axis) => source(i - before[axis]!, x.shape[axis]!, mode));
    setAt(y, inside(x, from) ? at(x, ...from) : Math.fround(value), ...index);
  });
  return y;
}

const modes = ["reflect", "replicate", "circular"] as const;

const cases: Case<PadCase>[] = [
  ...product({ shape: [[5], [3, 4], [2, 3, 4], [2, 3, 4, 5], [2, 5, 3, 4], [1, 8, 3, 3]], padding: [[1, 2], [0, 3], [-1, 2]], value: [undefined, -1.5] })
    .map(({ shape, ...options }) => ({ shapes: [shape], options: options as PadCase })),
  ...product({
    shape: [[2, 3, 4, 5], [1, 4, 3, 3], [2, 9, 3, 4]], padding: [[1, 1, 1, 1], [2, 0, 1, 2], [0, 0, 2, 1], [1, 2, 0, 0]],
    mode: [undefined, ...modes], layout: ["channelsLast", "rowMajor"] as const,
  }).map(({ shape, ...options }) => ({ shapes: [shape], options: options as PadCase })),
  ...product({
    shape: [[1, 2, 3, 3, 2], [2, 5, 2, 3, 4]], padding: [[1, 1, 0, 2, 1, 0], [1, 0, 1, 1, 1, 1], [0, 1]], mode: ["constant", ...modes] as const,
    layout: ["channelsLast", "rowMajor"] as const,
  }).map(({ shape, ...options }) => ({ shapes: [shape], options })),
  ...product({ shape: [[4], [3, 4], [2, 3, 4]], padding: [[3, 3], [1, 0], [0, 2]], mode: modes, layout: [undefined] as (Layout | undefined)[] })
    .map(({ shape, ...options }) => ({ shapes: [shape], options: options as PadCase })),
  ...product({ mode: modes, padding: [[1, 2, 2, 1]], layout: ["channelsLast", "rowMajor"] as const })
    .map((options) => ({ shapes: [[2, 3, 4]], options })),
  // Cut off on one side or all of it, in every axis, wider than the axis itself, nothing at all.
  { shapes: [[2, 3, 4, 5]], options: { padding: [-2, -1, 3, -1, 1, -1, -1, 2], value: 0.25 } },
  { shapes: [[2, 3, 4, 5]], options: { padding: [1, -2, -4, 2] } },
  { shapes: [[2, 3]], options: { padding: [-3, 0] } },
  { shapes: [[1, 1, 2, 2]], options: { padding: [7, 9, 8, 6], mode: "replicate" } },
  { shapes: [[1, 3, 1, 1]], options: { padding: [1, 1, 1, 1], mode: "circular" } },
  { shapes: [[0, 3, 4, 5]], options: { padding: [1, 1], mode: "reflect" } },
  { shapes: [[2, 0, 3]], options: { padding: [1, 1, 2, 0], value: 2 } },
  { shapes: [[]], options: { padding: [] } },
  { shapes: [[3]], options: { padding: [0, 0], mode: "circular" } },
];

const x = () => zeros([1, 2, 4, 5]);

export const padSpec: OpSpec<PadCase> = {
  name: "pad",
  run: ([x], { padding, layout, ...options }) => pad(layout ? withLayout(x!, layout) : x!, padding, options),
  reference: ([x], options) => padReference(x!, options),
  cases,
  // A replicated corner takes the gradients of its whole border.
  terms: (_, { padding }) => padding.reduce((terms, size) => terms * (1 + Math.max(size, 0)), 1),
  affine: true,
  bad: [
    { name: "no tensor", call: () => pad([1] as never, [1, 1]), error: TypeError, message: /^pad: x must be a tensor, got a value of type Array/ },
    { name: "no padding", call: () => pad(x(), 1 as never), error: TypeError, message: /^pad: padding must be a list of numbers, got 1/ },
    { name: "an odd padding", call: () => pad(x(), [1, 1, 1]), error: ShapeError, message: /^pad: padding must have two numbers per axis, got 3 \(\[1, 1, 1\]\)/ },
    { name: "more pairs than axes", call: () => pad(zeros([3]), [1, 1, 1, 1]), error: ShapeError, message: /^pad: padding has 2 pairs, x has 1 axes \(x \[3\], padding \[1, 1, 1, 1\]\)/ },
    { name: "half an element", call: () => pad(x(), [0.5, 1]), error: RangeError, message: /^pad: padding must be an integer of at least -268435456, got 0.5/ },
    { name: "a padding of wrong kind", call: () => pad(x(), ["1", 1] as never), error: TypeError, message: /^pad: padding must be a number, got "1"/ },
    { name: "padding beyond 32-bit arithmetic", call: () => pad(x(), [2 ** 32, 0]), error: RangeError, message: /^pad: padding must be at most 268435456, got 4294967296/ },
    { name: "more than the memory can hold", call: () => pad(x(), [2 ** 28, 0]), error: RangeError, message: /^pad: 2147483688 elements are more than the memory can hold, 1073741824/ },
    { name: "an unknown mode", call: () => pad(x(), [1, 1], { mode: "zeros" as never }), error: TypeError, message: /^pad: mode must be one of constant, reflect, replicate, circular, got "zeros"/ },
    { name: "a value of wrong kind", call: () => pad(x(), [1, 1], { value: "0" as never }), error: TypeError, message: /^pad: value must be a number, got "0"/ },
    { name: "a reflection of the whole axis", call: () => pad(x(), [1, 1, 4, 0], { mode: "reflect" }), error: ShapeError, message: /^pad: reflected padding must be less than the axis's length, got 4 for axis 2 of length 4 \(x \[1, 2, 4, 5\], padding \[1, 1, 4, 0\]\)/ },
    { name: "more than one turn", call: () => pad(x(), [0, 6], { mode: "circular" }), error: ShapeError, message: /^pad: circular padding must be at most the axis's length, got 6 for axis 3 of length 5/ },
    { name: "nothing to replicate", call: () => pad(zeros([2, 0]), [1, 0], { mode: "replicate" }), error: ShapeError, message: /^pad: axis 1 is empty, it has no elements to pad it with/ },
    { name: "cutting in another mode", call: () => pad(x(), [-1, 0], { mode: "replicate" }), error: RangeError, message: /^pad: padding must be an integer of at least 0, got -1/ },
    { name: "cutting too much", call: () => pad(x(), [-3, -3]), error: ShapeError, message: /^pad: padding cuts off 6 elements of axis 3, it has 5/ },
    { name: "cutting too much on one side", call: () => pad(x(), [9, -6]), error: ShapeError, message: /^pad: padding cuts off 6 elements of axis 3, it has 5/ },
    { name: "what was disposed", call: () => { const y = tensor([1]); y.dispose(); pad(y, [1, 1]); }, error: Error, message: /^pad: x \[1\] is used after it was disposed/ },
  ],
};
