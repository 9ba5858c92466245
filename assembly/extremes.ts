import { Maximum, Minimum } from "./arithmetic";
import { map2 } from "./map";
import { copyRun, fillRun } from "./runs";

// Largest and smallest elements along an axis. A NaN counts as larger and as smaller than anything else: it is found.

/**
 * y[o, i] = the largest of x[o, j, i] over j.
 *
 * Shapes:   x [outer, n, inner], y [outer, inner].
 * Writes:   overwrites y.
 * Requires: n > 0.
 */
export function maxAxis(outer: i32, n: i32, inner: i32, x: usize, y: usize): void {
  extreme<Maximum>(outer, n, inner, x, y);
}

/** The smallest, otherwise as `maxAxis`. */
export function minAxis(outer: i32, n: i32, inner: i32, x: usize, y: usize): void {
  extreme<Minimum>(outer, n, inner, x, y);
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
  argExtreme<Above>(outer, n, inner, x, y, index);
}

/** The smallest, otherwise as `argmaxAxis`. */
export function argminAxis(outer: i32, n: i32, inner: i32, x: usize, y: usize, index: usize): void {
  argExtreme<Below>(outer, n, inner, x, y, index);
}

// @ts-ignore: decorator
@inline
function extreme<F>(outer: i32, n: i32, inner: i32, x: usize, y: usize): void {
  for (; outer > 0; outer--, y += <usize>inner << 2) {
    if (inner == 1) {
      store<f32>(y, fold<F>(n, x));
      x += <usize>n << 2;
    } else {
      copyRun(inner, x, y);
      x += <usize>inner << 2;
      for (let j = 1; j < n; j++, x += <usize>inner << 2) row<F>(inner, x, y);
    }
  }
}

// A function of its own, so that its loop is compiled once.
function row<F>(n: i32, x: usize, y: usize): void {
  map2<F>(n, y, x, y);
}

/** F over n > 0 numbers. Two chains of lanes: one would wait for itself. */
function fold<F>(n: i32, x: usize): f32 {
  const f = changetype<F>(0);
  let y = load<f32>(x);
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    if (n >= 8) {
      let y0 = v128.load(x), y1 = v128.load(x, 16);
      for (i = 8, x += 32; i <= n - 8; i += 8, x += 32) {
        y0 = f.lanes(y0, v128.load(x));
        y1 = f.lanes(y1, v128.load(x, 16));
      }
      y0 = f.lanes(y0, y1);
      y = f.one(f.one(f32x4.extract_lane(y0, 0), f32x4.extract_lane(y0, 1)), f.one(f32x4.extract_lane(y0, 2), f32x4.extract_lane(y0, 3)));
    }
  }
  for (; i < n; i++, x += 4) y = f.one(y, load<f32>(x));
  return y;
}

// @ts-ignore: decorator
@inline
function argExtreme<F>(outer: i32, n: i32, inner: i32, x: usize, y: usize, index: usize): void {
  const f = changetype<F>(0);
  for (; outer > 0; outer--, y += <usize>inner << 2, index += <usize>inner << 2) {
    if (inner == 1) {
      let best = load<f32>(x), at = 0;
      x += 4;
      for (let j = 1; j < n; j++, x += 4) {
        const v = load<f32>(x);
        if (f.wins(v, best)) {
          best = v;
          at = j;
        }
      }
      store<f32>(y, best);
      store<i32>(index, at);
    } else {
      copyRun(inner, x, y);
      fillRun(inner, 0, index);
      x += <usize>inner << 2;
      for (let j = 1; j < n; j++) {
        for (let i: usize = 0; i < <usize>inner << 2; i += 4, x += 4) {
          const v = load<f32>(x);
          if (f.wins(v, load<f32>(y + i))) {
            store<f32>(y + i, v);
            store<i32>(index + i, j);
          }
        }
      }
    }
  }
}

// Not at most the best, so that a NaN wins; but not over a NaN, which came first.
@final @unmanaged
class Above {
  @inline wins(v: f32, best: f32): bool { return !(v <= best) && best == best; }
}

@final @unmanaged
class Below {
  @inline wins(v: f32, best: f32): bool { return !(v >= best) && best == best; }
}
