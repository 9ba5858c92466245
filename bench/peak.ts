import { madd } from "../assembly/lanes";

// The machine's multiply-add peak in one build, as plain as can be: independent sums in registers, nothing read or written.
// Compiled for the bench alone (`bench/index.ts` calls asc), once per build.

/**
 * Runs `n` rounds of 12 independent multiply-adds: 24 operations per round and lane. Twelve chains hide the latency of four
 * cycles at two multiply-adds a cycle. Reads 4 floats from x (factors, passed through memory because V8 rebuilds v128
 * constants in every round), and stores the sums so that nothing is optimised away.
 */
export function peak(n: i32, x: usize, out: usize): void {
  if (ASC_FEATURE_SIMD) {
    const a = v128.load32_splat(x), b = v128.load32_splat(x, 4);
    let s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
    for (; n > 0; n--) {
      s0 = madd(s0, b, a); s1 = madd(s1, b, a); s2 = madd(s2, b, a); s3 = madd(s3, b, a);
      s4 = madd(s4, b, a); s5 = madd(s5, b, a); s6 = madd(s6, b, a); s7 = madd(s7, b, a);
      s8 = madd(s8, b, a); s9 = madd(s9, b, a); s10 = madd(s10, b, a); s11 = madd(s11, b, a);
    }
    s0 = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7)));
    v128.store(out, f32x4.add(s0, f32x4.add(f32x4.add(s8, s9), f32x4.add(s10, s11))));
  } else {
    const a = load<f32>(x), b = load<f32>(x, 4);
    let s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
    for (; n > 0; n--) {
      s0 = s0 * b + a; s1 = s1 * b + a; s2 = s2 * b + a; s3 = s3 * b + a;
      s4 = s4 * b + a; s5 = s5 * b + a; s6 = s6 * b + a; s7 = s7 * b + a;
      s8 = s8 * b + a; s9 = s9 * b + a; s10 = s10 * b + a; s11 = s11 * b + a;
    }
    store<f32>(out, ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)) + ((s8 + s9) + (s10 + s11)));
  }
}

