import { madd } from "./lanes";
import { copyRows, fillRun } from "./runs";
import { Window } from "./window";

// Convolution with four output channels in each group, whose windows are three neighbouring columns, one apart: a register tile of eight
// neighbouring outputs of one group. Ten numbers of x, each read into all lanes, are enough for the 24 multiply-adds of three taps, where
// a product of matrices in a tile of four columns reads one for every multiply-add. GFLOP/s, 3x3 @56, that product / this (relaxed, V8 14.6,
// AMD EPYC): 128 -> 128 in 32 groups 20 / 46, 32 -> 128 in 32 groups 8 / 32. With eight channels and more the tile of eight columns is
// better: 256 -> 256 @28 in 32 groups 49 / 42.

/** Neighbouring outputs of a tile. */
const WIDE: i32 = 8;
/** Columns of x in a tile's windows. */
const SEEN: i32 = WIDE + 2;

/** Floats of scratch that `groupedRow` needs: the windows of a tile that reaches beyond the row. */
export function groupedFloats(window: usize): i32 {
  const win = changetype<Window>(window);
  return win.kh * SEEN * win.c;
}

/**
 * y[i, o] = bias[o] + the sum of x w over ny rows of taps and the channels of o's group, for `count` outputs of a row whose windows begin
 * with column `start`.
 *
 * Shapes:   x the first row that is seen, [length, C], others `row` bytes away; w the taps on it, [3, C/G, 4] for each group, `group`
 *           bytes apart, with those of the next row behind them; bias [O] or 0; y [count, O]; scratch [`groupedFloats`].
 * Writes:   overwrites y.
 * Requires: start > -3.
 */
export function groupedRow(
  win: Window, count: i32, start: i32, ny: i32, x: usize, row: usize, w: usize, group: usize, bias: usize, y: usize, scratch: usize,
): void {
  const c = win.c, channels = c / win.groups;
  const pixel = <usize>c << 2, yStep = <usize>win.groups << 4;
  for (; count > 0; count -= WIDE, start += WIDE, y += yStep * WIDE) {
    let from = x + <usize>start * pixel, fromRow = row;
    const before = max(0, -start), after = max(before, min(SEEN, win.w - start));
    if (after - before < SEEN) {
      fromRow = pixel * SEEN;
      fillRun(ny * SEEN * c, 0, scratch);
      const skip = <usize>before * pixel;
      copyRows(ny, (after - before) * c, from + skip, row, scratch + skip, fromRow);
      from = scratch;
    }
    for (let g: usize = 0; g < <usize>win.groups; g++) {
      const at = g << 4;
      tile(min(WIDE, count), ny, channels, from + g * (<usize>channels << 2), fromRow, pixel, w + g * group, bias == 0 ? 0 : bias + at, y + at, yStep);
    }
  }
}

/** One register tile: `count` outputs of one group. */
function tile(
  count: i32, ny: i32, channels: i32, x: usize, row: usize, pixel: usize, w: usize, bias: usize, y: usize, yStep: usize,
): void {
  const tap = <usize>channels << 4;
  if (ASC_FEATURE_SIMD) {
    let s0 = bias == 0 ? f32x4.splat(0) : v128.load(bias);
    let s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    for (; ny > 0; ny--, x += row, w += tap + tap) {
      for (let i = channels, from = x; i > 0; i--, w += 16, from += 4) {
        const w0 = v128.load(w), w1 = v128.load(w + tap), w2 = v128.load(w + tap + tap);
        let at = from;
        let v = v128.load32_splat(at);
        s0 = madd(v, w0, s0);
        v = v128.load32_splat(at += pixel);
        s0 = madd(v, w1, s0);
        s1 = madd(v, w0, s1);
        v = v128.load32_splat(at += pixel);
        s0 = madd(v, w2, s0);
        s1 = madd(v, w1, s1);
        s2 = madd(v, w0, s2);
        v = v128.load32_splat(at += pixel);
        s1 = madd(v, w2, s1);
        s2 = madd(v, w1, s2);
        s3 = madd(v, w0, s3);
        v = v128.load32_splat(at += pixel);
        s2 = madd(v, w2, s2);
        s3 = madd(v, w1, s3);
        s4 = madd(v, w0, s4);
        v = v128.load32_splat(at += pixel);
        s3 = madd(v, w2, s3);
        s4 = madd(v, w1, s4);
        s5 = madd(v, w0, s5);
        v = v128.load32_splat(at += pixel);
        s4 = madd(v, w2, s4);
        s5 = madd(v, w1, s5);
        s6 = madd(v, w0, s6);
        v = v128.load32_splat(at += pixel);
        s5 = madd(v, w2, s5);
        s6 = madd(v, w1, s6);
        s7 = madd(v, w0, s7);
        v = v128.load32_splat(at += pixel);
        s6 = madd(v, w2, s6);
        s7 = madd(v, w1, s7);
        v = v128.load32_splat(at += pixel);
        s7 = madd(v, w2, s7);
      }
    }
    for (; count > 0; count--, y += yStep) {
      v128.store(y, s0);
      s0 = s1; s1 = s2; s2 = s3; s3 = s4; s4 = s5; s5 = s6; s6 = s7;
    }
  } else {
    for (; count > 0; count--, x += pixel, y += yStep) {
      for (let j: usize = 0; j < 16; j += 4) {
        let s = bias == 0 ? <f32>0 : load<f32>(bias + j);
        for (let v = 0, atRow = x, t = w + j; v < ny; v++, atRow += row, t += tap + tap) {
          for (let i = channels, at = atRow; i > 0; i--, t += 16, at += 4) {
            s += load<f32>(at) * load<f32>(t);
            s += load<f32>(at + pixel) * load<f32>(t + tap);
            s += load<f32>(at + pixel + pixel) * load<f32>(t + tap + tap);
          }
        }
        store<f32>(y + j, s);
      }
    }
  }
}
