import { storeLanes } from "./lanes";

// The loop over elementwise functions, written once. A function is a class without fields whose methods say what it does to
// four lanes and to one number; `map<F>` compiles to a loop of its own with one of them inlined. The last lanes are computed
// like all others, and only those inside are stored: up to 16 bytes behind an operand are read.

/** y[i] = F(x[i]): four at a time, or one by one in the scalar build. */
// @ts-ignore: decorator
@inline
export function map<F>(n: i32, x: usize, y: usize): void {
  const f = changetype<F>(0);
  if (ASC_FEATURE_SIMD) {
    for (; ; x += 16, y += 16) {
      const v = f.lanes(v128.load(x));
      if ((n -= 4) <= 0) return storeLanes(n, v, y);
      v128.store(y, v);
    }
  } else {
    for (; n > 0; n--, x += 4, y += 4) store<f32>(y, f.one(load<f32>(x)));
  }
}

/** y[i] = F(a[i], b[i]). */
// @ts-ignore: decorator
@inline
export function map2<F>(n: i32, a: usize, b: usize, y: usize): void {
  const f = changetype<F>(0);
  if (ASC_FEATURE_SIMD) {
    for (; ; a += 16, b += 16, y += 16) {
      const v = f.lanes(v128.load(a), v128.load(b));
      if ((n -= 4) <= 0) return storeLanes(n, v, y);
      v128.store(y, v);
    }
  } else {
    for (; n > 0; n--, a += 4, b += 4, y += 4) store<f32>(y, f.one(load<f32>(a), load<f32>(b)));
  }
}

/** y[i] = F(x[i]; a, b): a function with two parameters. */
// @ts-ignore: decorator
@inline
export function mapWith<F>(n: i32, a: f32, b: f32, x: usize, y: usize): void {
  const f = changetype<F>(0);
  if (ASC_FEATURE_SIMD) {
    const as = f32x4.splat(a), bs = f32x4.splat(b);
    for (; ; x += 16, y += 16) {
      const v = f.lanes(v128.load(x), as, bs);
      if ((n -= 4) <= 0) return storeLanes(n, v, y);
      v128.store(y, v);
    }
  } else {
    for (; n > 0; n--, x += 4, y += 4) store<f32>(y, f.one(load<f32>(x), a, b));
  }
}

/** y[i] = F(x[i], z[i]; a, b): a function of two arguments with two parameters. */
// @ts-ignore: decorator
@inline
export function map2With<F>(n: i32, a: f32, b: f32, x: usize, z: usize, y: usize): void {
  const f = changetype<F>(0);
  if (ASC_FEATURE_SIMD) {
    const as = f32x4.splat(a), bs = f32x4.splat(b);
    for (; ; x += 16, z += 16, y += 16) {
      const v = f.lanes(v128.load(x), v128.load(z), as, bs);
      if ((n -= 4) <= 0) return storeLanes(n, v, y);
      v128.store(y, v);
    }
  } else {
    for (; n > 0; n--, x += 4, z += 4, y += 4) store<f32>(y, f.one(load<f32>(x), load<f32>(z), a, b));
  }
}
