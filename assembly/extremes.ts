import { storeLanes } from "./lanes";
import { map2With } from "./map";
import { four, MINUS_INFINITY, ZERO } from "./numbers";
import { scale } from "./pointwise";
import { copyRun, fillRun } from "./runs";

// Largest and smallest elements along an axis. A NaN counts as larger and as smaller than anything else: it is found. The smallest is
// the largest of the numbers with the other sign: `sign` is 1 or -1.

/**
 * y[o, i] = the largest of x[o, j, i] over j.
 *
 * Shapes:   x [outer, n, inner], y [outer, inner].
 * Writes:   overwrites y.
 * Requires: n > 0.
 */
export function maxAxis(outer: i32, n: i32, inner: i32, x: usize, y: usize): void {
  extreme(1, outer, n, inner, x, y);
}

/** The smallest, otherwise as `maxAxis`. */
export function minAxis(outer: i32, n: i32, inner: i32, x: usize, y: usize): void {
  extreme(-1, outer, n, inner, x, y);
}

/**
 * index[o, i] = the first j where x[o, j, i] is largest, y[o, i] = x there.
 *
 * Shapes:   x [outer, n, inner]; y, index [outer, inner], index i32.
 * Writes:   overwrites y and index.
 * Requires: n > 0.
 * Adjoint:  `scatterElements`, with one index per line.
 */
export function argmaxAxis(outer: i32, n: i32, inner: i32, x: usize, y: usize, index: usize): void {
  argExtreme(1, outer, n, inner, x, y, index);
}

/** The smallest, otherwise as `argmaxAxis`. */
export function argminAxis(outer: i32, n: i32, inner: i32, x: usize, y: usize, index: usize): void {
  argExtreme(-1, outer, n, inner, x, y, index);
}

function extreme(sign: f32, outer: i32, n: i32, inner: i32, x: usize, y: usize): void {
  const row = <usize>inner << 2;
  for (; outer > 0; outer--, y += row) {
    if (inner == 1) {
      store<f32>(y, largest(sign, n, x));
      x += <usize>n << 2;
    } else {
      scale(inner, sign, x, y);
      x += row;
      for (let j = 1; j < n; j++, x += row) raise(sign, inner, x, y);
      scale(inner, sign, y, y);
    }
  }
}

function argExtreme(sign: f32, outer: i32, n: i32, inner: i32, x: usize, y: usize, index: usize): void {
  const row = <usize>inner << 2;
  for (; outer > 0; outer--, y += row, index += row) {
    if (inner == 1) {
      const at = place(n, largest(sign, n, x), x);
      store<f32>(y, load<f32>(x + at));
      store<i32>(index, <i32>(at >> 2));
      x += <usize>n << 2;
    } else {
      copyRun(inner, x, y);
      fillRun(inner, 0, index);
      x += row;
      for (let j = 1; j < n; j++, x += row) raiseAt(sign, inner, j, x, y, index);
    }
  }
}

/** y[i] = the larger of sign x[i] and y[i]. */
function raise(sign: f32, n: i32, x: usize, y: usize): void {
  map2With<Raise>(n, sign, 0, x, y, y);
}

/** y[i] = x[i] where that is larger, or smaller, and index[i] = j there. */
function raiseAt(sign: f32, n: i32, j: i32, x: usize, y: usize, index: usize): void {
  if (ASC_FEATURE_SIMD) {
    const signs = f32x4.splat(sign), here = i32x4.splat(j);
    for (; ; x += 16, y += 16, index += 16) {
      const v = v128.load(x), best = v128.load(y);
      const wins = above4(f32x4.mul(v, signs), f32x4.mul(best, signs));
      const r = v128.bitselect(v, best, wins), at = v128.bitselect(here, v128.load(index), wins);
      if ((n -= 4) <= 0) {
        storeLanes(n, at, index);
        return storeLanes(n, r, y);
      }
      v128.store(index, at);
      v128.store(y, r);
    }
  } else {
    for (; n > 0; n--, x += 4, y += 4, index += 4) {
      const v = load<f32>(x);
      if (above1(v * sign, load<f32>(y) * sign)) {
        store<f32>(y, v);
        store<i32>(index, j);
      }
    }
  }
}

/** The largest of n > 0 numbers, or the smallest; NaN if one is. */
export function largest(sign: f32, n: i32, x: usize): f32 {
  let best: f32 = -Infinity;
  if (ASC_FEATURE_SIMD) {
    if (n >= 8) {
      const signs = f32x4.splat(sign), last = x + (<usize>(n - 8) << 2);
      // Two chains: one would wait for itself. pmax(a, b) is a < b ? b : a; it drops a NaN in b, which is noted. The last eight may have
      // been seen before: it does not matter.
      let best0 = four(MINUS_INFINITY), best1 = best0, nan = four(ZERO);
      for (; ; x = min(x + 32, last)) {
        const v0 = f32x4.mul(v128.load(x), signs), v1 = f32x4.mul(v128.load(x, 16), signs);
        best0 = f32x4.pmax(best0, v0);
        best1 = f32x4.pmax(best1, v1);
        nan = v128.or(nan, v128.or(f32x4.ne(v0, v0), f32x4.ne(v1, v1)));
        if (x == last) break;
      }
      if (v128.any_true(nan)) return NaN;
      best0 = f32x4.pmax(best0, best1);
      best0 = f32x4.pmax(best0, v128.shuffle<f32>(best0, best0, 2, 3, 0, 1));
      best0 = f32x4.pmax(best0, v128.shuffle<f32>(best0, best0, 1, 0, 3, 2));
      return f32x4.extract_lane(best0, 0) * sign;
    }
  }
  for (; n > 0; n--, x += 4) {
    const v = load<f32>(x) * sign;
    if (above1(v, best)) best = v;
  }
  return best * sign;
}

/** Where the first x that equals a value lies, or the first NaN, in bytes; behind the last if there is none. */
export function place(n: i32, value: f32, x: usize): usize {
  const end = <usize>n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD) {
    const values = f32x4.splat(value);
    for (; i < end; i += 16) {
      const v = v128.load(x + i);
      const hits = i32x4.bitmask(v128.or(f32x4.eq(v, values), f32x4.ne(v, v)));
      if (hits != 0) return min(i + (<usize>ctz(hits) << 2), end);
    }
    return end;
  } else {
    for (; i < end; i += 4) {
      const v = load<f32>(x + i);
      if (v == value || v != v) break;
    }
    return i;
  }
}

/** Where v takes the place of the best: not at most the best, so that a NaN wins; but not over a NaN, which came first. */
// @ts-ignore: decorator
@inline
function above4(v: v128, best: v128): v128 { return v128.andnot(f32x4.eq(best, best), f32x4.le(v, best)); }

// @ts-ignore: decorator
@inline
function above1(v: f32, best: f32): bool { return !(v <= best) && best == best; }

@final @unmanaged
class Raise {
  // pmax(a, b) is a < b ? b : a, one instruction on x64 where `f32x4.max` takes eight; it drops a NaN in b.
  @inline lanes(x: v128, best: v128, sign: v128, _: v128): v128 {
    const v = f32x4.mul(x, sign);
    return v128.bitselect(v, f32x4.pmax(best, v), f32x4.ne(v, v));
  }
  @inline one(x: f32, best: f32, sign: f32, _: f32): f32 {
    const v = x * sign;
    return above1(v, best) ? v : best;
  }
}
