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
 * y[0..n + 4) = the first n + 4 lanes of v, -4 <= n <= 0: the end of a run of n + 4 numbers or fewer, where n has been counted down by 4
 * for each vector. Not inlined: it is called once for a run.
 */
export function storeLanes(n: i32, v: v128, y: usize): void {
  if (n == 0) return v128.store(y, v);
  if (n & 2) {
    v128.store64_lane(y, v, 0);
    v = v128.shuffle<f32>(v, v, 2, 3, 2, 3);
    y += 8;
  }
  if (n & 1) v128.store32_lane(y, v, 0);
}

// Ones, then zeros.
const MASKS: usize = memory.data<i32>([-1, -1, -1, -1, 0, 0, 0, 0]);

/** All bits in the first n lanes, 0 <= n <= 4, and none in the others. */
// @ts-ignore: decorator
@inline
export function firstLanes(n: i32): v128 {
  return v128.load(MASKS + 16 - (<usize>n << 2));
}
