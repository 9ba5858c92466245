import {
  adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d, adaptiveMaxPool1d, adaptiveMaxPool2d, adaptiveMaxPool2dWithIndices, adaptiveMaxPool3d,
  type OutputSize, ShapeError, type Tensor, tensor, zeros,
} from "../../src/index.ts";
import { at, forEachIndex, type NdArray, ndarray, setAt } from "../array.ts";
import { step } from "./maxPool2d.ts";
import type { BadCall, Case, OpSpec } from "./spec.ts";

export interface AdaptiveCase {
  outputSize: OutputSize;
}

/** The elements that one output position sees, as indices along the spatial axes. */
function share(input: readonly number[], output: readonly number[], position: readonly number[]): number[][] {
  return input.reduce<number[][]>((all, length, axis) => {
    const i = position[axis]!, count = output[axis]!;
    // An element is seen by every output whose share of the line it touches: [i L / OL, (i + 1) L / OL) meets [l, l + 1).
    const seen = Array.from({ length }, (_, l) => l).filter((l) => l * count < (i + 1) * length && (l + 1) * count > i * length);
    return all.flatMap((one) => seen.map((l) => [...one, l]));
  }, [[]]);
}

function pooled(x: NdArray, outputSize: OutputSize, pool: (values: number[], positions: number[]) => number): NdArray {
  const input = x.shape.slice(2);
  const list = Array.isArray(outputSize) ? outputSize : input.map(() => outputSize);
  const output = input.map((length, axis) => (list[axis] as number | null) ?? length);
  const y = ndarray([x.shape[0]!, x.shape[1]!, ...output]);
  forEachIndex(y.shape, (n, c, ...position) => {
    const elements = share(input, output, position);
    const flat = elements.map((index) => index.reduce((sum, i, axis) => sum * input[axis]! + i, 0));
    setAt(y, pool(elements.map((index) => at(x, n!, c!, ...index)), flat), n!, c!, ...position);
  });
  return y;
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
const winner = (values: number[]): number => values.reduce((best, value, k) => (value > values[best]! ? k : best), 0);

/** Flat positions of the maxima. */
export function adaptiveIndices(x: NdArray, { outputSize }: AdaptiveCase): NdArray {
  return pooled(x, outputSize, (values, positions) => positions[winner(values)]!);
}

// Around the four and sixteen channels that kernels take at a time.
const channels = [1, 3, 4, 5, 8, 9, 16, 17, 21];

function cases(input: number[], sizes: OutputSize[], more: Case<AdaptiveCase>[] = []): Case<AdaptiveCase>[] {
  return [...sizes.map((outputSize, i) => ({ shapes: [[1 + (i % 2), channels[i % channels.length]!, ...input]], options: { outputSize } })), ...more];
}

const lines = cases([7], [1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 23, null], [{ shapes: [[0, 3, 5]], options: { outputSize: 2 } }]);
const maps = cases(
  [7, 8],
  [1, 2, 3, 7, 8, 9, [1, 8], [7, 1], [3, 5], [null, 4], [10, null], null, [5, 3]],
  [{ shapes: [[2, 0, 5, 5]], options: { outputSize: 2 } }, { shapes: [[1, 5, 1, 1]], options: { outputSize: 3 } }],
);
const volumes = cases([4, 5, 3], [1, 2, 3, [3, 1, 2], [null, 7, 1], 5]);

const x = () => zeros([8, 3, 32, 32]);
const bad = (name: string, pool: (x: Tensor, size: OutputSize) => Tensor): BadCall[] => {
  const refuses = (what: string, call: () => unknown, error: BadCall["error"], message: string): BadCall => ({
    name: what, call, error, message: new RegExp(`^${name}: ${message}`),
  });
  return [
    refuses("rank of x", () => pool(zeros([3, 32, 32]), 2), ShapeError, "x must have 4 axes \\[N, C, H, W\\], it has 3 \\(x \\[3, 32, 32\\]\\)"),
    refuses("an empty map", () => pool(zeros([1, 3, 0, 4]), 2), ShapeError, "x has an empty axis H \\(x \\[1, 3, 0, 4\\]\\)"),
    refuses("size 0", () => pool(x(), 0), RangeError, "outputSize must be a positive integer, got 0"),
    refuses("a fractional size", () => pool(x(), [1, 2.5]), RangeError, "outputSize must be a positive integer, got 2.5"),
    refuses("three sizes", () => pool(x(), [1, 2, 3]), ShapeError, "outputSize must have 2 numbers, got 3 \\(\\[1, 2, 3\\]\\)"),
    refuses("no size", () => pool(x(), undefined as never), TypeError, "outputSize must be a number, null or a list of 2, got undefined"),
    refuses("more than the memory holds", () => pool(x(), 2 ** 20), RangeError, "26388279066624 elements are more than the memory can hold"),
    refuses("positions beyond the memory, of no channels", () => pool(zeros([2, 0, 4, 4]), 2 ** 20), RangeError, ".* elements are more than"),
    refuses("wrong dtype", () => pool(tensor(new Int32Array(16), [1, 1, 4, 4]) as never, 2), TypeError, "x must be float32, it is int32"),
  ];
};

function average(name: string, pool: (x: Tensor, size: OutputSize) => Tensor, list: Case<AdaptiveCase>[], refused: BadCall[] = []): OpSpec<AdaptiveCase> {
  return {
    name,
    run: ([x], { outputSize }) => pool(x!, outputSize),
    reference: ([x], { outputSize }) => pooled(x!, outputSize, mean),
    cases: list,
    terms: ([shape]) => shape!.slice(2).reduce((a, b) => a * b, 1),
    affine: true,
    bad: refused,
  };
}

function maximum(name: string, pool: (x: Tensor, size: OutputSize) => Tensor, list: Case<AdaptiveCase>[], refused: BadCall[] = []): OpSpec<AdaptiveCase> {
  return {
    name,
    run: ([x], { outputSize }) => pool(x!, outputSize),
    reference: ([x], { outputSize }) => pooled(x!, outputSize, (values) => values[winner(values)]!),
    cases: list,
    terms: ([shape]) => shape!.slice(2).reduce((a, b) => a * b, 1),
    affine: false,
    step,
    bad: refused,
  };
}

export const adaptiveAvgPool1dSpec = average("adaptiveAvgPool1d", adaptiveAvgPool1d, lines);
export const adaptiveAvgPool2dSpec: OpSpec<AdaptiveCase> = {
  ...average("adaptiveAvgPool2d", adaptiveAvgPool2d, maps, bad("adaptiveAvgPool2d", adaptiveAvgPool2d)),
  bench: [{ shapes: [[1, 512, 7, 7]], options: { outputSize: 1 } }],
};
export const adaptiveAvgPool3dSpec = average("adaptiveAvgPool3d", adaptiveAvgPool3d, volumes);
export const adaptiveMaxPool1dSpec = maximum("adaptiveMaxPool1d", adaptiveMaxPool1d, lines, [
  { name: "rank of x", call: () => adaptiveMaxPool1d(zeros([3, 3]), 1), error: ShapeError, message: /^adaptiveMaxPool1d: x must have 3 axes \[N, C, L\], it has 2/ },
]);
export const adaptiveMaxPool2dSpec = maximum("adaptiveMaxPool2d", adaptiveMaxPool2d, maps, [
  ...bad("adaptiveMaxPool2d", adaptiveMaxPool2d), ...bad("adaptiveMaxPool2dWithIndices", (x, size) => adaptiveMaxPool2dWithIndices(x, size).values),
]);
export const adaptiveMaxPool3dSpec = maximum("adaptiveMaxPool3d", adaptiveMaxPool3d, volumes);
