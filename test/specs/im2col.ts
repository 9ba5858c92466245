import { col2im, type ColumnOptions, im2col, type Shape, ShapeError, type Sizes, zeros } from "../../src/index.ts";
import { type NdArray, ndarray, product } from "../array.ts";
import { columnsReference, convExtent } from "./conv.ts";
import type { Case, OpSpec } from "./spec.ts";

type Columns = ColumnOptions & { kernelSize: Sizes };

const volume = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const list = (rank: number, size: Sizes): number[] => (typeof size === "number" ? new Array<number>(rank).fill(size) : [...size]);

const geometries: { x: Shape; options: Columns }[] = [
  ...product({
    kernelSize: [1, [2, 3]], stride: [1, [2, 3]], padding: [0, 1, [2, 0], [[0, 1], [3, 0]]], dilation: [1, [1, 2]],
  } as const).map((options) => ({ x: [2, 3, 5, 7], options })),
  { x: [2, 5, 9], options: { kernelSize: 4, stride: 2, padding: 1 } },
  { x: [1, 4, 3, 4, 3], options: { kernelSize: [2, 2, 3], padding: [1, 0, 1] } },
  { x: [0, 3, 4, 4], options: { kernelSize: 2 } },
  { x: [1, 1, 1, 1], options: { kernelSize: 1 } },
];

export const im2colSpec: OpSpec<Columns> = {
  name: "im2col",
  run: ([x], { kernelSize, ...options }) => im2col(x!, kernelSize, options),
  reference: ([x], { kernelSize, ...options }) => columnsReference(x!, list(x!.shape.length - 2, kernelSize), options),
  cases: geometries.map(({ x, options }) => ({ shapes: [x], options })),
  terms: ([x], { kernelSize }) => volume(list(x!.length - 2, kernelSize)),
  affine: true,
  bad: [
    { name: "a matrix", call: () => im2col(zeros([3, 8]), 2), error: ShapeError, message: /^im2col: x must have 3, 4 or 5 axes \[N, C, spatial axes\], it has 2/ },
    { name: "kernel larger than the input", call: () => im2col(zeros([1, 3, 4, 4]), 5), error: ShapeError, message: /^im2col: kernel spans 5, more than the padded height 4/ },
    { name: "kernel 0", call: () => im2col(zeros([1, 3, 4, 4]), 0), error: RangeError, message: /^im2col: kernelSize must be a positive integer, got 0/ },
    { name: "same", call: () => im2col(zeros([1, 3, 4, 4]), 3, { padding: "same" as never }), error: TypeError, message: /^im2col: padding must be a number, a list of 2 numbers or pairs, got "same"/ },
  ],
};

/** The transpose of the column matrix, as a sum over where each of its elements comes from. */
function foldReference(columns: NdArray, output: Shape, { kernelSize, ...options }: Columns): NdArray {
  const kernel = list(output.length, kernelSize);
  const shape = [columns.shape[0]!, columns.shape[1]! / volume(kernel), ...output];
  const y = ndarray(shape);
  // Each element carries its number, from 1 on; 0 is the border.
  const numbered = ndarray(shape, y.data.map((_, i) => i + 1));
  columnsReference(numbered, kernel, options).data.forEach((from, i) => {
    if (from > 0) y.data[from - 1]! += columns.data[i]!;
  });
  return y;
}

export const col2imSpec: OpSpec<Columns & { outputSize: Shape }> = {
  name: "col2im",
  run: ([x], { outputSize, kernelSize, ...options }) => col2im(x!, outputSize, kernelSize, options),
  reference: ([x], { outputSize, ...options }) => foldReference(x!, outputSize, options),
  cases: geometries.map(({ x, options }): Case<Columns & { outputSize: Shape }> => {
    const outputSize = x.slice(2), kernel = list(outputSize.length, options.kernelSize);
    return {
      shapes: [[x[0]!, x[1]! * volume(kernel), volume(convExtent(outputSize, kernel, options))]],
      options: { ...options, outputSize },
    };
  }),
  terms: (_, { outputSize, kernelSize }) => volume(list(outputSize.length, kernelSize)),
  affine: true,
  bad: [
    { name: "a map", call: () => col2im(zeros([1, 3, 4, 4]), [4, 4], 2), error: ShapeError, message: /^col2im: x must have 3 axes \[N, C \* taps, windows\], it has 4/ },
    { name: "taps", call: () => col2im(zeros([1, 10, 9]), [4, 4], 2), error: ShapeError, message: /^col2im: x must have a multiple of 4 taps and 9 windows, it has 10 and 9 \(x \[1, 10, 9\], outputSize \[4, 4\]\)/ },
    { name: "windows", call: () => col2im(zeros([1, 12, 8]), [4, 4], 2), error: ShapeError, message: /^col2im: x must have a multiple of 4 taps and 9 windows, it has 12 and 8/ },
    { name: "one number for the size", call: () => col2im(zeros([1, 12, 9]), 4 as never, 2), error: TypeError, message: /^col2im: shape must be an array of lengths, got 4/ },
    { name: "no size", call: () => col2im(zeros([1, 12, 9]), [], 2), error: ShapeError, message: /^col2im: outputSize must have 1, 2 or 3 lengths, it has 0/ },
  ],
};
