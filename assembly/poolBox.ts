import { Window } from "./window";

// What the poolings do at one output position, with the box of nz * ny * nx taps that lie inside the image; `first` is the flat
// position of the box's first tap, (d * H + h) * W + w. In channels-last storage a tap is a run of C floats: sixteen channels at
// a time, then four, then one by one. The scalar build is the last loop alone. All builds visit the taps in the same order and
// agree bit for bit, but for the bits of a NaN.
//
// Shapes:   image [D, H, W, C], one image of the batch; y, dy and index [C], at the position.
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

/** `maxPool` at one position, without index. */
export function maximum(win: Window, image: usize, first: i32, nz: i32, ny: i32, nx: i32, y: usize): void {
  const c = win.c;
  const pixel = pixelBytes(win), row = rowBytes(win), plane = planeBytes(win);
  let from = image + (<usize>(first * c) << 2);
  let j = 0;
  if (ASC_FEATURE_SIMD) {
    for (; j <= c - 16; j += 16, from += 64, y += 64) {
      let m0 = v128.load(from), m1 = v128.load(from, 16), m2 = v128.load(from, 32), m3 = v128.load(from, 48);
      for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) {
            m0 = larger(m0, v128.load(at));
            m1 = larger(m1, v128.load(at, 16));
            m2 = larger(m2, v128.load(at, 32));
            m3 = larger(m3, v128.load(at, 48));
          }
        }
      }
      v128.store(y, m0);
      v128.store(y, m1, 16);
      v128.store(y, m2, 32);
      v128.store(y, m3, 48);
    }
    for (; j <= c - 4; j += 4, from += 16, y += 16) {
      let m = v128.load(from);
      for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) m = larger(m, v128.load(at));
        }
      }
      v128.store(y, m);
    }
  }
  for (; j < c; j++, from += 4, y += 4) {
    let m = load<f32>(from);
    for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
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

/** `maxPool` at one position, with index. */
export function winner(win: Window, image: usize, first: i32, nz: i32, ny: i32, nx: i32, y: usize, index: usize): void {
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

/** `avgPool` at one position. Divides, as PyTorch does: a product with the rounded reciprocal would differ in the last bit. */
export function average(win: Window, image: usize, first: i32, nz: i32, ny: i32, nx: i32, count: f32, y: usize): void {
  const c = win.c;
  const pixel = pixelBytes(win), row = rowBytes(win), plane = planeBytes(win);
  let from = image + (<usize>(first * c) << 2);
  let j = 0;
  if (ASC_FEATURE_SIMD) {
    const divisor = f32x4.splat(count);
    for (; j <= c - 16; j += 16, from += 64, y += 64) {
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) {
            s0 = f32x4.add(s0, v128.load(at));
            s1 = f32x4.add(s1, v128.load(at, 16));
            s2 = f32x4.add(s2, v128.load(at, 32));
            s3 = f32x4.add(s3, v128.load(at, 48));
          }
        }
      }
      v128.store(y, f32x4.div(s0, divisor));
      v128.store(y, f32x4.div(s1, divisor), 16);
      v128.store(y, f32x4.div(s2, divisor), 32);
      v128.store(y, f32x4.div(s3, divisor), 48);
    }
    for (; j <= c - 4; j += 4, from += 16, y += 16) {
      let s = f32x4.splat(0);
      for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
        for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
          for (let u = 0, at = atRow; u < nx; u++, at += pixel) s = f32x4.add(s, v128.load(at));
        }
      }
      v128.store(y, f32x4.div(s, divisor));
    }
  }
  for (; j < c; j++, from += 4, y += 4) {
    let s: f32 = 0;
    for (let z = 0, atPlane = from; z < nz; z++, atPlane += plane) {
      for (let v = 0, atRow = atPlane; v < ny; v++, atRow += row) {
        for (let u = 0, at = atRow; u < nx; u++, at += pixel) s += load<f32>(at);
      }
    }
    store<f32>(y, s / count);
  }
}

/** `avgPoolAdjoint` at one position: adds dy / count to every tap of dx. */
export function spread(win: Window, image: usize, first: i32, nz: i32, ny: i32, nx: i32, count: f32, dy: usize): void {
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
