import { Window } from "./window";

// What the poolings do at a run of neighbouring output positions, with the box of nz * ny * nx taps that lie inside the image; `first` is
// the flat position of the first box's first tap, (d * H + h) * W + w. In channels-last storage a tap is a run of C floats: sixteen
// channels at a time, then four, then one by one. Where there are sixteen, the last sixteen may have been made in part: the same numbers
// again are cheaper than loops for the rest. The scalar build is the last loop alone. All builds visit the taps in the same order and
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

/** The first of the sixteen channels from j on, or of the last sixteen of c. */
// @ts-ignore: decorator
@inline
function sixteen(j: i32, c: i32): usize { return <usize>min(j, c - 16) << 2; }

/** Windows that `halved` makes before it turns to other channels. */
const PIECE: i32 = 8;

/**
 * `maxPool` without index. Where a NaN may be among the taps they are visited again, with care: their sum tells, in one instruction for a
 * tap. (Infinities of both signs make it a NaN, too.)
 */
export function maximum(win: Window, run: i32, image: usize, first: i32, nz: i32, ny: i32, nx: i32, y: usize): void {
  const c = win.c;
  const pixel = pixelBytes(win), row = rowBytes(win), plane = planeBytes(win), next = windowBytes(win), yStep = <usize>c << 2;
  let from = image + (<usize>(first * c) << 2);
  if (ASC_FEATURE_SIMD) {
    if (c >= 8 && nx == 3 && ny == 3 && nz == 1 && next == pixel << 1) {
      for (let i = 0; i < run; i += PIECE) {
        for (let j = 0; j < c; j += 8) {
          const at = <usize>min(j, c - 8) << 2;
          halved(min(PIECE, run - i), from + <usize>i * next + at, row, pixel, y + <usize>i * yStep + at, yStep);
        }
      }
      return;
    }
    if (c >= 16) {
      for (; run > 0; run--, from += next, y += yStep) {
        for (let j = 0; j < c; j += 16) {
          const box = from + sixteen(j, c), to = y + sixteen(j, c);
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
          v128.store(to, m0);
          v128.store(to, m1, 16);
          v128.store(to, m2, 32);
          v128.store(to, m3, 48);
          s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
          if (v128.any_true(f32x4.ne(s0, s0))) carefully(16, box, nz, ny, nx, plane, row, pixel, to);
        }
      }
      return;
    }
  }
  for (; run > 0; run--, from += next, y += yStep) carefully(c, from, nz, ny, nx, plane, row, pixel, y);
}

/**
 * Maxima of 3x3 windows two columns apart in eight channels: the third column is kept for the next window. The sums run on: behind a
 * NaN all windows of the run are visited again. On 64 channels @112 0.105 ms, by the general loop 0.120, without its sums 0.143; maxima
 * of columns that neighbours share come to 0.111, and take the wrong one of two zeros (relaxed, V8 14.6, AMD EPYC).
 */
function halved(run: i32, box: usize, row: usize, pixel: usize, y: usize, yStep: usize): void {
  const at1 = box + row, at2 = at1 + row;
  let a0 = v128.load(box), b0 = v128.load(at1), d0 = v128.load(at2);
  let a1 = v128.load(box, 16), b1 = v128.load(at1, 16), d1 = v128.load(at2, 16);
  let s0 = f32x4.add(f32x4.add(a0, b0), d0), s1 = f32x4.add(f32x4.add(a1, b1), d1);
  for (; run > 0; run--, y += yStep) {
    let at = box + pixel, third = at + pixel;
    let v = v128.load(at), m0 = f32x4.pmax(a0, v);
    a0 = v128.load(third);
    m0 = f32x4.pmax(m0, a0);
    s0 = f32x4.add(s0, f32x4.add(v, a0));
    v = v128.load(at, 16);
    let m1 = f32x4.pmax(a1, v);
    a1 = v128.load(third, 16);
    m1 = f32x4.pmax(m1, a1);
    s1 = f32x4.add(s1, f32x4.add(v, a1));
    at += row;
    third += row;
    v = v128.load(at);
    m0 = f32x4.pmax(f32x4.pmax(m0, b0), v);
    b0 = v128.load(third);
    m0 = f32x4.pmax(m0, b0);
    s0 = f32x4.add(s0, f32x4.add(v, b0));
    v = v128.load(at, 16);
    m1 = f32x4.pmax(f32x4.pmax(m1, b1), v);
    b1 = v128.load(third, 16);
    m1 = f32x4.pmax(m1, b1);
    s1 = f32x4.add(s1, f32x4.add(v, b1));
    at += row;
    third += row;
    v = v128.load(at);
    m0 = f32x4.pmax(f32x4.pmax(m0, d0), v);
    d0 = v128.load(third);
    v128.store(y, f32x4.pmax(m0, d0));
    s0 = f32x4.add(s0, f32x4.add(v, d0));
    v = v128.load(at, 16);
    m1 = f32x4.pmax(f32x4.pmax(m1, d1), v);
    d1 = v128.load(third, 16);
    v128.store(y, f32x4.pmax(m1, d1), 16);
    s1 = f32x4.add(s1, f32x4.add(v, d1));
    const s = f32x4.add(s0, s1);
    if (v128.any_true(f32x4.ne(s, s))) carefully(8, box, 1, 3, 3, 0, row, pixel, y);
    box += pixel << 1;
  }
}

/** The maximum of one window in c channels, NaN where there is one. */
function carefully(c: i32, box: usize, nz: i32, ny: i32, nx: i32, plane: usize, row: usize, pixel: usize, y: usize): void {
  let j = 0;
  if (ASC_FEATURE_SIMD) {
    for (; j <= c - 4; j += 4, box += 16, y += 16) {
      let m = v128.load(box);
      for (let z = 0, atPlane = box; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) m = larger(m, v128.load(at));
        }
      }
      v128.store(y, m);
    }
  }
  for (; j < c; j++, box += 4, y += 4) {
    let m = load<f32>(box);
    for (let z = 0, atPlane = box; z < nz; z++, atPlane += plane) {
      for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
        for (let u = 0, at = atRow; u < nx; u++, at += pixel) {
          const value = load<f32>(at);
          m = reinterpret<f32>(pick(reinterpret<i32>(value), reinterpret<i32>(m), beats(value, m)));
        }
      }
    }
    store<f32>(y, m);
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
    for (; j <= c - 16; j += 16, from += 64, y += 64, index += 64) {
      let m0 = v128.load(from), m1 = v128.load(from, 16), m2 = v128.load(from, 32), m3 = v128.load(from, 48);
      let i0 = i32x4.splat(first), i1 = i0, i2 = i0, i3 = i0;
      for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow, i = first + z * dd + v * dh; u < nx; u++, at += pixel, i += dw) {
            const here = i32x4.splat(i);
            const v0 = v128.load(at), v1 = v128.load(at, 16), v2 = v128.load(at, 32), v3 = v128.load(at, 48);
            i0 = later(i0, here, m0, v0);
            i1 = later(i1, here, m1, v1);
            i2 = later(i2, here, m2, v2);
            i3 = later(i3, here, m3, v3);
            m0 = larger(m0, v0);
            m1 = larger(m1, v1);
            m2 = larger(m2, v2);
            m3 = larger(m3, v3);
          }
        }
      }
      v128.store(y, m0);
      v128.store(y, m1, 16);
      v128.store(y, m2, 32);
      v128.store(y, m3, 48);
      v128.store(index, i0);
      v128.store(index, i1, 16);
      v128.store(index, i2, 32);
      v128.store(index, i3, 48);
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

/**
 * `avgPool`. Divides, as PyTorch does: a product with the rounded reciprocal would differ in the last bit. That of a power of two is exact,
 * and its product takes a sixth of the time.
 */
export function average(win: Window, run: i32, image: usize, first: i32, nz: i32, ny: i32, nx: i32, count: f32, y: usize): void {
  const c = win.c;
  const pixel = pixelBytes(win), row = rowBytes(win), plane = planeBytes(win), next = windowBytes(win);
  let from = image + (<usize>(first * c) << 2);
  for (let i = 0; i < run; i++, from += next, y += <usize>c << 2) {
    let j = 0;
    if (ASC_FEATURE_SIMD) {
      const divisor = f32x4.splat(count), factor = f32x4.splat(1 / count), exact = isPowerOfTwo(count);
      for (; c >= 16 && j < c; j += 16) {
        const box = from + sixteen(j, c), to = y + sixteen(j, c);
        let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
        for (let z = 0, atPlane = box; z < nz; z++, atPlane += plane) {
          for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
            for (let u = 0, at = atRow; u < nx; u++, at += pixel) {
              s0 = f32x4.add(s0, v128.load(at));
              s1 = f32x4.add(s1, v128.load(at, 16));
              s2 = f32x4.add(s2, v128.load(at, 32));
              s3 = f32x4.add(s3, v128.load(at, 48));
            }
          }
        }
        if (exact) {
          s0 = f32x4.mul(s0, factor);
          s1 = f32x4.mul(s1, factor);
          s2 = f32x4.mul(s2, factor);
          s3 = f32x4.mul(s3, factor);
        } else {
          s0 = f32x4.div(s0, divisor);
          s1 = f32x4.div(s1, divisor);
          s2 = f32x4.div(s2, divisor);
          s3 = f32x4.div(s3, divisor);
        }
        v128.store(to, s0);
        v128.store(to, s1, 16);
        v128.store(to, s2, 32);
        v128.store(to, s3, 48);
      }
      for (; j <= c - 4; j += 4) {
        let s = f32x4.splat(0);
        for (let z = 0, atPlane = from + (<usize>j << 2); z < nz; z++, atPlane += plane) {
          for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
            for (let u = 0, at = atRow; u < nx; u++, at += pixel) s = f32x4.add(s, v128.load(at));
          }
        }
        v128.store(y + (<usize>j << 2), f32x4.div(s, divisor));
      }
    }
    for (; j < c; j++) {
      let s: f32 = 0;
      for (let z = 0, atPlane = from + (<usize>j << 2); z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) s += load<f32>(at);
        }
      }
      store<f32>(y + (<usize>j << 2), s / count);
    }
  }
}

/** True if no bit of the fraction is set: then 1 / x is exact, too, unless x is out of all proportion to a count. */
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
