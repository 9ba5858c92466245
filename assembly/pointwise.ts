import { storeLanes } from "./lanes";
import { map, map2, mapWith } from "./map";
import { four, ZERO } from "./numbers";
import { copyRun, fillRun } from "./runs";

// Both forms of a function, for lanes and for one number, round alike: all builds agree bit for bit.

/** y[i] = value. Overwrites y[0..n). */
export function fill(n: i32, value: f32, y: usize): void {
  fillRun(n, value, y);
}

/** y[i] = x[i]. Overwrites y[0..n); no overlap. */
export function copy(n: i32, x: usize, y: usize): void {
  copyRun(n, x, y);
}

/** y[i] = a[i] + b[i]. Overwrites y[0..n); y may be a or b. Adjoint: dy, in both. */
export function add(n: i32, a: usize, b: usize, y: usize): void {
  map2<Add>(n, a, b, y);
}

/** y[i] = a[i] * b[i]. Overwrites y[0..n); y may be a or b. Adjoint: `mul` by the other factor. */
export function mul(n: i32, a: usize, b: usize, y: usize): void {
  map2<Mul>(n, a, b, y);
}

/** y[i] = alpha * x[i]. Overwrites y[0..n); y may be x. Adjoint: itself. */
export function scale(n: i32, alpha: f32, x: usize, y: usize): void {
  mapWith<Scale>(n, alpha, 0, x, y);
}

/** y[i] += alpha * x[i]. Accumulates into y[0..n); no overlap. Source: BLAS level 1. */
export function axpy(n: i32, alpha: f32, x: usize, y: usize): void {
  if (ASC_FEATURE_SIMD) {
    const alphas = f32x4.splat(alpha);
    for (; ; x += 16, y += 16) {
      const v = f32x4.add(v128.load(y), f32x4.mul(alphas, v128.load(x)));
      if ((n -= 4) <= 0) return storeLanes(n, v, y);
      v128.store(y, v);
    }
  } else {
    for (; n > 0; n--, x += 4, y += 4) store<f32>(y, load<f32>(y) + alpha * load<f32>(x));
  }
}

/** y[i] = max(x[i], 0); NaN stays NaN. Overwrites y[0..n); y may be x. Adjoint: `reluAdjoint`. */
export function relu(n: i32, x: usize, y: usize): void {
  map<Relu>(n, x, y);
}

/** dx[i] = 0 where y[i] <= 0, else dy[i], for NaN too; y is the output of `relu`. Overwrites dx[0..n); dx may be dy. */
export function reluAdjoint(n: i32, y: usize, dy: usize, dx: usize): void {
  map2<ReluAdjoint>(n, y, dy, dx);
}

@final @unmanaged
export class Add {
  @inline lanes(a: v128, b: v128): v128 { return f32x4.add(a, b); }
  @inline one(a: f32, b: f32): f32 { return a + b; }
}

@final @unmanaged
export class Mul {
  @inline lanes(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
  @inline one(a: f32, b: f32): f32 { return a * b; }
}

@final @unmanaged
class Scale {
  @inline lanes(x: v128, alpha: v128, _: v128): v128 { return f32x4.mul(alpha, x); }
  @inline one(x: f32, alpha: f32, _: f32): f32 { return alpha * x; }
}

@final @unmanaged
class Relu {
  // pmax(a, b) is a < b ? b : a, one instruction on x64; with x first NaN survives.
  @inline lanes(x: v128): v128 { return f32x4.pmax(x, four(ZERO)); }
  @inline one(x: f32): f32 { return x < 0 ? 0 : x; }
}

@final @unmanaged
class ReluAdjoint {
  @inline lanes(y: v128, dy: v128): v128 { return v128.andnot(dy, f32x4.le(y, four(ZERO))); }
  @inline one(y: f32, dy: f32): f32 { return y <= 0 ? 0 : dy; }
}
