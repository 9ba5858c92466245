// The one place that chooses how a convolution is computed.

import { isExact } from "../runtime/kernels.ts";
import { type ConvAlgorithm, isWinograd, type Window } from "../window.ts";

/** An algorithm, by the name of its kernels: those that a user may ask for, and those that only the geometry asks for. */
export type Algorithm = ConvAlgorithm | "depthwise";

/**
 * The algorithm that computes y from x and w by the geometry of `win`: what the user asks for, where that is possible, else the
 * fastest.
 *
 * @param kept true if w is the same in many calls, which keep its transformed or packed form: preparing it costs nothing then
 */
export function convAlgorithm(win: Window, kept: boolean): Algorithm {
  const winograd = acceptsWinograd(win);
  // The adjoint of a convolution inherits what was asked for, and may be beyond it.
  if (win.algorithm === "gemm" || (win.algorithm && winograd)) return win.algorithm;
  if (isDepthwise(win)) return "depthwise";
  if (isExact() || !winograd) return "gemm";
  const costs = [["winograd4", winogradCost(win, 4, kept)], ["winograd2", winogradCost(win, 2, kept)], ["gemm", gemmCost(win, kept)]] as const;
  return costs.reduce((best, one) => (one[1] < best[1] ? one : best))[0];
}

/** The algorithm that computes dw from x and dy. */
export function filterAdjointAlgorithm(win: Window): Exclude<Algorithm, "winograd2"> {
  const winograd = acceptsWinograd(win) && win.groups === 1;
  if (win.algorithm === "winograd4" && winograd) return "winograd4";
  if (win.algorithm) return "gemm";
  if (isDepthwise(win)) return "depthwise";
  return !isExact() && winograd && winogradFilterCost(win) < filterCost(win) ? "winograd4" : "gemm";
}

function acceptsWinograd(win: Window): boolean {
  return isWinograd(win.kernel, win.stride, win.dilation) && win.output[0] === win.input[0];
}

/** True where every channel has a kernel of its own. */
export function isDepthwise(win: Window): boolean {
  return win.groups === win.c && win.groups === win.o;
}

/** Side of the output tiles of a Winograd algorithm; undefined for the others. */
export function tileSide(algorithm: Algorithm): number | undefined {
  return { gemm: undefined, depthwise: undefined, winograd2: 2, winograd4: 4 }[algorithm];
}

// Time of one group in multiply-adds of the register tile, which works on rows and columns in sixes and eights. Beside the products:
// what transforms a tile or gathers a row of the column matrix, by channel, and what prepares a filter, by element. Fitted to 3x3
// layers with padding 1, relaxed build in Node 26 on one core of an AMD EPYC (Zen 5), ms; in brackets the preparation of the filters:
//
//   C -> O @extent          gemm            F(2x2)         F(4x4)
//   64 -> 64 @56            3.60 (0.01)     1.98 (0.02)    1.16 (0.04)
//   128 -> 128 @28          3.52 (0.05)     1.78 (0.10)    1.10 (0.18)
//   256 -> 256 @14          3.54 (0.22)     1.88 (0.40)    1.43 (0.80)
//   512 -> 512 @7           3.92 (0.90)     2.53 (2.4)     1.92 (6.3)
//   512 -> 512 @4           1.26 (0.86)     0.80 (2.8)     1.74 (6.3)
//   512 -> 512 @2           0.43 (0.89)     0.75 (2.9)     1.81 (7.3)
//   64 -> 64 @4             0.021 (0.013)   0.014 (0.023)  0.027 (0.041)
//   32 -> 32 @56            0.98            0.64           0.36
//   16 -> 16 @56            0.287           0.233          0.135
//   8 -> 8 @56              0.111           0.109          0.058
//   3 -> 64 @56             0.219           0.476          0.278
//   64 -> 3 @56             0.620           0.641          0.253

function winogradCost(win: Window, side: 2 | 4, kept: boolean): number {
  const c = win.c / win.groups, o = win.o / win.groups;
  const points = (side + 2) ** 2;
  const tiles = tilesOf(win, side);
  const transforms = { 2: 175, 4: 420 }[side] * (c + o);
  // Large transformed filters go out to memory and back.
  const filters = kept ? 0 : 20 * points * c * o;
  return points * product(tiles, c, o) + tiles * transforms + filters;
}

function gemmCost(win: Window, kept: boolean): number {
  const c = win.c / win.groups, o = win.o / win.groups;
  const positions = tilesOf(win, 1);
  return product(positions, 9 * c, o) + 55 * positions * c + (kept ? 0 : 12 * 9 * c * o);
}

// The filter adjoint, ms as above; what becomes of a sum, by filter, weighs more than that of a tile of y:
//
//   64 -> 64 @56       gemm 3.82   F(4x4) 1.19        512 -> 512 @7             gemm 6.78   F(4x4) 8.13
//   128 -> 128 @28     gemm 3.82   F(4x4) 1.28        512 -> 512 @7, batch 8    gemm 55.7   F(4x4) 22.0
//   256 -> 256 @14     gemm 4.57   F(4x4) 2.10        64 -> 64 @4, batch 4      gemm 0.079  F(4x4) 0.081
//   64 -> 64 @14       gemm 0.236  F(4x4) 0.138       1 -> 8 @28                gemm 0.017  F(4x4) 0.013

function winogradFilterCost(win: Window): number {
  const tiles = tilesOf(win, 4);
  return 36 * product(win.o, tiles, win.c) + 420 * tiles * (win.c + win.o) + 300 * win.c * win.o;
}

function filterCost(win: Window): number {
  const positions = tilesOf(win, 1);
  return product(win.o, positions, 9 * win.c) + 55 * positions * win.c;
}

/** Output tiles of side x side in the whole batch. */
export function tilesOf(win: Window, side: number): number {
  return win.n * win.output[0] * Math.ceil(win.output[1] / side) * Math.ceil(win.output[2] / side);
}

function product(rows: number, terms: number, columns: number): number {
  return Math.ceil(rows / 6) * 6 * terms * Math.ceil(columns / 8) * 8;
}
