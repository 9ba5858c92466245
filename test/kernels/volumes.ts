// Windows over volumes, and the one loop nest that defines them: which input element each kernel tap of each output position
// sees. Everything that kernels compute through a window is checked against sums over it.

import type { Shape } from "../../src/index.ts";
import { type ConvOptions, convWindow, type Window } from "../../src/window.ts";

interface Geometry {
  name: string;
  /** Logical shapes, [N, C, D, H, W] and [O, C/groups, KD, KH, KW], or fewer spatial axes. */
  x: Shape;
  w: Shape;
  options?: ConvOptions;
}

const geometries: Geometry[] = [
  { name: "plain", x: [2, 3, 3, 4, 5], w: [4, 3, 2, 2, 3] },
  { name: "one element", x: [1, 1, 1, 1, 1], w: [1, 1, 1, 1, 1] },
  { name: "padded", x: [2, 5, 3, 4, 5], w: [7, 5, 3, 3, 3], options: { padding: 1 } },
  { name: "every axis different", x: [2, 3, 5, 7, 6], w: [5, 3, 2, 3, 2], options: { stride: [1, 2, 3], padding: [1, 0, 2], dilation: [2, 3, 1] } },
  { name: "dilated across", x: [1, 4, 2, 3, 9], w: [3, 4, 1, 2, 3], options: { dilation: [1, 1, 3], padding: [0, 1, 4] } },
  { name: "groups", x: [2, 6, 3, 4, 5], w: [4, 3, 2, 2, 2], options: { groups: 2, padding: 1, stride: 2 } },
  { name: "groups, dilated", x: [1, 15, 4, 5, 6], w: [6, 5, 2, 2, 3], options: { groups: 3, dilation: 2, padding: 2 } },
  { name: "depthwise", x: [1, 9, 3, 5, 4], w: [9, 1, 3, 3, 3], options: { groups: 9, padding: 1 } },
  { name: "depthwise with a multiplier", x: [1, 3, 3, 5, 4], w: [6, 1, 2, 3, 3], options: { groups: 3, padding: [1, 1, 1] } },
  ...[4, 5, 16, 23].map((c): Geometry => ({ name: `depthwise, ${c} channels`, x: [2, c, 2, 4, 5], w: [c, 1, 2, 2, 3], options: { groups: c, padding: 1 } })),
  { name: "depthwise, strided and dilated", x: [1, 6, 3, 5, 7], w: [6, 1, 2, 3, 2], options: { groups: 6, stride: [1, 2, 3], dilation: [2, 1, 4], padding: [1, 3, 2] } },
  { name: "depthwise, taps beyond the input", x: [1, 3, 2, 2, 2], w: [3, 1, 2, 2, 2], options: { groups: 3, padding: 4, dilation: 5 } },
  ...[1, 3, 4, 7, 16, 33].map((c): Geometry => ({ name: `depthwise 3x3, ${c} channels`, x: [2, c, 4, 9], w: [c, 1, 3, 3], options: { groups: c, padding: 1 } })),
  { name: "depthwise 3x3, rows in pieces", x: [1, 256, 3, 19], w: [256, 1, 3, 3], options: { groups: 256, padding: 1 } },
  { name: "depthwise 3x3, rows too far apart for pieces", x: [1, 512, 4, 5], w: [512, 1, 3, 3], options: { groups: 512, padding: 1 } },
  { name: "depthwise 3x3, padding beyond the kernel", x: [1, 5, 3, 2], w: [5, 1, 3, 3], options: { groups: 5, padding: [[4, 1], [6, 3]] } },
  { name: "depthwise 3x3 on one pixel", x: [2, 20, 1, 1], w: [20, 1, 3, 3], options: { groups: 20, padding: 1 } },
  { name: "depthwise 3x3, rows strided", x: [1, 8, 9, 6], w: [8, 1, 3, 3], options: { groups: 8, stride: [2, 1], padding: 1 } },
  { name: "depthwise 3x3, strided", x: [2, 40, 8, 13], w: [40, 1, 3, 3], options: { groups: 40, stride: 2, padding: [[0, 1], [0, 1]] } },
  { name: "depthwise 5x5, strided", x: [1, 24, 9, 11], w: [24, 1, 5, 5], options: { groups: 24, stride: 2, padding: 2 } },
  { name: "depthwise 5x5, kernel larger than the image", x: [1, 17, 3, 2], w: [17, 1, 5, 5], options: { groups: 17, padding: 2 } },
  { name: "depthwise, stride and dilation with a common factor", x: [1, 18, 1, 23], w: [18, 1, 1, 4], options: { groups: 18, stride: [1, 6], dilation: [1, 4], padding: [0, 5] } },
  { name: "depthwise, steps over input", x: [1, 16, 8, 9], w: [16, 1, 2, 1], options: { groups: 16, stride: [3, 4], padding: [1, 0] } },
  ...[1, 2, 7, 8, 9, 19].map((width): Geometry => (
    { name: `groups of four, ${width} columns`, x: [2, 3 * Math.min(width, 8), 5, width], w: [12, Math.min(width, 8), 3, 3], options: { groups: 3, padding: 1 } })),
  { name: "groups of four, unpadded", x: [1, 8, 6, 18], w: [8, 4, 3, 3], options: { groups: 2 } },
  { name: "groups of four, borders beyond the kernel", x: [1, 6, 3, 4], w: [12, 2, 2, 3], options: { groups: 3, padding: [[4, 1], [2, 14]] } },
  { name: "groups of four, rows strided and dilated", x: [2, 2, 9, 11], w: [8, 1, 2, 3], options: { groups: 2, stride: [2, 1], dilation: [3, 1], padding: [2, 1] } },
  { name: "groups of four, slices of a volume", x: [2, 4, 3, 4, 10], w: [8, 2, 1, 3, 3], options: { groups: 2, stride: [2, 1, 1], padding: [0, 1, 2] } },
  { name: "uneven borders", x: [2, 3, 3, 4, 5], w: [4, 3, 2, 3, 2], options: { padding: [[0, 2], [3, 0], [1, 4]] } },
  { name: "padding beyond the kernel", x: [1, 3, 2, 3, 4], w: [5, 3, 2, 2, 2], options: { padding: [3, 4, 5] } },
  { name: "padding beyond the kernel, strided", x: [1, 3, 2, 3, 4], w: [2, 3, 2, 1, 3], options: { padding: 5, stride: [4, 3, 2] } },
  { name: "steps over input", x: [1, 2, 7, 8, 9], w: [3, 2, 1, 2, 1], options: { stride: [3, 4, 5] } },
  { name: "1x1x1", x: [2, 5, 3, 4, 3], w: [9, 5, 1, 1, 1] },
  { name: "1x1x1, groups", x: [2, 6, 3, 4, 3], w: [10, 3, 1, 1, 1], options: { groups: 2 } },
  { name: "1x1x1, strided", x: [1, 4, 3, 4, 5], w: [3, 4, 1, 1, 1], options: { stride: [1, 1, 2] } },
  { name: "1x1x1, strided along the depth only", x: [2, 4, 3, 4, 5], w: [3, 4, 1, 1, 1], options: { stride: [2, 1, 1] } },
  { name: "1x1x1, padded", x: [1, 4, 3, 4, 5], w: [3, 4, 1, 1, 1], options: { padding: [1, 0, 0] } },
  { name: "1x1x1, strided and padded to the same extent", x: [2, 4, 3, 3, 3], w: [3, 4, 1, 1, 1], options: { stride: 2, padding: 1 } },
  { name: "many tiles", x: [2, 64, 3, 4, 6], w: [9, 64, 3, 3, 3], options: { padding: 1 } },
  { name: "many tiles, 1x1x1", x: [1, 700, 5, 5, 9], w: [5, 700, 1, 1, 1] },
  { name: "long sums, 1x1x1, in groups", x: [1, 900, 1, 3, 5], w: [30, 450, 1, 1, 1], options: { groups: 2 } },
  { name: "long sums, several runs at a time", x: [1, 50, 5, 7], w: [13, 50, 3, 3], options: { padding: 1, stride: 2 } },
  { name: "long sums, parts of a run", x: [1, 131, 4, 5], w: [15, 131, 2, 3], options: { padding: 1, stride: 2 } },
  { name: "plane", x: [2, 3, 7, 5], w: [5, 3, 3, 2], options: { padding: 1, stride: [2, 1] } },
  { name: "line", x: [3, 2, 11], w: [4, 2, 5], options: { padding: 3, dilation: 2 } },
  { name: "many images", x: [150, 1, 3, 4], w: [3, 1, 3, 3], options: { padding: 1 } },
  { name: "tall images, one pixel wide", x: [7, 6, 150, 1], w: [3, 6, 3, 1], options: { padding: [1, 0] } },
  { name: "long line", x: [1, 40, 1300], w: [3, 40, 5], options: { padding: 2 } },
  { name: "long line, strided, in groups", x: [2, 40, 1300], w: [4, 20, 3], options: { padding: 1, stride: 2, groups: 2 } },
  { name: "long line of one channel, unpadded", x: [1, 1, 1400], w: [2, 1, 3] },
  { name: "taps far apart", x: [1, 64, 3, 5], w: [3, 64, 2, 2], options: { padding: [3, 500], dilation: [4, 500] } },
  { name: "taps far apart, in groups, strided", x: [2, 64, 3, 2, 5], w: [4, 32, 1, 2, 2], options: { padding: [0, 3, 501], dilation: [1, 4, 500], groups: 2, stride: [2, 1, 3] } },
  { name: "empty batch", x: [0, 3, 3, 3, 3], w: [4, 3, 2, 2, 2] },
  { name: "no input channels", x: [2, 0, 3, 3, 3], w: [4, 0, 2, 2, 2] },
  { name: "no output channels", x: [2, 3, 3, 3, 3], w: [0, 3, 2, 2, 2] },
  { name: "nothing but padding", x: [1, 3, 2, 0, 2], w: [4, 3, 2, 2, 2], options: { padding: 2 } },
];

/** A window with the sizes that tests keep asking for. */
export interface Volume {
  name: string;
  win: Window;
  positions: number;
  /** Kernel taps times channels of one group: the length of a row of the column matrix. */
  taps: number;
  xSize: number;
  wSize: number;
  ySize: number;
}

function volumeOf({ name, x, w, options = {} }: Geometry): Volume {
  const win = convWindow("conv", x.length - 2, x, w, options);
  const positions = win.n * win.output[0] * win.output[1] * win.output[2];
  const taps = win.kernel[0] * win.kernel[1] * win.kernel[2] * (win.c / win.groups);
  return {
    name, win, positions, taps,
    xSize: win.n * win.c * win.input[0] * win.input[1] * win.input[2],
    wSize: win.o * taps,
    ySize: positions * win.o,
  };
}

export const volumes: Volume[] = geometries.map(volumeOf);

/** Kernels that Winograd's algorithms compute: tiles of 2 and 4 cut off at every place, channels beside whole vectors and panels. */
const flat3x3: Geometry[] = [
  { name: "one pixel", x: [1, 1, 3, 3], w: [1, 1, 3, 3] },
  { name: "a border around one pixel", x: [1, 3, 1, 1], w: [5, 3, 3, 3], options: { padding: 1 } },
  ...[4, 5, 6, 7, 8, 9].map((size): Geometry => (
    { name: `${size} x ${11 - size}`, x: [2, size, size, 11 - size], w: [13 - size, size, 3, 3], options: { padding: 1 } })),
  { name: "no padding", x: [1, 8, 11, 10], w: [8, 8, 3, 3] },
  { name: "uneven padding", x: [2, 9, 5, 6], w: [17, 9, 3, 3], options: { padding: [[0, 2], [3, 1]] } },
  { name: "padding beyond the kernel", x: [1, 4, 3, 4], w: [6, 4, 3, 3], options: { padding: [5, 7] } },
  { name: "three groups", x: [2, 15, 6, 7], w: [6, 5, 3, 3], options: { groups: 3, padding: 1 } },
  { name: "two groups of several panels", x: [1, 10, 6, 5], w: [42, 5, 3, 3], options: { groups: 2, padding: 1 } },
  { name: "depthwise, as groups", x: [1, 6, 5, 5], w: [6, 1, 3, 3], options: { groups: 6, padding: 1 } },
  { name: "dilation 2", x: [2, 5, 10, 13], w: [9, 5, 3, 3], options: { dilation: 2, padding: 2 } },
  { name: "dilation 2, 9 pixels in two phases", x: [1, 4, 9, 9], w: [4, 4, 3, 3], options: { dilation: 2, padding: 2 } },
  { name: "dilation 3 x 2, two groups, uneven padding", x: [1, 6, 8, 14], w: [10, 3, 3, 3], options: { dilation: [3, 2], groups: 2, padding: [[4, 1], [0, 3]] } },
  { name: "more phases than pixels", x: [2, 3, 2, 3], w: [4, 3, 3, 3], options: { dilation: [4, 5], padding: [4, 5] } },
  { name: "slices of a volume", x: [2, 3, 3, 5, 6], w: [4, 3, 1, 3, 3], options: { padding: [0, 1, 1], dilation: [2, 1, 1] } },
  { name: "several blocks", x: [1, 121, 41, 39], w: [20, 121, 3, 3], options: { padding: 1 } },
  { name: "many channels", x: [1, 301, 6, 9], w: [33, 301, 3, 3], options: { padding: 1 } },
  { name: "an empty batch", x: [0, 3, 5, 5], w: [4, 3, 3, 3] },
  { name: "no input channels", x: [2, 0, 4, 4], w: [3, 0, 3, 3] },
  { name: "no output channels", x: [2, 3, 4, 4], w: [0, 3, 3, 3] },
  { name: "nothing but padding", x: [1, 3, 0, 2], w: [4, 3, 3, 3], options: { padding: 2 } },
];

const flat5x5: Geometry[] = [
  ...[1, 2, 3, 4, 5, 6].map((size): Geometry => (
    { name: `5x5, ${size} x ${8 - size}`, x: [2, size, size, 8 - size], w: [13 - size, size, 5, 5], options: { padding: 2 } })),
  { name: "5x5, no padding", x: [1, 8, 11, 10], w: [8, 8, 5, 5] },
  { name: "5x5, uneven padding, groups", x: [2, 15, 5, 6], w: [6, 5, 5, 5], options: { groups: 3, padding: [[0, 4], [7, 1]] } },
  { name: "5x5, dilation 2", x: [1, 5, 10, 13], w: [9, 5, 5, 5], options: { dilation: 2, padding: 4 } },
  { name: "5x5, several blocks", x: [1, 121, 21, 23], w: [20, 121, 5, 5], options: { padding: 2 } },
];

/** Windows across the plane at stride 1. */
export const flatVolumes: Volume[] = flat3x3.map(volumeOf);
export const wideVolumes: Volume[] = flat5x5.map(volumeOf);

/**
 * Calls `visit(q, t, at)` for every output position q and kernel tap t of one group, where `at` is the element of x
 * [N, D, H, W, C] under the tap, or -1 in the padding. Taps are counted in the order (KD, KH, KW, C/G).
 */
export function forEachTap(win: Window, group: number, visit: (q: number, t: number, at: number) => void): void {
  const [d, h, w] = win.input, [kd, kh, kw] = win.kernel;
  const channels = win.c / win.groups;
  let q = 0;
  for (let n = 0; n < win.n; n++) {
    for (let oz = 0; oz < win.output[0]; oz++) {
      for (let oy = 0; oy < win.output[1]; oy++) {
        for (let ox = 0; ox < win.output[2]; ox++, q++) {
          let t = 0;
          for (let kz = 0; kz < kd; kz++) {
            for (let ky = 0; ky < kh; ky++) {
              for (let kx = 0; kx < kw; kx++) {
                const z = oz * win.stride[0] + kz * win.dilation[0] - win.padding[0];
                const y = oy * win.stride[1] + ky * win.dilation[1] - win.padding[1];
                const x = ox * win.stride[2] + kx * win.dilation[2] - win.padding[2];
                const inside = z >= 0 && z < d && y >= 0 && y < h && x >= 0 && x < w;
                for (let c = 0; c < channels; c++, t++) visit(q, t, inside ? (((n * d + z) * h + y) * w + x) * win.c + group * channels + c : -1);
              }
            }
          }
        }
      }
    }
  }
}

/** Where a range of n things may be cut: nowhere, near the ends, inside, and into single steps where they are few. */
export function ranges(n: number): [from: number, to: number][] {
  const marks = [...new Set([0, 1, Math.floor(n / 3), Math.floor(n / 2) + 1, n - 1, n].filter((mark) => mark >= 0 && mark <= n))];
  return marks.flatMap((from) => marks.filter((to) => to >= from).map((to): [number, number] => [from, to]));
}
