import { copyRun, fillRun } from "./runs";

// One loop per operation: four lanes at a time, then the rest one by one. The scalar build is the second loop alone, so both
// round alike, element by element.

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
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i <= n - 4; i += 4, a += 16, b += 16, y += 16) v128.store(y, f32x4.add(v128.load(a), v128.load(b)));
  }
  for (; i < n; i++, a += 4, b += 4, y += 4) store<f32>(y, load<f32>(a) + load<f32>(b));
}

/** y[i] = a[i] * b[i]. Overwrites y[0..n); y may be a or b. Adjoint: `mul` by the other factor. */
export function mul(n: i32, a: usize, b: usize, y: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i <= n - 4; i += 4, a += 16, b += 16, y += 16) v128.store(y, f32x4.mul(v128.load(a), v128.load(b)));
  }
  for (; i < n; i++, a += 4, b += 4, y += 4) store<f32>(y, load<f32>(a) * load<f32>(b));
}

/** y[i] = alpha * x[i]. Overwrites y[0..n); y may be x. Adjoint: itself. */
export function scale(n: i32, alpha: f32, x: usize, y: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const v = f32x4.splat(alpha);
    for (; i <= n - 4; i += 4, x += 16, y += 16) v128.store(y, f32x4.mul(v, v128.load(x)));
  }
  for (; i < n; i++, x += 4, y += 4) store<f32>(y, alpha * load<f32>(x));
}

/** y[i] += alpha * x[i]. Accumulates into y[0..n); no overlap. Source: BLAS level 1. */
export function axpy(n: i32, alpha: f32, x: usize, y: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const v = f32x4.splat(alpha);
    for (; i <= n - 4; i += 4, x += 16, y += 16) v128.store(y, f32x4.add(v128.load(y), f32x4.mul(v, v128.load(x))));
  }
  for (; i < n; i++, x += 4, y += 4) store<f32>(y, load<f32>(y) + alpha * load<f32>(x));
}

/** y[i] = max(x[i], 0); NaN stays NaN. Overwrites y[0..n); y may be x. Adjoint: `reluAdjoint`. */
export function relu(n: i32, x: usize, y: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    // pmax(a, b) is a < b ? b : a, one instruction on x64; with x first NaN survives.
    for (; i <= n - 4; i += 4, x += 16, y += 16) v128.store(y, f32x4.pmax(v128.load(x), zero));
  }
  for (; i < n; i++, x += 4, y += 4) {
    const v = load<f32>(x);
    store<f32>(y, v < 0 ? 0 : v);
  }
}

/** dx[i] = dy[i] where y[i] > 0, else 0; y is the output of `relu`. Overwrites dx[0..n); dx may be dy. */
export function reluAdjoint(n: i32, y: usize, dy: usize, dx: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    for (; i <= n - 4; i += 4, y += 16, dy += 16, dx += 16) {
      v128.store(dx, v128.and(v128.load(dy), f32x4.gt(v128.load(y), zero)));
    }
  }
  for (; i < n; i++, y += 4, dy += 4, dx += 4) store<f32>(dx, load<f32>(y) > 0 ? load<f32>(dy) : 0);
}
