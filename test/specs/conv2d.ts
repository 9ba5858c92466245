import { conv2d, ShapeError, zeros } from "../../src/index.ts";
import type { Conv2dOptions } from "../../src/ops/conv2d.ts";
import { ndarray, product } from "../array.ts";
import type { Case, OpSpec } from "./spec.ts";

type Options = Omit<Conv2dOptions, "bias">;

const pair = (value: number | readonly number[] = 1): [number, number] => (typeof value === "number" ? [value, value] : [value[0]!, value[1]!]);

/** Output size as PyTorch documents it. */
function outputSize(length: number, kernel: number, stride: number, padding: number, dilation: number): number {
  return Math.floor((length + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1);
}

// Channels and extents are odd on purpose: they leave remainders in every vector loop and register tile.
const cases: Case<Options>[] = product({
  kernel: [[1, 1], [2, 2], [3, 3], [1, 5], [4, 1]],
  stride: [1, 2, [3, 1]],
  padding: [0, 1, [2, 0]],
  dilation: [1, 2, [1, 3]],
  groups: [1, 2],
}).map(({ kernel, groups, ...options }) => ({
  shapes: [[2, 3 * groups, 7, 8], [5 * groups, 3, ...kernel], [5 * groups]],
  options: { ...options, groups },
})).filter(({ shapes: [x, w], options }) =>
  [0, 1].every((axis) => outputSize(x![2 + axis]!, w![2 + axis]!, pair(options.stride)[axis]!, pair(options.padding)[axis]!, pair(options.dilation)[axis]!) >= 1),
);

const awkward: Case<Options>[] = [
  { shapes: [[0, 3, 5, 5], [4, 3, 3, 3], [4]], options: {} },
  { shapes: [[1, 1, 1, 1], [1, 1, 1, 1], [1]], options: {} },
  { shapes: [[1, 8, 6, 6], [8, 1, 3, 3], [8]], options: { groups: 8, padding: 1 } },
  { shapes: [[1, 4, 6, 6], [12, 1, 3, 3], [12]], options: { groups: 4, padding: 1 } },
  { shapes: [[1, 2, 5, 5], [3, 2, 3, 3], [3]], options: { padding: 7 } },
  { shapes: [[1, 2, 5, 5], [3, 2, 5, 5], [3]], options: { padding: 4, stride: 5 } },
  { shapes: [[1, 64, 9, 9], [17, 64, 3, 3], [17]], options: { padding: 1 } },
  { shapes: [[1, 70, 31, 29], [7, 70, 1, 1], [7]], options: {} },
  { shapes: [[3, 5, 23, 19], [9, 5, 5, 5], [9]], options: { padding: 2 } },
];

const x = () => zeros([8, 3, 32, 32]);

export const conv2dSpec: OpSpec<Options> = {
  name: "conv2d",
  run: ([x, w, bias], options) => conv2d(x!, w!, { ...options, ...(bias && { bias }) }),
  reference: ([x, w, bias], options) => {
    const [n, c, h, width] = x!.shape as [number, number, number, number];
    const [o, perGroup, kh, kw] = w!.shape as [number, number, number, number];
    const [sh, sw] = pair(options.stride), [eh, ew] = pair(options.dilation), [ph, pw] = pair(options.padding ?? 0);
    const oh = outputSize(h, kh, sh, ph, eh), ow = outputSize(width, kw, sw, pw, ew);
    const outputsPerGroup = o / (options.groups ?? 1);
    const y = ndarray([n, o, oh, ow]);
    let at = 0;
    for (let image = 0; image < n; image++) {
      for (let out = 0; out < o; out++) {
        for (let i = 0; i < oh; i++) {
          for (let j = 0; j < ow; j++) {
            let sum = bias ? bias.data[out]! : 0;
            for (let inGroup = 0; inGroup < perGroup; inGroup++) {
              const channel = Math.floor(out / outputsPerGroup) * perGroup + inGroup;
              for (let k = 0; k < kh; k++) {
                for (let l = 0; l < kw; l++) {
                  const row = i * sh + k * eh - ph, column = j * sw + l * ew - pw;
                  if (row < 0 || row >= h || column < 0 || column >= width) continue;
                  sum += w!.data[((out * perGroup + inGroup) * kh + k) * kw + l]! * x!.data[((image * c + channel) * h + row) * width + column]!;
                }
              }
            }
            y.data[at++] = sum;
          }
        }
      }
    }
    return y;
  },
  cases: [...cases, ...awkward],
  terms: ([x, w]) => Math.max(w!.slice(1).reduce((a, b) => a * b), x![0]! * x![2]! * x![3]!),
  affine: true,
  bad: [
    { name: "rank of x", call: () => conv2d(zeros([3, 32, 32]), zeros([16, 3, 3, 3])), error: ShapeError, message: /conv2d: x must have 4 axes \[N, C, H, W\], it has 3 \(x \[3, 32, 32\]\)/ },
    { name: "rank of w", call: () => conv2d(x(), zeros([16, 3, 3])), error: ShapeError, message: /conv2d: w must have 4 axes \[O, C\/groups, KH, KW\], it has 3/ },
    { name: "channels", call: () => conv2d(x(), zeros([16, 4, 3, 3])), error: ShapeError, message: /conv2d: x has 3 channels, w expects 4 \(x \[8, 3, 32, 32\], w \[16, 4, 3, 3\], groups 1\)/ },
    { name: "channels by group", call: () => conv2d(x(), zeros([16, 2, 3, 3]), { groups: 2 }), error: ShapeError, message: /x has 3 channels, w expects 2 x 2 groups = 4/ },
    { name: "groups and outputs", call: () => conv2d(zeros([1, 4, 5, 5]), zeros([3, 2, 3, 3]), { groups: 2 }), error: ShapeError, message: /w has 3 output channels, not divisible by 2 groups/ },
    { name: "groups 0", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { groups: 0 }), error: RangeError, message: /conv2d: groups must be a positive integer, got 0/ },
    { name: "negative stride", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { stride: -1 }), error: RangeError, message: /conv2d: stride must be a positive integer, got -1/ },
    { name: "fractional stride", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { stride: [1, 1.5] }), error: RangeError, message: /conv2d: stride must be a positive integer, got 1.5/ },
    { name: "stride of wrong kind", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { stride: "2" as never }), error: TypeError, message: /conv2d: stride must be a number or a list of 2, got "2"/ },
    { name: "three strides", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { stride: [1, 1, 1] }), error: ShapeError, message: /conv2d: stride must have 2 numbers, got 3/ },
    { name: "negative padding", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { padding: -1 }), error: RangeError, message: /conv2d: padding must be an integer of at least 0, got -1/ },
    { name: "dilation 0", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { dilation: 0 }), error: RangeError, message: /conv2d: dilation must be a positive integer, got 0/ },
    { name: "a dilation beyond 32 bits", call: () => conv2d(x(), zeros([16, 3, 1, 1]), { dilation: 2 ** 32 }), error: RangeError, message: /conv2d: dilation must be at most 268435456, got 4294967296/ },
    { name: "kernel larger than the padded input", call: () => conv2d(zeros([1, 3, 4, 9]), zeros([16, 3, 7, 7]), { padding: 1 }), error: ShapeError, message: /conv2d: kernel spans 7, more than the padded height 6 \(kernel 7, dilation 1, height 4, padding 1\)/ },
    { name: "bias", call: () => conv2d(x(), zeros([16, 3, 3, 3]), { bias: zeros([3]) }), error: ShapeError, message: /conv2d: bias must have shape \[16\], it has \[3\]/ },
    { name: "no tensor", call: () => conv2d([1, 2] as never, zeros([1, 1, 1, 1])), error: TypeError, message: /conv2d: x must be a tensor, got a value of type Array/ },
  ],
  flops: ([x, w], options) => {
    const y = [0, 1].map((axis) => outputSize(x![2 + axis]!, w![2 + axis]!, pair(options.stride)[axis]!, pair(options.padding ?? 0)[axis]!, pair(options.dilation)[axis]!));
    return 2 * x![0]! * y[0]! * y[1]! * w!.reduce((a, b) => a * b);
  },
  bench: [
    { shapes: [[1, 64, 56, 56], [64, 64, 3, 3]], options: { padding: 1 } },
    { shapes: [[1, 128, 28, 28], [128, 128, 3, 3]], options: { padding: 1 } },
    { shapes: [[1, 64, 56, 56], [256, 64, 1, 1]], options: {} },
    { shapes: [[32, 1, 28, 28], [8, 1, 5, 5]], options: { padding: 2 } },
  ],
};
