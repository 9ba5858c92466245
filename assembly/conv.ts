import { biasOf, boundsOf, finish } from "./epilogue";
import { block, blockRows, gemm, gemmInPlace, packB, packedBFloats } from "./gemm";
import { gemmRowsAdjoint, isNarrow } from "./gemmRows";
import { col2im } from "./im2col";
import { repeatRow } from "./reduce";
import { fillRun } from "./runs";
import { blockFloats, makeBlock, planBlocks, rowAddresses, runLength, tapOffsets } from "./strip";
import { NR } from "./tile";
import { transposePlane } from "./transpose";
import { Window } from "./window";

// Convolution and its two adjoints as matrix products with the column matrix, block by block of its rows. Letters: Q output positions
// (N * OD * OH * OW), T taps (KD * KH * KW * C/G), O output channels, G groups; per group
//
//   forward          Y[Q, O/G]  = col(X)[Q, T] W[O/G, T]' + bias
//   filter adjoint   dW[O/G, T] = dY[Q, O/G]' col(X)[Q, T]
//   input adjoint    col(dX)[Q, T] = dY[Q, O/G] W[O/G, T], then col2im
//
// Where the stride is 1 the input adjoint is better made as a forward convolution of dY with `flip(W)`; the host chooses.

/** Floats of the buffer that one tile of the column matrix needs, with room for reads past the last row. */
export function columnFloats(window: usize): i32 {
  const win = changetype<Window>(window);
  return min(blockRows(win.taps), win.positions) * win.taps + NR;
}

/** Floats of scratch that `conv` and `convFilterAdjoint` need. */
export function convFloats(window: usize): i32 {
  const win = changetype<Window>(window);
  return win.pointwise ? 0 : blockFloats(win);
}

/** Floats of packed filters: every group's panels of 8 output channels. */
export function packedFloats(window: usize): i32 {
  const win = changetype<Window>(window);
  return win.groups * packedBFloats(win.taps, win.o / win.groups);
}

/**
 * The most taps that are summed at a time: a tile's rows and a panel of filters stay in an L1 cache of 32 KB, and the filters lie in the
 * order in which they are read. With filters from far away, all taps at once / so many, ms (relaxed, V8 14.6, AMD EPYC Zen 5):
 *
 *   1x1, 960 -> 160 @7   0.315 / 0.274        3x3 stride 2, 128 -> 256 @28   2.18 / 2.11
 *   1x1, 960 -> 320 @7   0.632 / 0.551        3x3 stride 2, 256 -> 512 @14   2.34 / 2.13
 *   1x1, 576 -> 160 @7   0.183 / 0.167        3x3, 512 -> 512 @7             4.65 / 4.21
 */
const DEPTH: i32 = 384;

/** How many taps are summed after the first p: whole runs, or an equal part of one. A narrow panel's are summed at once. */
function depthAt(win: Window, p: i32): i32 {
  const run = runLength(win), left = win.taps - p;
  if (isNarrow(win.o / win.groups)) return left;
  if (run <= DEPTH) return min(left, DEPTH / max(run, 1) * run);
  const parts = (run + DEPTH - 1) / DEPTH;
  return min((run + parts - 1) / parts, run - p % run);
}

/**
 * Packs the transposed filters of each group for the forward product, output channels from <= o < to: a multiple of 8 in its group, and
 * one more than the last of a panel.
 *
 * Shapes:   w [O, T]; packed [G, T / depth, ceil(O/G / 8), depth, 8].
 * Writes:   overwrites packed.
 */
export function packFilters(window: usize, from: i32, to: i32, w: usize, packed: usize): void {
  const win = changetype<Window>(window);
  const taps = win.taps, o = win.o / win.groups;
  const columns = packedBFloats(1, o);
  for (let n = 0; from < to; from += n) {
    const first = from % o, out = packed + (<usize>(from / o * columns * taps) << 2);
    n = min(to - from, o - first);
    for (let p = 0, k = 0; p < taps; p += k) {
      k = depthAt(win, p);
      packB(k, n, w + (<usize>(from * taps + p) << 2), 1, taps, out + (<usize>(p * columns + first * k) << 2));
    }
  }
}

/**
 * y[q, o] = activation(sum over taps t of col(x)[q, t] w[o, t] + bias[o] + residual[q, o]), for output positions from <= q < to.
 *
 * Shapes:   x [N, D, H, W, C]; packed from `packFilters`; y [N, OD, OH, OW, O]; epilogue with bias [O] and residual as y, or 0;
 *           scratch [`convFloats`].
 * Writes:   overwrites y at these positions.
 * Adjoint:  in x `convInputAdjoint`, or this kernel with `flip`; in w `convFilterAdjoint`.
 */
export function conv(window: usize, from: i32, to: i32, x: usize, packed: usize, epilogue: usize, y: usize, scratch: usize): void {
  const win = changetype<Window>(window);
  const groups = win.groups, taps = win.taps, o = win.o / groups, c = win.c / groups;
  const run = runLength(win);
  const pointwise = win.pointwise;
  const rows: usize = pointwise ? 0 : rowAddresses(win, scratch);
  const bounds: usize = isNarrow(o) ? 0 : boundsOf(epilogue);
  if (from < to && !pointwise) planBlocks(win, scratch);
  for (let q = from, m = 0; q < to; q += m) {
    const first = y + (<usize>(q * win.o) << 2);
    let b = packed;
    for (let g = 0; g < groups; g++) {
      // The block has as many positions for every group.
      m = pointwise ? min(blockRows(taps), to - q) : makeBlock(win, g, q, to, x, scratch);
      let p = 0;
      do {
        const k = depthAt(win, p);
        block(
          m, o, k, x + (<usize>(q * win.c + g * c + p) << 2), win.c, false, rows, tapOffsets(scratch) + (<usize>p << 2), min(run, k), b, NR << 2,
          <usize>k * (NR << 2), biasOf(epilogue, g * o), p + k == taps ? bounds : 0, first + (<usize>(g * o) << 2), win.o, p > 0,
        );
        b += <usize>packedBFloats(k, o) << 2;
        p += k;
      } while (p < taps);
    }
    if (bounds == 0) finish(epilogue, y, m, win.o, first, win.o);
  }
}

/**
 * dw[p, o, t] = sum over the output positions q of part p of dy[q, o] col(x)[q, t], for rows from <= p * O + o < to. The parts are
 * equal shares of the positions, one after the other; the filter adjoint is the sum of all.
 *
 * Shapes:   x, dy as x, y of `conv`; dw [parts, O, T]; scratch [`convFloats`].
 * Writes:   overwrites dw in these rows.
 * Requires: no part is empty but where there are no positions at all.
 * Adjoint:  in x `convInputAdjoint` with dw for w; in dy `conv` with dw for w.
 */
export function convFilterAdjoint(window: usize, parts: i32, from: i32, to: i32, x: usize, dy: usize, dw: usize, scratch: usize): void {
  const win = changetype<Window>(window);
  const taps = win.taps, o = win.o / win.groups, c = win.c / win.groups;
  const share = (win.positions + parts - 1) / parts;
  const pointwise = win.pointwise;
  if (share == 0) {
    fillRun((to - from) * taps, 0, dw + (<usize>(from * taps) << 2));
    return;
  }
  if (!pointwise) planBlocks(win, scratch);
  while (from < to) {
    // The rows of one group in one part.
    const n = min(to - from, o - from % o), start = from / win.o * share, end = min(start + share, win.positions);
    const channel = from % win.o, g = channel / o;
    const at = dw + (<usize>(from * taps) << 2);
    for (let q = start, m = 0; q < end; q += m) {
      m = pointwise ? min(blockRows(taps), end - q) : makeBlock(win, g, q, end, x, scratch);
      const b = dy + (<usize>(q * win.o + channel) << 2);
      if (pointwise) gemmInPlace(n, taps, m, b, win.o, true, x + (<usize>(q * win.c + g * c) << 2), win.c, at, taps, q > start);
      else gemmRowsAdjoint(m, n, taps, rowAddresses(win, scratch), tapOffsets(scratch), b, win.o, at, taps, q > start);
    }
    from += n;
  }
}

/** Floats of the filters packed for `convInputAdjoint`: every group's panels of 8 taps. */
export function packedAdjointFloats(window: usize): i32 {
  const win = changetype<Window>(window);
  return win.groups * packedBFloats(win.o / win.groups, win.taps);
}

/**
 * Packs the filters of each group for `convInputAdjoint`.
 *
 * Shapes:   w [O, T]; packed [G, ceil(T / 8), O/G, 8].
 * Writes:   overwrites packed.
 */
export function packAdjoint(window: usize, w: usize, packed: usize): void {
  const win = changetype<Window>(window);
  const taps = win.taps, o = win.o / win.groups;
  const floats = packedBFloats(o, taps);
  for (let g = 0; g < win.groups; g++) {
    packB(o, taps, w + (<usize>(g * o * taps) << 2), taps, 1, packed + (<usize>(g * floats) << 2));
  }
}

/**
 * dx = col2im(dy W) + bias: the transpose of `conv` for any stride, padding and dilation, by scattering.
 *
 * Shapes:   dy, dx as y, x of `conv`; packed from `packAdjoint`; bias [C] or 0; col [`columnFloats`].
 * Writes:   overwrites dx; col is scratch.
 */
export function convInputAdjoint(window: usize, dy: usize, packed: usize, bias: usize, dx: usize, col: usize): void {
  const win = changetype<Window>(window);
  const groups = win.groups, taps = win.taps, o = win.o / groups;
  const positions = win.positions;
  const floats = packedBFloats(o, taps);
  const rows = blockRows(taps);
  const pixels = win.n * win.d * win.h * win.w;
  if (bias == 0) fillRun(pixels * win.c, 0, dx);
  else repeatRow(pixels, win.c, bias, dx);
  for (let q = 0; q < positions; q += rows) {
    const m = min(rows, positions - q);
    for (let g = 0; g < groups; g++) {
      gemm(m, taps, o, dy + (<usize>(q * win.o + g * o) << 2), win.o, false, packed + (<usize>(g * floats) << 2), 0, col, taps, false);
      col2im(window, g, q, q + m, col, dx);
    }
  }
}

/**
 * The flipped filter: every kernel turned by 180 degrees, input and output channels of each group exchanged.
 * flipped[g, c, KD-1-kd, KH-1-kh, KW-1-kw, o] = w[g, o, kd, kh, kw, c].
 *
 * Shapes:   w [G, O/G, K, C/G] with K = KD * KH * KW; flipped [G, C/G, K, O/G].
 * Writes:   overwrites flipped.
 * Adjoint:  itself, with input and output channels exchanged.
 */
export function flip(window: usize, w: usize, flipped: usize): void {
  const win = changetype<Window>(window);
  const kernel = win.kd * win.kh * win.kw, o = win.o / win.groups, c = win.c / win.groups;
  const wBytes = <usize>(kernel * c) << 2, flippedBytes = <usize>(kernel * o) << 2;
  for (let g = 0; g < win.groups; g++, w += wBytes * o, flipped += flippedBytes * c) {
    for (let t = 0; t < kernel; t++) {
      transposePlane(o, c, w + (<usize>(t * c) << 2), wBytes, flipped + (<usize>((kernel - 1 - t) * o) << 2), flippedBytes);
    }
  }
}
