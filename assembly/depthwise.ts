import { biasOf, finish } from "./epilogue";
import { groupedRow } from "./grouped";
import { madd } from "./lanes";
import { fillRun } from "./runs";
import { endTap, firstTap, Window } from "./window";

// Depthwise convolution (groups = C = O) and its two adjoints, directly: every channel has a kernel of its own, so there is no
// product of matrices to make, and vectors run across channels. 3x3 on 144 channels @56 takes 0.16 ms, 75 % of the multiply-add peak;
// by `gatherRow`'s own loops 0.25 (relaxed, V8 14.6, AMD EPYC).
//
// Forward pass and input adjoint are one walk, row by row (`gatherRow`). What differs is which taps an output sees, and how they lie:
// along each axis a number of taps, the first one's place in the image, and the distances between them in the image and in w. With
// stride s the outputs i, i + s, i + 2s ... of the input adjoint form a phase: all see the same taps, over neighbours in dy.
//
// All builds, and all tiles of one build, sum the taps from the bias on: plane by plane, in each column by column. So a result depends
// neither on how positions are split nor on the tile that they fall into.
//
// Letters: T = KD * KH * KW taps.

/**
 * `roll` reads one cache line of each pixel for 16 bytes, and comes back for the others: meanwhile four rows of `piece` pixels must stay in
 * the L1 cache, of which pixels 2^k bytes apart use 4096 / 2^k sets only. 3x3 on 128 channels @56 in whole rows 0.31 ms, in pieces of 16
 * pixels 0.18; on 512 @14 the sixteen channels at a time of `gatherRow` are better, 0.06 against 0.10 (relaxed, V8 14.6, AMD EPYC).
 */
const ROLL_BYTES: i32 = 8192;
const LEAST_PIECE: i32 = 8;

/**
 * y[q, o] = activation(bias[o] + sum over taps t and the channels i of o's group of x[q * stride + t * dilation - padding, i] w[t, i, o] +
 * residual[q, o]), for output positions from <= q < to.
 *
 * Shapes:   x [N, D, H, W, C]; w [T, C], or [G, T, C/G, 4] where O = 4 groups; y [N, OD, OH, OW, O]; epilogue with bias [O] and residual
 *           as y, or 0; scratch [`groupedFloats`] where O = 4 groups.
 * Writes:   overwrites y at these positions.
 * Requires: C = O = groups; or O = 4 groups, kernel [1, KH, 3], stride and dilation 1 along a row, and padding 0 along the depth and less
 *           than 3 on the left.
 * Adjoint:  of depthwise ones in x `depthwiseInputAdjoint`, in w `depthwiseFilterAdjoint`; of others those of `conv`.
 */
export function depthwise(window: usize, from: i32, to: i32, x: usize, w: usize, epilogue: usize, y: usize, scratch: usize): void {
  const win = changetype<Window>(window);
  const pixel = <usize>win.c << 2, yPixel = <usize>win.o << 2, kernelRow = pixel * win.kw;
  const grouped = win.o > win.groups, tapRow = grouped ? kernelRow / win.groups << 2 : kernelRow;
  for (let q = from, count = 0; q < to; q += count) {
    const ox = q % win.ow;
    let row = q / win.ow;
    const y0 = row % win.oh * win.sh - win.ph;
    row /= win.oh;
    const z0 = row % win.od * win.sd - win.pd;
    const kz = firstTap(z0, win.ed), ky = firstTap(y0, win.eh);
    const nz = endTap(z0, win.ed, win.kd, win.d) - kz, ny = endTap(y0, win.eh, win.kh, win.h) - ky;
    const inside = (row / win.od * win.d + z0 + kz * win.ed) * win.h + y0 + ky * win.eh;
    count = min(win.ow - ox, to - q);
    const start = ox * win.sw - win.pw, lineBytes = pixel * win.w, at = x + <usize>inside * lineBytes;
    const taps = w + <usize>(kz * win.kh + ky) * tapRow, tapPlane = tapRow * win.kh, bias = biasOf(epilogue, 0), into = y + <usize>q * yPixel;
    if (grouped) {
      groupedRow(win, count, start, ny, at, lineBytes * win.eh, taps, tapPlane, bias, into, scratch);
    } else {
      gatherRow(
        win.c, count, start, win.sw, win.ew, win.w, nz, ny, win.kw, at, lineBytes * (win.ed * win.h), lineBytes * win.eh,
        taps, tapPlane, tapRow, pixel, bias, into, pixel,
      );
    }
    finish(epilogue, y, count, win.o, into, win.o);
  }
}

/**
 * dx[q * stride + t * dilation - padding, c] += dy[q, c] w[t, c], from bias[c], or from zero.
 *
 * Shapes:   dy, dx as y, x of `depthwise`; w [T, C]; bias [C] or 0.
 * Writes:   overwrites dx.
 * Adjoint:  in dy `depthwise`; in w `depthwiseFilterAdjoint`.
 */
export function depthwiseInputAdjoint(window: usize, dy: usize, w: usize, bias: usize, dx: usize): void {
  const win = changetype<Window>(window);
  const pixel = <usize>win.c << 2, tapRow = pixel * win.kw, tapPlane = tapRow * win.kh;
  const skipZ = tapPeriod(win.ed, win.sd), skipY = tapPeriod(win.eh, win.sh), skipX = tapPeriod(win.ew, win.sw);
  const stepZ = skipZ * win.ed / win.sd, stepY = skipY * win.eh / win.sh, stepX = skipX * win.ew / win.sw;
  for (let row = 0, rows = win.n * win.d * win.h; row < rows; row++) {
    const atY = row % win.h + win.ph, atZ = row / win.h % win.d + win.pd;
    const lastZ = lastTap(atZ, win.ed, win.sd, win.kd), lastY = lastTap(atY, win.eh, win.sh, win.kh);
    const z0 = (atZ - lastZ * win.ed) / win.sd, y0 = (atY - lastY * win.eh) / win.sh;
    const kz = firstTap(z0, stepZ), ky = firstTap(y0, stepY);
    const nz = endTap(z0, stepZ, (lastZ + skipZ) / skipZ, win.od) - kz, ny = endTap(y0, stepY, (lastY + skipY) / skipY, win.oh) - ky;
    const inside = (row / (win.h * win.d) * win.od + z0 + kz * stepZ) * win.oh + y0 + ky * stepY;
    const above = w + <usize>((lastZ - kz * skipZ) * win.kh + lastY - ky * skipY) * tapRow;
    for (let phase = 0, phases = min(win.sw, win.w); phase < phases; phase++) {
      const last = lastTap(phase + win.pw, win.ew, win.sw, win.kw);
      gatherRow(
        win.c, (win.w - phase + win.sw - 1) / win.sw, (phase + win.pw - last * win.ew) / win.sw, 1, stepX, win.ow,
        nz, ny, (last + skipX) / skipX,
        dy + <usize>(inside * win.ow) * pixel, pixel * (stepZ * win.oh * win.ow), pixel * (stepY * win.ow),
        above + <usize>last * pixel, -tapPlane * skipZ, -tapRow * skipY, -pixel * skipX,
        bias, dx + <usize>(row * win.w + phase) * pixel, pixel * win.sw,
      );
    }
  }
}

/** The distance between taps that see the same phase: the least n > 0 for which n * dilation is a multiple of the stride. */
function tapPeriod(dilation: i32, stride: i32): i32 {
  let n = 1;
  while (n * dilation % stride != 0) n++;
  return n;
}

/** The last tap that meets a window when it lies over position `at` of the padded input, which may be none in the image; -1 if none. */
function lastTap(at: i32, dilation: i32, stride: i32, taps: i32): i32 {
  let k = taps - 1;
  while (k >= 0 && (at - k * dilation) % stride != 0) k--;
  return k;
}

/**
 * y[i, c] = bias[c] + the sum of x w over taps, for `count` outputs of a row. Output i sees nx columns of x, from
 * start + i * stride, `step` apart, as far as they are among the row's `length`; and in each one nz * ny rows.
 *
 * Shapes:   x the first row that is seen, [length, C], others `plane` and `row` bytes away; w the tap on x's column `start`, others
 *           `tapPlane`, `tapRow` and `tap` bytes away; outputs `yStep` bytes apart.
 */
function gatherRow(
  c: i32, count: i32, start: i32, stride: i32, step: i32, length: i32, nz: i32, ny: i32, nx: i32, x: usize, plane: usize, row: usize,
  w: usize, tapPlane: usize, tapRow: usize, tap: usize, bias: usize, y: usize, yStep: usize,
): void {
  const pixel = <usize>c << 2, column = pixel * step, next = pixel * stride;
  if (ASC_FEATURE_SIMD) {
    const piece = ROLL_BYTES / max(64, <i32>pixel & -<i32>pixel);
    if (nx == 3 && ny == 3 && nz == 1 && (stride | step) == 1 && c >= 4 && piece >= LEAST_PIECE) {
      for (let i = 0; i < count; i += piece) {
        for (let j = 0; j < c; j += 4) {
          const at = <usize>min(j, c - 4) << 2;
          roll(
            min(piece, count - i), start + i, length, x + at, pixel, row, w + at, tapRow, tap, bias == 0 ? 0 : bias + at,
            y + <usize>i * yStep + at, yStep,
          );
        }
      }
      return;
    }
  }
  for (let i = 0, run = 1; i < count; i += run) {
    const left = start + i * stride;
    const k = firstTap(left, step);
    let n = endTap(left, step, nx, length) - k;
    run = 1;
    if (nz <= 0 || ny <= 0 || nx == 0) {
      n = 0;
      run = count;
    } else if (n == nx) {
      run = min(count - i, (length - 1 - left - (nx - 1) * step) / stride + 1);
    }
    let from = x + <usize>(left + k * step) * pixel, first = w + <usize>k * tap, to = y + <usize>i * yStep, b = bias;
    let j = 0;
    if (ASC_FEATURE_SIMD) {
      for (; c >= 16 && j < c; j += 16, from += 64, first += 64, to += 64) {
        // The last sixteen channels may have been made in part: the same numbers again are cheaper than a loop for the rest.
        if (j > c - 16) {
          const back = <usize>(j + 16 - c) << 2;
          from -= back;
          first -= back;
          to -= back;
          if (b != 0) b -= back;
        }
        let p = 0, at = from, q = to;
        for (; p <= run - 3; p += 3) {
          let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
          if (b != 0) {
            s0 = v128.load(b);
            s1 = v128.load(b, 16);
            s2 = v128.load(b, 32);
            s3 = v128.load(b, 48);
          }
          let s4 = s0, s5 = s1, s6 = s2, s7 = s3, s8 = s0, s9 = s1, s10 = s2, s11 = s3;
          for (let z = 0, xz = at, wz = first; z < nz; z++, xz += plane, wz += tapPlane) {
            for (let u = 0, xu = xz, wu = wz; u < n; u++, xu += column, wu += tap) {
              for (let v = 0, x0 = xu, t = wu; v < ny; v++, x0 += row, t += tapRow) {
                const x1 = x0 + next, x2 = x1 + next;
                let k = v128.load(t);
                s0 = madd(v128.load(x0), k, s0);
                s4 = madd(v128.load(x1), k, s4);
                s8 = madd(v128.load(x2), k, s8);
                k = v128.load(t, 16);
                s1 = madd(v128.load(x0, 16), k, s1);
                s5 = madd(v128.load(x1, 16), k, s5);
                s9 = madd(v128.load(x2, 16), k, s9);
                k = v128.load(t, 32);
                s2 = madd(v128.load(x0, 32), k, s2);
                s6 = madd(v128.load(x1, 32), k, s6);
                s10 = madd(v128.load(x2, 32), k, s10);
                k = v128.load(t, 48);
                s3 = madd(v128.load(x0, 48), k, s3);
                s7 = madd(v128.load(x1, 48), k, s7);
                s11 = madd(v128.load(x2, 48), k, s11);
              }
            }
          }
          v128.store(q, s0);
          v128.store(q, s1, 16);
          v128.store(q, s2, 32);
          v128.store(q, s3, 48);
          q += yStep;
          v128.store(q, s4);
          v128.store(q, s5, 16);
          v128.store(q, s6, 32);
          v128.store(q, s7, 48);
          q += yStep;
          v128.store(q, s8);
          v128.store(q, s9, 16);
          v128.store(q, s10, 32);
          v128.store(q, s11, 48);
          q += yStep;
          at += next * 3;
        }
        for (; p < run; p++, at += next, q += yStep) {
          let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
          if (b != 0) {
            s0 = v128.load(b);
            s1 = v128.load(b, 16);
            s2 = v128.load(b, 32);
            s3 = v128.load(b, 48);
          }
          for (let z = 0, xz = at, wz = first; z < nz; z++, xz += plane, wz += tapPlane) {
            for (let u = 0, xu = xz, wu = wz; u < n; u++, xu += column, wu += tap) {
              for (let v = 0, x0 = xu, t = wu; v < ny; v++, x0 += row, t += tapRow) {
                s0 = madd(v128.load(x0), v128.load(t), s0);
                s1 = madd(v128.load(x0, 16), v128.load(t, 16), s1);
                s2 = madd(v128.load(x0, 32), v128.load(t, 32), s2);
                s3 = madd(v128.load(x0, 48), v128.load(t, 48), s3);
              }
            }
          }
          v128.store(q, s0);
          v128.store(q, s1, 16);
          v128.store(q, s2, 32);
          v128.store(q, s3, 48);
        }
        if (b != 0) b += 64;
      }
      for (; j <= c - 4; j += 4, from += 16, first += 16, to += 16) {
        for (let p = 0, at = from, q = to; p < run; p++, at += next, q += yStep) {
          let s = f32x4.splat(0);
          if (b != 0) s = v128.load(b);
          for (let z = 0, xz = at, wz = first; z < nz; z++, xz += plane, wz += tapPlane) {
            for (let u = 0, xu = xz, wu = wz; u < n; u++, xu += column, wu += tap) {
              for (let v = 0, x0 = xu, t = wu; v < ny; v++, x0 += row, t += tapRow) s = madd(v128.load(x0), v128.load(t), s);
            }
          }
          v128.store(q, s);
        }
        if (b != 0) b += 16;
      }
    }
    for (let p = 0, at0 = from, q0 = to; p < run; p++, at0 += next, q0 += yStep) {
      for (let i = j, at = at0, w0 = first, q = q0, b0 = b; i < c; i++, at += 4, w0 += 4, q += 4) {
        let s: f32 = 0;
        if (b0 != 0) {
          s = load<f32>(b0);
          b0 += 4;
        }
        for (let z = 0, xz = at, wz = w0; z < nz; z++, xz += plane, wz += tapPlane) {
          for (let u = 0, xu = xz, wu = wz; u < n; u++, xu += column, wu += tap) {
            for (let v = 0, x0 = xu, t = wu; v < ny; v++, x0 += row, t += tapRow) s += load<f32>(x0) * load<f32>(t);
          }
        }
        store<f32>(q, s);
      }
    }
  }
}

/**
 * `gatherRow` of four channels for 3x3 taps at stride 1 without dilation: every column of x is read once and goes into the three
 * outputs that see it. Columns outside the row are passed over.
 */
function roll(
  count: i32, start: i32, length: i32, x: usize, pixel: usize, row: usize, w: usize, tapRow: usize, tap: usize, bias: usize, y: usize,
  yStep: usize,
): void {
  const w1 = w + tap, w2 = w1 + tap, row2 = row + row, tapRow2 = tapRow + tapRow;
  const w00 = v128.load(w), w01 = v128.load(w1), w02 = v128.load(w2);
  const w10 = v128.load(w + tapRow), w11 = v128.load(w1 + tapRow), w12 = v128.load(w2 + tapRow);
  const w20 = v128.load(w + tapRow2), w21 = v128.load(w1 + tapRow2), w22 = v128.load(w2 + tapRow2);
  const b = bias == 0 ? f32x4.splat(0) : v128.load(bias);
  let s0 = b, s1 = b;
  x += <usize>start * pixel;
  // The first two columns complete no output of this row.
  y -= yStep << 1;
  for (let i = 0; i < count + 2; i++, x += pixel, y += yStep) {
    let s = s0;
    s0 = s1;
    s1 = b;
    if (<u32>(start + i) < <u32>length) {
      let v = v128.load(x);
      s = madd(v, w02, s);
      s0 = madd(v, w01, s0);
      s1 = madd(v, w00, s1);
      v = v128.load(x + row);
      s = madd(v, w12, s);
      s0 = madd(v, w11, s0);
      s1 = madd(v, w10, s1);
      v = v128.load(x + row2);
      s = madd(v, w22, s);
      s0 = madd(v, w21, s0);
      s1 = madd(v, w20, s1);
    }
    if (i >= 2) v128.store(y, s);
  }
}

/**
 * dw[t, c] += x[q * stride + t * dilation - padding, c] dy[q, c], from zero.
 *
 * Shapes:   x, dy as x, y of `depthwise`; dw [T, C].
 * Writes:   overwrites dw.
 * Adjoint:  in x `depthwiseInputAdjoint`; in dy `depthwise`.
 */
export function depthwiseFilterAdjoint(window: usize, x: usize, dy: usize, dw: usize): void {
  const win = changetype<Window>(window);
  const c = win.c, pixel = <usize>c << 2, tapRow = pixel * win.kw;
  const row = pixel * (win.eh * win.w), plane = pixel * (win.ed * win.h * win.w);
  fillRun(win.taps * c, 0, dw);
  for (let q = 0, rows = win.n * win.od * win.oh; q < rows; q++) {
    const y0 = q % win.oh * win.sh - win.ph, z0 = q / win.oh % win.od * win.sd - win.pd;
    const kz = firstTap(z0, win.ed), ky = firstTap(y0, win.eh);
    const nz = endTap(z0, win.ed, win.kd, win.d) - kz, ny = endTap(y0, win.eh, win.kh, win.h) - ky;
    const inside = (q / (win.oh * win.od) * win.d + z0 + kz * win.ed) * win.h + y0 + ky * win.eh;
    for (let u = 0; u < win.kw; u++) {
      // Which outputs see column u of the kernel inside the image: the same question as which taps an output sees.
      const x0 = u * win.ew - win.pw;
      const ox = firstTap(x0, win.sw), end = endTap(x0, win.sw, win.ow, win.w);
      let at = x + <usize>(inside * win.w + x0 + ox * win.sw) * pixel, t = dw + <usize>(kz * win.kh + ky) * tapRow + pixel * u;
      for (let z = 0; z < nz; z++, at += plane, t += tapRow * win.kh) {
        for (let v = 0; v < ny; v += 3) {
          correlate(
            c, end - ox, min(3, ny - v), at + row * v, pixel * win.sw, row, dy + <usize>(q * win.ow + ox) * pixel, t + tapRow * v, tapRow,
          );
        }
      }
    }
  }
}

/**
 * w[v, c] += sum over n positions of x[v, c] y[c], for up to three rows of x; those of w are `tapRow` bytes apart.
 */
function correlate(c: i32, n: i32, rows: i32, x: usize, xStep: usize, row: usize, y: usize, w: usize, tapRow: usize): void {
  const yStep = <usize>c << 2;
  let j = 0;
  if (ASC_FEATURE_SIMD) {
    // Rows that are missing are summed too, from the first one, and not written.
    const row1 = rows > 1 ? row : 0, row2 = rows > 2 ? row + row : 0;
    for (; j <= c - 8; j += 8, x += 32, y += 32, w += 32) {
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
      for (let i = 0, at = x, from = y; i < n; i++, at += xStep, from += yStep) {
        const g0 = v128.load(from), g1 = v128.load(from, 16), at1 = at + row1, at2 = at + row2;
        s0 = madd(v128.load(at), g0, s0);
        s1 = madd(v128.load(at, 16), g1, s1);
        s2 = madd(v128.load(at1), g0, s2);
        s3 = madd(v128.load(at1, 16), g1, s3);
        s4 = madd(v128.load(at2), g0, s4);
        s5 = madd(v128.load(at2, 16), g1, s5);
      }
      for (let v = 0, t = w; v < rows; v++, t += tapRow) {
        v128.store(t, f32x4.add(v128.load(t), s0));
        v128.store(t, f32x4.add(v128.load(t, 16), s1), 16);
        s0 = s2; s1 = s3;
        s2 = s4; s3 = s5;
      }
    }
  }
  for (; j < c; j++, x += 4, y += 4, w += 4) {
    for (let v = 0, xv = x, t = w; v < rows; v++, xv += row, t += tapRow) {
      let s: f32 = 0;
      for (let i = 0, at = xv, from = y; i < n; i++, at += xStep, from += yStep) s += load<f32>(at) * load<f32>(from);
      store<f32>(t, load<f32>(t) + s);
    }
  }
}
