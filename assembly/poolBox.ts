import { madd } from "./lanes";
import { Window } from "./window";

// What the poolings do at a run of neighbouring output positions, with the box of nz * ny * nx taps that lie inside the image; `first` is
// the flat position of the first box's first tap, (d * H + h) * W + w. In channels-last storage a tap is a run of C floats: sixteen
// channels at a time, or four, or one by one. The last sixteen or four may have been made in part: the same numbers again are cheaper than
// loops for the rest. The scalar build is the last loop alone. All builds visit the taps in the same order and
// agree bit for bit, but for the bits of a NaN.
//
// Shapes:   image [D, H, W, C], one image of the batch; y, dy and index [run, C].
// Writes:   overwrites y and index; accumulates into the image (`spread`).
// Requires: nz, ny, nx >= 1.

/** Bytes from a tap to the next one along each axis. */
// @ts-ignore: decorator
@inline
function pixelBytes(win: Window): usize { return <usize>(win.ew * win.c) << 2; }
// @ts-ignore: decorator
@inline
function rowBytes(win: Window): usize { return <usize>(win.eh * win.w * win.c) << 2; }
// @ts-ignore: decorator
@inline
function planeBytes(win: Window): usize { return <usize>(win.ed * win.h * win.w * win.c) << 2; }

/**
 * The larger of max and v in each lane; max where they are equal; NaN if one is. pmax(max, v) is max < v ? v : max, one
 * instruction on x64, but it drops a NaN in v: the comparison puts it back, as a NaN with all bits set. `f32x4.max` takes eight.
 */
// @ts-ignore: decorator
@inline
function larger(max: v128, v: v128): v128 {
  return v128.or(f32x4.pmax(max, v), f32x4.ne(v, v));
}

/**
 * The index of the winner after v at index i met max. Indices grow along the walk: so the later one is the larger one, and
 * masking the loser's to 0 takes two instructions where a bitselect takes three.
 */
// @ts-ignore: decorator
@inline
function later(best: v128, i: v128, max: v128, v: v128): v128 {
  return i32x4.max_s(best, v128.and(i, v128.or(f32x4.gt(v, max), f32x4.ne(v, v))));
}

/**
 * All ones if v replaces max, else 0. Masks, since nobody can predict which of two numbers is larger: with branches the scalar build
 * takes twice as long (3x3 and 2x2 windows on 64 channels @112, random numbers, V8 14.6).
 */
// @ts-ignore: decorator
@inline
function beats(v: f32, max: f32): i32 {
  return -(i32(v > max) | i32(v != v));
}

/** mask ? a : b */
// @ts-ignore: decorator
@inline
function pick(a: i32, b: i32, mask: i32): i32 {
  return b ^ ((a ^ b) & mask);
}

/** Bytes from a window to the next one. */
// @ts-ignore: decorator
@inline
function windowBytes(win: Window): usize { return <usize>(win.sw * win.c) << 2; }

/**
 * `avgPool` with `count` as the divisor, or if it is 0 `maxPool` without index. Where a NaN may be among the taps of a maximum they are
 * visited again, with care: their sum tells, in one instruction for a tap. (Infinities of both signs make it a NaN, too.)
 *
 * Where the last row of taps is the first one of the windows below, its maxima are begun there, `below` bytes further on, and `begun`
 * tells that they were: every row of x is read once. Milliseconds for 64 channels @112 (relaxed, V8 14.6, AMD EPYC), where reading x and
 * writing a quarter as much takes 0.045:
 *
 *   3x3 stride 2   box by box 0.130, the third column kept for the next window 0.117, two rows of windows at once 0.097,
 *                  begun below 0.066, and in blocks of 16 channels with the third column kept 0.077
 *   2x2 stride 2   box by box 0.084, `square` 0.063; the average 0.090 and 0.050
 */
export function boxes(
  win: Window, run: i32, image: usize, first: i32, nz: i32, ny: i32, nx: i32, y: usize, count: f32, begun: bool, below: usize,
): void {
  const c = win.c;
  const pixel = pixelBytes(win), row = rowBytes(win), plane = planeBytes(win), next = windowBytes(win), yStep = <usize>c << 2;
  let from = image + (<usize>(first * c) << 2);
  if (ASC_FEATURE_SIMD) {
    if (begun || below != 0) {
      if (!begun) boxes(win, run, image, first, 1, 1, nx, y, 0, false, 0);
      if (twoRows(run, c, from + row, row, pixel, y, below)) {
        for (; run > 0; run--, from += next, y += yStep) {
          one(c, from + row + row, 1, 1, 3, 0, 0, pixel, y + below, 0);
          one(c, from, 1, 3, 3, 0, row, pixel, y, 0);
        }
      }
      return;
    }
    if (nz == 1 && ny == 2 && nx == 2 && (c & 3) == 0 && isPowerOfTwo(count)) {
      if (!square(run, c, from, row, pixel, next, y, count)) return;
    } else if (c >= 16) {
      sixteens(run, c, from, nz, ny, nx, plane, row, pixel, next, y, count);
      return;
    }
  }
  for (; run > 0; run--, from += next, y += yStep) one(c, from, nz, ny, nx, plane, row, pixel, y, count);
}

/**
 * `boxes` of any size, from sixteen channels on. Averages would take five sixths of the time (3x3) if they were not made beside maxima
 * that nobody wants, and the kernels 0.4 KB more.
 */
function sixteens(
  run: i32, c: i32, from: usize, nz: i32, ny: i32, nx: i32, plane: usize, row: usize, pixel: usize, next: usize, y: usize, count: f32,
): void {
  const divisor = f32x4.splat(count);
  for (; run > 0; run--, from += next, y += <usize>c << 2) {
    for (let j = 0; j < c; j += 16) {
      const last = <usize>min(j, c - 16) << 2, box = from + last, to = y + last;
      let m0 = v128.load(box), m1 = v128.load(box, 16), m2 = v128.load(box, 32), m3 = v128.load(box, 48);
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      for (let z = 0, atPlane = box; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) {
            const v0 = v128.load(at), v1 = v128.load(at, 16), v2 = v128.load(at, 32), v3 = v128.load(at, 48);
            m0 = f32x4.pmax(m0, v0);
            s0 = f32x4.add(s0, v0);
            m1 = f32x4.pmax(m1, v1);
            s1 = f32x4.add(s1, v1);
            m2 = f32x4.pmax(m2, v2);
            s2 = f32x4.add(s2, v2);
            m3 = f32x4.pmax(m3, v3);
            s3 = f32x4.add(s3, v3);
          }
        }
      }
      if (count != 0) {
        m0 = f32x4.div(s0, divisor);
        m1 = f32x4.div(s1, divisor);
        m2 = f32x4.div(s2, divisor);
        m3 = f32x4.div(s3, divisor);
      }
      v128.store(to, m0);
      v128.store(to, m1, 16);
      v128.store(to, m2, 32);
      v128.store(to, m3, 48);
      s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
      if (count == 0 && v128.any_true(f32x4.ne(s0, s0))) one(16, box, nz, ny, nx, plane, row, pixel, to, 0);
    }
  }
}

/**
 * s + v v: once there is a NaN it stays, and no other number makes one. The fused multiply-add has units of its own beside those of maxima
 * on some CPUs. In two instructions it would not pay: then the sum, which infinities of both signs make a NaN.
 */
// @ts-ignore: decorator
@inline
function withNaN(s: v128, v: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? madd(v, v, s) : f32x4.add(s, v);
}

/**
 * Three taps in each of two rows of x, windows two taps apart: y becomes the larger of itself and all six, what lies `below` bytes further
 * on that of the second row. True if there may be a NaN.
 *
 * Shapes:   x [2 run + 1, C], the first of two rows `row` bytes apart; y [run, C].
 * Writes:   overwrites y and what lies below; y has the last word where they are the same.
 * Requires: 4 divides c.
 */
function twoRows(run: i32, c: i32, x: usize, row: usize, pixel: usize, y: usize, below: usize): bool {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  // The third column of a window is the first one of the next.
  for (let j = c, first = x; j > 0; j -= 4, first += 16) {
    s0 = withNaN(s0, v128.load(first));
    s1 = withNaN(s1, v128.load(first + row));
  }
  const skip = (pixel << 1) - (<usize>c << 2);
  for (; run > 0; run--, x += skip) {
    for (let j = c; j > 0; j -= 4, x += 16, y += 16) {
      const x1 = x + pixel, x2 = x1 + pixel, z = x + row, z1 = z + pixel, z2 = z1 + pixel, under = y + below;
      let v = v128.load(x1), m = f32x4.pmax(v128.load(x), v);
      s0 = withNaN(s0, v);
      v = v128.load(x2);
      s1 = withNaN(s1, v);
      m = f32x4.pmax(v128.load(y), f32x4.pmax(m, v));
      v = v128.load(z1);
      s2 = withNaN(s2, v);
      let l = f32x4.pmax(v128.load(z), v);
      v = v128.load(z2);
      s3 = withNaN(s3, v);
      l = f32x4.pmax(l, v);
      v128.store(under, l);
      v128.store(y, f32x4.pmax(m, l));
    }
  }
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  return v128.any_true(f32x4.ne(s0, s0));
}

/**
 * `sixteens` of 2x2 taps, in any fours of channels. True if a maximum may be NaN.
 *
 * Shapes:   x the first of two rows `row` bytes apart, windows `next` bytes apart; y [run, C].
 * Writes:   overwrites y.
 * Requires: 4 divides c.
 */
function square(
  run: i32, c: i32, x: usize, row: usize, pixel: usize, next: usize, y: usize, count: f32,
): bool {
  const zero = f32x4.splat(0), factor = f32x4.splat(1 / count);
  let sums = zero;
  next -= <usize>c << 2;
  for (; run > 0; run--, x += next) {
    for (let j = c; j > 0; j -= 4, x += 16, y += 16) {
      const z = x + row;
      const v0 = v128.load(x), v1 = v128.load(x + pixel), v2 = v128.load(z), v3 = v128.load(z + pixel);
      const s = f32x4.add(f32x4.add(f32x4.add(f32x4.add(zero, v0), v1), v2), v3);
      if (count == 0) {
        sums = withNaN(sums, s);
        v128.store(y, f32x4.pmax(f32x4.pmax(f32x4.pmax(v0, v1), v2), v3));
      } else {
        v128.store(y, f32x4.mul(s, factor));
      }
    }
  }
  return v128.any_true(f32x4.ne(sums, sums));
}

/**
 * One box in c channels: the maximum, NaN where there is one, or the sum divided by `count`. Divides, as PyTorch does: a product with the
 * rounded reciprocal would differ in the last bit.
 */
function one(c: i32, box: usize, nz: i32, ny: i32, nx: i32, plane: usize, row: usize, pixel: usize, y: usize, count: f32): void {
  let j = 0;
  if (ASC_FEATURE_SIMD) {
    for (; c >= 4 && j < c; j += 4) {
      const last = <usize>min(j, c - 4) << 2, from = box + last;
      let m = v128.load(from), s = f32x4.splat(0);
      for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) {
            const value = v128.load(at);
            m = larger(m, value);
            s = f32x4.add(s, value);
          }
        }
      }
      v128.store(y + last, count == 0 ? m : f32x4.div(s, f32x4.splat(count)));
    }
  }
  for (; j < c; j++, box += 4, y += 4) {
    let m = load<f32>(box), s: f32 = 0;
    for (let z = 0, atPlane = box; z < nz; z++, atPlane += plane) {
      for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
        for (let u = 0, at = atRow; u < nx; u++, at += pixel) {
          const value = load<f32>(at);
          if (count == 0) m = reinterpret<f32>(pick(reinterpret<i32>(value), reinterpret<i32>(m), beats(value, m)));
          else s += value;
        }
      }
    }
    store<f32>(y, count == 0 ? m : s / count);
  }
}

/** `maxPool` with index. */
export function winner(win: Window, run: i32, image: usize, first: i32, nz: i32, ny: i32, nx: i32, y: usize, index: usize): void {
  for (const stop = first + run * win.sw; first < stop; first += win.sw, y += <usize>win.c << 2, index += <usize>win.c << 2) {
    winnerAt(win, image, first, nz, ny, nx, y, index);
  }
}

function winnerAt(win: Window, image: usize, first: i32, nz: i32, ny: i32, nx: i32, y: usize, index: usize): void {
  const c = win.c, dw = win.ew, dh = win.eh * win.w, dd = win.ed * win.h * win.w;
  const pixel = pixelBytes(win), row = rowBytes(win), plane = planeBytes(win);
  let from = image + (<usize>(first * c) << 2);
  let j = 0;
  if (ASC_FEATURE_SIMD) {
    // With four vectors at a time the sums leave the registers: 3x3 windows would take a fifth longer.
    for (; j <= c - 8; j += 8, from += 32, y += 32, index += 32) {
      let m0 = v128.load(from), m1 = v128.load(from, 16);
      let i0 = i32x4.splat(first), i1 = i0;
      for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow, i = first + z * dd + v * dh; u < nx; u++, at += pixel, i += dw) {
            const here = i32x4.splat(i);
            const v0 = v128.load(at), v1 = v128.load(at, 16);
            i0 = later(i0, here, m0, v0);
            i1 = later(i1, here, m1, v1);
            m0 = larger(m0, v0);
            m1 = larger(m1, v1);
          }
        }
      }
      v128.store(y, m0);
      v128.store(y, m1, 16);
      v128.store(index, i0);
      v128.store(index, i1, 16);
    }
    for (; j <= c - 4; j += 4, from += 16, y += 16, index += 16) {
      let m = v128.load(from), best = i32x4.splat(first);
      for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow, i = first + z * dd + v * dh; u < nx; u++, at += pixel, i += dw) {
            const value = v128.load(at);
            best = later(best, i32x4.splat(i), m, value);
            m = larger(m, value);
          }
        }
      }
      v128.store(y, m);
      v128.store(index, best);
    }
  }
  for (; j < c; j++, from += 4, y += 4, index += 4) {
    let m = load<f32>(from), best = first;
    for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
      for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
        for (let u = 0, at = atRow, i = first + z * dd + v * dh; u < nx; u++, at += pixel, i += dw) {
          const value = load<f32>(at);
          const wins = beats(value, m);
          m = reinterpret<f32>(pick(reinterpret<i32>(value), reinterpret<i32>(m), wins));
          best = pick(i, best, wins);
        }
      }
    }
    store<f32>(y, m);
    store<i32>(index, best);
  }
}

/** True if no bit of the fraction is set, and for 0: then 1 / x is exact, too, unless x is out of all proportion to a count. */
// @ts-ignore: decorator
@inline
function isPowerOfTwo(x: f32): bool { return (reinterpret<i32>(x) & 0x7fffff) == 0; }

/** `avgPoolAdjoint`: adds dy / count to every tap of dx. */
export function spread(win: Window, run: i32, image: usize, first: i32, nz: i32, ny: i32, nx: i32, count: f32, dy: usize): void {
  for (const stop = first + run * win.sw; first < stop; first += win.sw, dy += <usize>win.c << 2) {
    spreadAt(win, image, first, nz, ny, nx, count, dy);
  }
}

function spreadAt(win: Window, image: usize, first: i32, nz: i32, ny: i32, nx: i32, count: f32, dy: usize): void {
  const c = win.c;
  const pixel = pixelBytes(win), row = rowBytes(win), plane = planeBytes(win);
  let to = image + (<usize>(first * c) << 2);
  let j = 0;
  if (ASC_FEATURE_SIMD) {
    const divisor = f32x4.splat(count);
    for (; j <= c - 16; j += 16, to += 64, dy += 64) {
      const g0 = f32x4.div(v128.load(dy), divisor), g1 = f32x4.div(v128.load(dy, 16), divisor);
      const g2 = f32x4.div(v128.load(dy, 32), divisor), g3 = f32x4.div(v128.load(dy, 48), divisor);
      for (let z = 0, atPlane = to; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) {
            v128.store(at, f32x4.add(v128.load(at), g0));
            v128.store(at, f32x4.add(v128.load(at, 16), g1), 16);
            v128.store(at, f32x4.add(v128.load(at, 32), g2), 32);
            v128.store(at, f32x4.add(v128.load(at, 48), g3), 48);
          }
        }
      }
    }
    for (; j <= c - 4; j += 4, to += 16, dy += 16) {
      const g = f32x4.div(v128.load(dy), divisor);
      for (let z = 0, atPlane = to; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) v128.store(at, f32x4.add(v128.load(at), g));
        }
      }
    }
  }
  for (; j < c; j++, to += 4, dy += 4) {
    const g = load<f32>(dy) / count;
    for (let z = 0, atPlane = to; z < nz; z++, atPlane += plane) {
      for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
        for (let u = 0, at = atRow; u < nx; u++, at += pixel) store<f32>(at, load<f32>(at) + g);
      }
    }
  }
}
