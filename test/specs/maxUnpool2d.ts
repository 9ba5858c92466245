import { maxUnpool2d, type MaxUnpoolOptions, ShapeError, type Sizes, tensor, zeros } from "../../src/index.ts";
import { forEachIndex, ndarray, setAt } from "../array.ts";
import type { Case, OpSpec } from "./spec.ts";

export interface UnpoolCase extends MaxUnpoolOptions {
  kernelSize: Sizes;
  /** Size of the output, as it must come out. */
  output: readonly [number, number];
}

// A position of its own for every element of a plane: the first ones of a walk in large steps through it.
function positions([, , h, w]: readonly number[], [height, width]: readonly [number, number], plane: number): number[] {
  const size = height * width;
  const stride = [7, 11, 13, 17].find((prime) => size % prime !== 0)!;
  return Array.from({ length: h! * w! }, (_, i) => (i * stride + plane) % size);
}

function indicesOf(shape: readonly number[], output: readonly [number, number]): number[] {
  return Array.from({ length: shape[0]! * shape[1]! }, (_, plane) => positions(shape, output, plane)).flat();
}

const all: [shape: number[], options: UnpoolCase][] = [
  [[1, 1, 1, 1], { kernelSize: 2, output: [2, 2] }],
  [[2, 3, 3, 4], { kernelSize: 2, output: [6, 8] }],
  [[1, 4, 3, 2], { kernelSize: [3, 2], output: [9, 4] }],
  [[2, 5, 2, 3], { kernelSize: 3, stride: 2, padding: 1, output: [3, 5] }],
  [[1, 8, 2, 3], { kernelSize: 3, stride: 2, padding: 1, outputSize: [4, 6], output: [4, 6] }],
  [[1, 9, 2, 3], { kernelSize: 3, stride: [3, 2], padding: [1, 0], outputSize: [1, 9, 2, 6], output: [2, 6] }],
  [[1, 17, 2, 2], { kernelSize: 1, output: [2, 2] }],
  [[0, 3, 2, 2], { kernelSize: 2, output: [4, 4] }],
  [[2, 0, 2, 2], { kernelSize: 2, output: [4, 4] }],
];

const x = () => zeros([1, 1, 2, 2]);
const zero = () => tensor(new Int32Array(4), [1, 1, 2, 2]);

export const maxUnpool2dSpec: OpSpec<UnpoolCase> = {
  name: "maxUnpool2d",
  run: ([x], { kernelSize, output, ...options }) => maxUnpool2d(x!, tensor(Int32Array.from(indicesOf(x!.shape, output)), x!.shape), kernelSize, options),
  reference: ([x], { output }) => {
    const y = ndarray([x!.shape[0]!, x!.shape[1]!, ...output]);
    const indices = indicesOf(x!.shape, output);
    let k = 0;
    forEachIndex(x!.shape, (n, c) => {
      const index = indices[k]!;
      setAt(y, x!.data[k++]!, n!, c!, Math.floor(index / output[1]), index % output[1]);
    });
    return y;
  },
  cases: all.map(([shape, options]): Case<UnpoolCase> => ({ shapes: [shape], options })),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "rank of x", call: () => maxUnpool2d(zeros([2, 2, 2]), zero(), 2), error: ShapeError, message: /^maxUnpool2d: x must have 4 axes \[N, C, OH, OW\], it has 3/ },
    { name: "other shape of indices", call: () => maxUnpool2d(zeros([1, 1, 2, 3]), zero(), 2), error: ShapeError, message: /^maxUnpool2d: x and indices must have one shape \(x \[1, 1, 2, 3\], indices \[1, 1, 2, 2\]\)/ },
    { name: "indices of wrong kind", call: () => maxUnpool2d(x(), x() as never, 2), error: TypeError, message: /^maxUnpool2d: indices must be int32, it is float32/ },
    { name: "no indices", call: () => maxUnpool2d(x(), undefined as never, 2), error: TypeError, message: /^maxUnpool2d: indices must be a tensor, got undefined/ },
    { name: "an index behind the output", call: () => maxUnpool2d(x(), tensor(Int32Array.of(0, 1, 2, 16), [1, 1, 2, 2]), 2), error: RangeError, message: /^maxUnpool2d: indices must be from 0 to 15, got 16 \(output 4x4\)/ },
    { name: "a negative index", call: () => maxUnpool2d(x(), tensor(Int32Array.of(-1, 1, 2, 3), [1, 1, 2, 2]), 2), error: RangeError, message: /^maxUnpool2d: indices must be from 0 to 15, got -1/ },
    { name: "kernel 0", call: () => maxUnpool2d(x(), zero(), 0), error: RangeError, message: /^maxUnpool2d: kernelSize must be a positive integer, got 0/ },
    { name: "an output that no pooling has", call: () => maxUnpool2d(x(), zero(), 2, { outputSize: [4, 6] }), error: RangeError, message: /^maxUnpool2d: output width must be within 2 of 4, exclusive, got 6 \(x \[1, 1, 2, 2\]\)/ },
    { name: "a fractional output", call: () => maxUnpool2d(x(), zero(), 2, { outputSize: [4.5, 4] }), error: RangeError, message: /^maxUnpool2d: output height must be within 2 of 4, exclusive, got 4.5/ },
    { name: "three output sizes", call: () => maxUnpool2d(x(), zero(), 2, { outputSize: [1, 4, 4] }), error: ShapeError, message: /^maxUnpool2d: outputSize must have 2 or 4 numbers, got 3/ },
    { name: "a number as output size", call: () => maxUnpool2d(x(), zero(), 2, { outputSize: 4 as never }), error: TypeError, message: /^maxUnpool2d: outputSize must be a list of 2 or 4, got 4/ },
    { name: "padding that leaves nothing", call: () => maxUnpool2d(x(), zero(), 2, { padding: 2 }), error: RangeError, message: /^maxUnpool2d: output height would be 0 \(x \[1, 1, 2, 2\], kernel 2, stride 2, padding 2\)/ },
  ],
};
