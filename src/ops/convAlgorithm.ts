// The one place that chooses how a convolution is computed.

import { isExact } from "../runtime/kernels.ts";
import { type ConvAlgorithm, type Window, winogradSides } from "../window.ts";

/** An algorithm, by the name of its kernels: those that a user may ask for, and those that only the geometry asks for. */
export type Algorithm = ConvAlgorithm | "depthwise" | "grouped";

/**
 * The algorithm that computes y from x and w by the geometry of `win`: what the user asks for, where that is possible, else the
 * fastest.
 *
 * @param kept true if w is the same in many calls, which keep its transformed or packed form: preparing it costs nothing then
 */
export function convAlgorithm(win: Window, kept: boolean): Algorithm {
  const sides = sidesOf(win);
  // The adjoint of a convolution inherits what was asked for, and may be beyond it.
  if (win.algorithm === "gemm" || sides.some((side) => win.algorithm === `winograd${side}`)) return win.algorithm!;
  if (isDepthwise(win)) return "depthwise";
  if (isGrouped(win)) return "grouped";
  if (isExact()) return "gemm";
  let best: Algorithm = "gemm", least = gemmCost(win, kept);
  for (const side of sides) {
    const cost = winogradCost(win, side, kept);
    if (cost < least) [best, least] = [`winograd${side}`, cost];
  }
  return best;
}

/** The algorithm that computes dw from x and dy. */
export function filterAdjointAlgorithm(win: Window): Exclude<Algorithm, "winograd2" | "grouped"> {
  const winograd = sidesOf(win).includes(4) && win.groups === 1;
  if (win.algorithm === "winograd4" && winograd) return "winograd4";
  if (win.algorithm) return "gemm";
  if (isDepthwise(win)) return "depthwise";
  return !isExact() && winograd && winogradFilterCost(win) < filterCost(win) ? "winograd4" : "gemm";
}

function sidesOf(win: Window): readonly (2 | 4)[] {
  return win.output[0] === win.input[0] ? winogradSides(win.kernel, win.stride) : [];
}

/** True where every channel has a kernel of its own. */
export function isDepthwise(win: Window): boolean {
  return win.groups === win.c && win.groups === win.o;
}

/** True for the groups that `assembly/grouped.ts` computes. */
function isGrouped({ c, o, groups, kernel, stride, padding, dilation }: Window): boolean {
  return groups > 1 && o === 4 * groups && c <= 8 * groups && kernel[0] === 1 && kernel[2] === 3 && stride[2] === 1 && dilation[2] === 1 &&
    padding[0] === 0 && padding[2] < 3;
}

/** Side of the output tiles of a Winograd algorithm; undefined for the others. */
export function tileSide(algorithm: Algorithm): number | undefined {
  return { gemm: undefined, depthwise: undefined, grouped: undefined, winograd2: 2, winograd4: 4 }[algorithm];
}

// Time of one group in multiply-adds of the register tile, which works on columns in eights, and on rows in sixes and fours. Beside the
// products: what transforms a tile or gathers a row of the column matrix, by channel, and what prepares a filter, by element. Fitted to
// 3x3 layers with padding 1, relaxed build in Node 26 on one core of an AMD EPYC (Zen 5), ms; in brackets the preparation of the filters:
//
//   C -> O @extent          gemm            F(2x2)         F(4x4)
//   64 -> 64 @56            3.70 (0.01)     2.15 (0.02)    1.20 (0.04)
//   128 -> 128 @28          3.66 (0.05)     1.84 (0.10)    1.08 (0.18)
//   256 -> 256 @14          3.66 (0.22)     1.81 (0.40)    1.33 (0.80)
//   512 -> 512 @7           4.25 (0.90)     2.49 (2.4)     1.57 (6.3)
//   512 -> 512 @4           1.21 (0.86)     0.62 (2.8)     1.46 (6.3)
//   512 -> 512 @2           0.34 (0.89)     0.61 (2.9)     1.46 (7.3)
//   64 -> 64 @4             0.019 (0.013)   0.012 (0.023)  0.023 (0.041)
//   32 -> 32 @56            0.91            0.66           0.37
//   16 -> 16 @56            0.228           0.247          0.143
//   8 -> 8 @56              0.060           0.114          0.061
//   3 -> 64 @56             0.189           0.491          0.291
//   64 -> 3 @56             0.393           0.489          0.275
//
// and 5x5 layers with padding 2:
//
//   C -> O @extent          gemm            F(2x2)
//   64 -> 192 @27           7.66            3.88
//   64 -> 64 @28            2.86            1.37
//   32 -> 32 @28            0.694           0.405
//   16 -> 16 @28            0.177           0.147
//   8 -> 16 @14             0.027           0.033
//
// A dilation costs the tiles that its phases do not fill: 64 -> 64 @56 takes 1.53 ms by F(4x4) with dilation 1 (196 tiles), 1.50 with 2
// (196), 1.76 with 3 (225), in one run.

function winogradCost(win: Window, side: 2 | 4, kept: boolean): number {
  const c = win.c / win.groups, o = win.o / win.groups;
  const points = (side + win.kernel[1] - 1) ** 2;
  const tiles = tilesOf(win, side);
  const transforms = (points === 16 ? 175 : 420) * (c + o);
  // Large transformed filters go out to memory and back.
  const filters = kept ? 0 : 20 * points * c * o;
  return points * product(tiles, c, o) + tiles * transforms + filters;
}

function gemmCost(win: Window, kept: boolean): number {
  const c = win.c / win.groups, o = win.o / win.groups;
  const positions = positionsOf(win);
  // Up to four columns have a tile of their own.
  const taps = win.kernel[1] * win.kernel[2] * c;
  return product(positions, taps, o) * (o <= 4 ? 5 / 8 : 1) + 10 * positions * c + (kept ? 0 : 12 * taps * o);
}

// The filter adjoint, ms as above; what becomes of a sum, by filter, weighs more than that of a tile of y:
//
//   64 -> 64 @56       gemm 3.92   F(4x4) 1.19        512 -> 512 @7             gemm 5.10   F(4x4) 10.0
//   128 -> 128 @28     gemm 4.10   F(4x4) 1.28        512 -> 512 @7, batch 8    gemm 55.7   F(4x4) 22.0
//   256 -> 256 @14     gemm 4.60   F(4x4) 2.35        64 -> 64 @4               gemm 0.036  F(4x4) 0.068
//   32 -> 32 @56       gemm 0.963  F(4x4) 0.364       8 -> 8 @56                gemm 0.063  F(4x4) 0.056

function winogradFilterCost(win: Window): number {
  const tiles = tilesOf(win, 4);
  return 36 * product(win.o, tiles, win.c) + 420 * tiles * (win.c + win.o) + 450 * win.c * win.o;
}

function filterCost(win: Window): number {
  const positions = positionsOf(win);
  return product(win.o, positions, 9 * win.c) + 55 * positions * win.c;
}

/** Output tiles of side x side in the whole batch: those of each phase of the dilation. */
export function tilesOf({ n, output, dilation }: Window, side: number): number {
  const along = (axis: 1 | 2): number => Math.ceil(output[axis] / (dilation[axis] * side)) * Math.min(dilation[axis], output[axis]);
  return n * output[0] * along(1) * along(2);
}

function positionsOf({ n, output }: Window): number {
  return n * output[0] * output[1] * output[2];
}

function product(rows: number, terms: number, columns: number): number {
  return Math.max(4, Math.ceil(rows / 2) * 2) * terms * Math.ceil(columns / 8) * 8;
}
