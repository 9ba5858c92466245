import { gemmInPlace } from "./gemm";
import { fillRun } from "./runs";
import { NR } from "./tile";
import { Window } from "./window";
import { blockTiles, GAP, padded, tileCount } from "./winograd";
import { findPixels, gatherTaps, prepareSpace, spreadTile, transformTile, ZEROS } from "./winogradPoints";

// The filter adjoint of a 3x3 convolution at stride 1: the transpose of F(4x4, 3x3), step by step, with 4 times fewer products than
// `convFilterAdjoint`.

/** Floats between the rows of one matrix beyond their length: it is read down its columns, which should not meet in one set of the cache. */
const ROW_GAP: i32 = 16;

/** Floats of the buffer that `winogradFilterAdjoint` needs. */
export function winogradFilterAdjointFloats(window: usize): i32 {
  const win = changetype<Window>(window);
  const c = padded(win.c) + ROW_GAP, o = padded(win.o) + ROW_GAP;
  const tiles = blockTiles(win, 4);
  return <i32>(ZEROS >> 2) + max(c, o) + 36 * (tiles * (c + o) + win.o * c + 3 * <i32>(GAP >> 2)) + NR;
}

/**
 * dw[o, t] = sum over output positions q of dy[q, o] col(x)[q, t], for output channels from <= o < to, by the transpose of F(4x4, 3x3):
 * dw = G' [ sum over tiles of (A dY A') . (B' x B) ] G.
 *
 * Shapes:   x, dy as x, y of `winograd`; dw [O, 3, 3, C]; scratch [`winogradFilterAdjointFloats`].
 * Writes:   overwrites dw of these channels; scratch.
 * Requires: as `winograd`, kernel 1x3x3, one group. May read up to 12 bytes past x and dy.
 * Adjoint:  as `convFilterAdjoint`.
 */
export function winogradFilterAdjoint(window: usize, from: i32, to: i32, x: usize, dy: usize, dw: usize, scratch: usize): void {
  if (ASC_FEATURE_SIMD) filterAdjoint<v128>(window, from, to, x, dy, dw, scratch);
  else filterAdjoint<f32>(window, from, to, x, dy, dw, scratch);
}

function filterAdjoint<T>(window: usize, from: i32, to: i32, x: usize, dy: usize, dw: usize, scratch: usize): void {
  const win = changetype<Window>(window);
  const c = win.c, o = to - from;
  const ldv = padded(c) + ROW_GAP, lde = padded(o) + ROW_GAP;
  const all = tileCount(win, 4), tiles = blockTiles(win, 4);
  const vStep = (<usize>(tiles * ldv) << 2) + GAP, eStep = (<usize>(tiles * lde) << 2) + GAP, dStep = (<usize>(o * ldv) << 2) + GAP;
  const v = scratch + ZEROS + (<usize>max(ldv, lde) << 2), e = v + 36 * vStep, d = e + 36 * eStep;
  prepareSpace<T>(scratch, max(ldv, lde));
  if (all == 0) fillRun(o * 9 * c, 0, dw + (<usize>(from * 9 * c) << 2));
  for (let first = 0; first < all; first += tiles) {
    const count = min(tiles, all - first);
    for (let i = 0; i < count; i++) {
      findPixels(window, false, 4, 6, first + i, x, scratch);
      transformTile<T>(6, c, scratch, v + (<usize>(i * ldv) << 2), vStep);
      findPixels(window, true, 4, 4, first + i, dy + (<usize>from << 2), scratch);
      spreadTile<T>(o, scratch, e + (<usize>(i * lde) << 2), eStep);
    }
    for (let point: usize = 0; point < 36; point++) {
      gemmInPlace(o, c, count, e + point * eStep, lde, true, v + point * vStep, ldv, d + point * dStep, ldv, first > 0);
    }
  }
  if (all == 0) return;
  for (let i = from; i < to; i++) {
    gatherTaps<T>(c, scratch, d + (<usize>((i - from) * ldv) << 2), dStep, dw + (<usize>(i * 9 * c) << 2), <usize>c << 2);
  }
}
