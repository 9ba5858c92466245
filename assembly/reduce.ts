import { storeLanes } from "./lanes";
import { copyRun, fillRun } from "./runs";

/** Rows that are summed before their sum joins the total: keeps the rounding error of long sums down. */
const BLOCK: i32 = 128;

/**
 * y[j] = sum over i of x[i, j].
 *
 * Shapes:   x [rows, n], y [n].
 * Writes:   overwrites y.
 * Adjoint:  `repeatRow`.
 */
export function sumRows(rows: i32, n: i32, x: usize, y: usize): void {
  fillRun(n, 0, y);
  const step = <usize>n << 2;
  for (let i0 = 0; i0 < rows; i0 += BLOCK) {
    const count = min(BLOCK, rows - i0);
    let j = 0;
    if (ASC_FEATURE_SIMD) {
      // Whole cache lines where there are, and four sums at a time.
      for (; j <= n - 16; j += 16) {
        let from = x + (<usize>j << 2);
        let s0 = v128.load(from), s1 = v128.load(from, 16), s2 = v128.load(from, 32), s3 = v128.load(from, 48);
        for (let i = 1; i < count; i++) {
          from += step;
          s0 = f32x4.add(s0, v128.load(from));
          s1 = f32x4.add(s1, v128.load(from, 16));
          s2 = f32x4.add(s2, v128.load(from, 32));
          s3 = f32x4.add(s3, v128.load(from, 48));
        }
        const to = y + (<usize>j << 2);
        v128.store(to, f32x4.add(v128.load(to), s0));
        v128.store(to, f32x4.add(v128.load(to, 16), s1), 16);
        v128.store(to, f32x4.add(v128.load(to, 32), s2), 32);
        v128.store(to, f32x4.add(v128.load(to, 48), s3), 48);
      }
      for (; j < n; j += 4) {
        let from = x + (<usize>j << 2);
        let sum = v128.load(from);
        for (let i = 1; i < count; i++) {
          from += step;
          sum = f32x4.add(sum, v128.load(from));
        }
        const to = y + (<usize>j << 2);
        sum = f32x4.add(v128.load(to), sum);
        storeLanes(min(n - j, 4) - 4, sum, to);
      }
    } else {
      for (; j < n; j++) {
        let from = x + (<usize>j << 2);
        let sum = load<f32>(from);
        for (let i = 1; i < count; i++) {
          from += step;
          sum += load<f32>(from);
        }
        const to = y + (<usize>j << 2);
        store<f32>(to, load<f32>(to) + sum);
      }
    }
    x += <usize>count * step;
  }
}

/**
 * y[i, j] = x[j] for every row i.
 *
 * Shapes:   x [n], y [rows, n].
 * Writes:   overwrites y.
 * Adjoint:  `sumRows`.
 */
export function repeatRow(rows: i32, n: i32, x: usize, y: usize): void {
  for (let i = 0; i < rows; i++) {
    copyRun(n, x, y);
    y += <usize>n << 2;
  }
}

/**
 * y[o, i] = sum over j of x[o, j, i]. Where the axis is the innermost, in double precision and rounded once; otherwise in
 * blocks.
 *
 * Shapes:   x [outer, n, inner], y [outer, inner].
 * Writes:   overwrites y.
 * Adjoint:  `expand`.
 */
export function sumAxis(outer: i32, n: i32, inner: i32, x: usize, y: usize): void {
  for (; outer > 0; outer--, x += <usize>(n * inner) << 2, y += <usize>inner << 2) {
    if (inner == 1) store<f32>(y, <f32>total(n, x));
    else sumRows(n, inner, x, y);
  }
}

/** Sum of x[0..n) in double precision. Eight sums, element i in sum i % 8: enough to hide the latency of additions, and the same order in every build. */
export function total(n: i32, x: usize): f64 {
  let rest: f64 = 0;
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0, s4: f64 = 0, s5: f64 = 0, s6: f64 = 0, s7: f64 = 0;
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    let v0 = f64x2.splat(0), v1 = v0, v2 = v0, v3 = v0;
    for (; i <= n - 8; i += 8, x += 32) {
      v0 = f64x2.add(v0, f64x2.promote_low_f32x4(v128.load64_zero(x)));
      v1 = f64x2.add(v1, f64x2.promote_low_f32x4(v128.load64_zero(x, 8)));
      v2 = f64x2.add(v2, f64x2.promote_low_f32x4(v128.load64_zero(x, 16)));
      v3 = f64x2.add(v3, f64x2.promote_low_f32x4(v128.load64_zero(x, 24)));
    }
    s0 = f64x2.extract_lane(v0, 0); s1 = f64x2.extract_lane(v0, 1);
    s2 = f64x2.extract_lane(v1, 0); s3 = f64x2.extract_lane(v1, 1);
    s4 = f64x2.extract_lane(v2, 0); s5 = f64x2.extract_lane(v2, 1);
    s6 = f64x2.extract_lane(v3, 0); s7 = f64x2.extract_lane(v3, 1);
  } else {
    for (; i <= n - 8; i += 8, x += 32) {
      s0 += load<f32>(x); s1 += load<f32>(x, 4); s2 += load<f32>(x, 8); s3 += load<f32>(x, 12);
      s4 += load<f32>(x, 16); s5 += load<f32>(x, 20); s6 += load<f32>(x, 24); s7 += load<f32>(x, 28);
    }
  }
  for (; i < n; i++, x += 4) rest += load<f32>(x);
  return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)) + rest;
}

/** Sum of a[i] * b[i] in double precision: element i in sum i % 4, the last n % 4 in sum 0. */
export function dotRun(n: i32, a: usize, b: usize): f64 {
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
  if (ASC_FEATURE_SIMD) {
    let low = f64x2.splat(0), high = low;
    for (; n >= 4; n -= 4, a += 16, b += 16) {
      low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a)), f64x2.promote_low_f32x4(v128.load64_zero(b))));
      high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a, 8)), f64x2.promote_low_f32x4(v128.load64_zero(b, 8))));
    }
    s0 = f64x2.extract_lane(low, 0);
    s1 = f64x2.extract_lane(low, 1);
    s2 = f64x2.extract_lane(high, 0);
    s3 = f64x2.extract_lane(high, 1);
  } else {
    for (; n >= 4; n -= 4, a += 16, b += 16) {
      s0 += <f64>load<f32>(a) * <f64>load<f32>(b);
      s1 += <f64>load<f32>(a, 4) * <f64>load<f32>(b, 4);
      s2 += <f64>load<f32>(a, 8) * <f64>load<f32>(b, 8);
      s3 += <f64>load<f32>(a, 12) * <f64>load<f32>(b, 12);
    }
  }
  for (; n > 0; n--, a += 4, b += 4) s0 += <f64>load<f32>(a) * <f64>load<f32>(b);
  return (s0 + s1) + (s2 + s3);
}
