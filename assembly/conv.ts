import { biasOf, finish } from "./epilogue";
import { block, blockRows, gemm, gemmInPlace, NR, packB, packedBFloats } from "./gemm";
import { col2im, im2col } from "./im2col";
import { repeatRow } from "./reduce";
import { fillRun } from "./runs";
import { Window } from "./window";

// Convolution and its two adjoints as matrix products with the column matrix, tile by tile. Letters: Q output positions
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

/** Floats of packed filters: every group's panels of 8 output channels. */
export function packedFloats(window: usize): i32 {
  const win = changetype<Window>(window);
  return win.groups * packedBFloats(win.taps, win.o / win.groups);
}

/**
 * Packs the transposed filters of each group for the forward product.
 *
 * Shapes:   w [O, T]; packed [G, ceil(O/G / 8), T, 8].
 * Writes:   overwrites packed.
 */
export function packFilters(window: usize, w: usize, packed: usize): void {
  const win = changetype<Window>(window);
  const taps = win.taps, o = win.o / win.groups;
  const floats = packedBFloats(taps, o);
  for (let g = 0; g < win.groups; g++) {
    packB(taps, o, w + (<usize>(g * o * taps) << 2), 1, taps, packed + (<usize>(g * floats) << 2));
  }
}

/**
 * y[q, o] = activation(sum over taps t of col(x)[q, t] w[o, t] + bias[o] + residual[q, o]), for output positions from <= q < to.
 *
 * Shapes:   x [N, D, H, W, C]; packed from `packFilters`; y [N, OD, OH, OW, O]; epilogue with bias [O] and residual as y, or 0; col [`columnFloats`].
 * Writes:   overwrites y at these positions; col is scratch.
 * Adjoint:  in x `convInputAdjoint`, or this kernel with `flip`; in w `convFilterAdjoint`.
 */
export function conv(window: usize, from: i32, to: i32, x: usize, packed: usize, epilogue: usize, y: usize, col: usize): void {
  const win = changetype<Window>(window);
  const groups = win.groups, taps = win.taps, o = win.o / groups, c = win.c / groups;
  const floats = packedBFloats(taps, o);
  const pointwise = win.pointwise;
  const rows = blockRows(taps);
  for (let q = from; q < to; q += rows) {
    const m = min(rows, to - q);
    for (let g = 0; g < groups; g++) {
      let a = col, lda = taps;
      if (pointwise) {
        a = x + (<usize>(q * win.c + g * c) << 2);
        lda = win.c;
      } else {
        im2col(window, g, q, q + m, x, col);
      }
      block(
        m, o, taps, a, lda, false, packed + (<usize>(g * floats) << 2), NR << 2, <usize>taps * (NR << 2),
        biasOf(epilogue, g * o), y + (<usize>(q * win.o + g * o) << 2), win.o, false,
      );
    }
    finish(epilogue, y, m, win.o, y + (<usize>(q * win.o) << 2), win.o);
  }
}

/**
 * dw[o, t] = sum over output positions q of dy[q, o] col(x)[q, t].
 *
 * Shapes:   x, dy as x, y of `conv`; dw [O, T]; col [`columnFloats`].
 * Writes:   overwrites dw; col is scratch.
 * Adjoint:  in x `convInputAdjoint` with dw for w; in dy `conv` with dw for w.
 */
export function convFilterAdjoint(window: usize, x: usize, dy: usize, dw: usize, col: usize): void {
  const win = changetype<Window>(window);
  const groups = win.groups, taps = win.taps, o = win.o / groups, c = win.c / groups;
  const positions = win.positions;
  const pointwise = win.pointwise;
  const rows = blockRows(taps);
  if (positions == 0) fillRun(win.o * taps, 0, dw);
  for (let q = 0; q < positions; q += rows) {
    const k = min(rows, positions - q);
    for (let g = 0; g < groups; g++) {
      let b = col, ldb = taps;
      if (pointwise) {
        b = x + (<usize>(q * win.c + g * c) << 2);
        ldb = win.c;
      } else {
        im2col(window, g, q, q + k, x, col);
      }
      gemmInPlace(
        o, taps, k, dy + (<usize>(q * win.o + g * o) << 2), win.o, true, b, ldb,
        dw + (<usize>(g * o * taps) << 2), taps, q > 0,
      );
    }
  }
}

/** Floats that the filters of one group take, packed for `convInputAdjoint`. */
export function packedAdjointFloats(window: usize): i32 {
  const win = changetype<Window>(window);
  return win.groups * packedBFloats(win.o / win.groups, win.taps);
}

/**
 * dx = col2im(dy W) + bias: the transpose of `conv` for any stride, padding and dilation, by scattering.
 *
 * Shapes:   dy, dx as y, x of `conv`; w [O, T]; bias [C] or 0; packed [`packedAdjointFloats`]; col [`columnFloats`].
 * Writes:   overwrites dx; packed and col are scratch.
 */
export function convInputAdjoint(window: usize, dy: usize, w: usize, bias: usize, dx: usize, packed: usize, col: usize): void {
  const win = changetype<Window>(window);
  const groups = win.groups, taps = win.taps, o = win.o / groups;
  const positions = win.positions;
  const floats = packedBFloats(o, taps);
  const rows = blockRows(taps);
  for (let g = 0; g < groups; g++) {
    packB(o, taps, w + (<usize>(g * o * taps) << 2), taps, 1, packed + (<usize>(g * floats) << 2));
  }
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
  for (let g = 0; g < win.groups; g++) {
    for (let i = 0; i < o; i++) {
      for (let t = kernel - 1; t >= 0; t--) {
        let to = flipped + (<usize>(t * o + i) << 2);
        for (let j = 0; j < c; j++, w += 4, to += <usize>(kernel * o) << 2) store<f32>(to, load<f32>(w));
      }
    }
    flipped += <usize>(c * kernel * o) << 2;
  }
}
