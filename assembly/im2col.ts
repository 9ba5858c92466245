import { addRun, copyRun, fillRun } from "./runs";
import { Window } from "./window";

// The column matrix of version 2 of the convolution: one row per output position, one column per kernel tap and input
// channel of a group, in the order (KD, KH, KW, C/G). Made for a range of rows at a time, never for the whole batch.
// In channels-last storage a kernel row of an undilated, ungrouped window is one contiguous run of KW * C floats.
// Source: Chellapilla, Puri, Simard, "High performance convolutional neural networks for document processing", 2006.

/**
 * col[q - from, (kd, kh, kw, c)] = x at tap (kd, kh, kw) of output position q, channel c of the group; 0 in the padding.
 *
 * Shapes:   x [N, D, H, W, C]; col [to - from, KD * KH * KW * C/G].
 * Writes:   overwrites col.
 * Requires: 0 <= from <= to <= positions; no overlap.
 * Adjoint:  `col2im`.
 */
export function im2col(window: usize, group: i32, from: i32, to: i32, x: usize, col: usize): void {
  walk(window, group, from, to, x, col, false);
}

/**
 * x at tap (kd, kh, kw) of output position q, channel c += col[q - from, (kd, kh, kw, c)]; what falls in the padding is dropped.
 *
 * Shapes:   as `im2col`.
 * Writes:   accumulates into x.
 * Adjoint:  `im2col`.
 */
export function col2im(window: usize, group: i32, from: i32, to: i32, col: usize, x: usize): void {
  walk(window, group, from, to, x, col, true);
}

/** Visits the runs that col and x share, in the order of col, and moves each one forth (im2col) or adds it back (col2im). */
function walk(window: usize, group: i32, from: i32, to: i32, x: usize, col: usize, back: bool): void {
  const win = changetype<Window>(window);
  const c = win.c, d = win.d, h = win.h, w = win.w;
  const oh = win.oh, ow = win.ow;
  const kd = win.kd, kh = win.kh, kw = win.kw;
  const ew = win.ew;
  const channels = c / win.groups;
  const contiguous = ew == 1 && win.groups == 1;
  const rowFloats = kw * channels;
  x += <usize>(group * channels) << 2;

  let ox = from % ow, rest = from / ow;
  let oy = rest % oh;
  rest /= oh;
  let oz = rest % win.od;
  let image = x + (<usize>(rest / win.od) * <usize>d * <usize>h * <usize>w * <usize>c << 2);
  for (let q = from; q < to; q++) {
    const z0 = oz * win.sd - win.pd, y0 = oy * win.sh - win.ph, x0 = ox * win.sw - win.pw;
    // Taps of a kernel row that lie inside the image: first <= k < last.
    const first = min(kw, max(0, (ew - 1 - x0) / ew * i32(x0 < 0)));
    const last = max(first, min(kw, (w - x0 + ew - 1) / ew * i32(x0 < w)));
    for (let kz = 0; kz < kd; kz++) {
      const z = z0 + kz * win.ed;
      for (let ky = 0; ky < kh; ky++) {
        const y = y0 + ky * win.eh;
        if (<u32>z >= <u32>d || <u32>y >= <u32>h) {
          if (!back) fillRun(rowFloats, 0, col);
        } else {
          const line = image + (<usize>((z * h + y) * w) * <usize>c << 2);
          if (!back) {
            fillRun(first * channels, 0, col);
            fillRun((kw - last) * channels, 0, col + (<usize>(last * channels) << 2));
          }
          const joined = contiguous ? last - first : 1;
          for (let kx = first; kx < last; kx += joined) {
            const inside = line + (<usize>((x0 + kx * ew) * c) << 2), at = col + (<usize>(kx * channels) << 2);
            if (back) addRun(joined * channels, at, inside);
            else copyRun(joined * channels, inside, at);
          }
        }
        col += <usize>rowFloats << 2;
      }
    }
    if (++ox == ow) {
      ox = 0;
      if (++oy == oh) {
        oy = 0;
        if (++oz == win.od) {
          oz = 0;
          image += <usize>d * <usize>h * <usize>w * <usize>c << 2;
        }
      }
    }
  }
}
