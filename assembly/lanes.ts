// The SIMD words that AssemblyScript lacks, and those that differ between the builds. Everything else that is vectorised is
// written with its own `f32x4` names behind `if (ASC_FEATURE_SIMD)`.

/**
 * a * b + c in four lanes.
 *
 * Relaxed SIMD: `f32x4.relaxed_madd`, one fused instruction on every current CPU, rounded once. SIMD: a multiplication
 * and an addition, rounded twice, as the scalar build does. Pays only with eight or more independent sums.
 */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * y[0..n mod 4) = the first lanes of v: the end of a run that was computed four at a time. Only the last two bits of n count, so
 * that it may have been counted down below 0. Not inlined: it is called once for a run.
 */
export function storeLanes(n: i32, v: v128, y: usize): void {
  if (n & 2) {
    v128.store64_lane(y, v, 0);
    v = v128.shuffle<f32>(v, v, 2, 3, 2, 3);
    y += 8;
  }
  if (n & 1) v128.store32_lane(y, v, 0);
}
