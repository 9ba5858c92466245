// The SIMD words that differ between the builds. Everything else that is vectorised is written with
// AssemblyScript's own `f32x4` names behind `if (ASC_FEATURE_SIMD)`.

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
