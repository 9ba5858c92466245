import { storeLanes } from "./lanes";

/**
 * y[i] = x[i] scale or x[i] 0, by chance: 0 where the hash of (key0, key1, i) lies below threshold, so with the probability
 * threshold / 2^32. Linear, and its own adjoint: the same keys make the same choice again, no mask is stored.
 *
 * A counter in, a random number out: any element on its own, in any order. Key and counter go through the mixing function
 * twice, so that the masks of two keys are no rearrangements of each other.
 *
 * Shapes:   x, y [n].
 * Writes:   overwrites y; y may be x.
 * Adjoint:  itself.
 * Source:   C. Wellons, "Prospecting for hash functions", 2018, the function lowbias32.
 */
export function dropout(n: i32, key0: u32, key1: u32, threshold: u32, scale: f32, x: usize, y: usize): void {
  if (ASC_FEATURE_SIMD) {
    const a = i32x4.splat(key0), b = i32x4.splat(key1), t = i32x4.splat(threshold), s = f32x4.splat(scale);
    const m1 = i32x4.splat(MULTIPLIER1), m2 = i32x4.splat(MULTIPLIER2), four = i32x4.splat(4);
    let index = i32x4(0, 1, 2, 3);
    for (; ; x += 16, y += 16) {
      const hash = mixLanes(v128.xor(mixLanes(i32x4.add(index, a), m1, m2), b), m1, m2);
      const v = f32x4.mul(v128.load(x), v128.and(s, i32x4.ge_u(hash, t)));
      if ((n -= 4) <= 0) return storeLanes(n, v, y);
      v128.store(y, v);
      index = i32x4.add(index, four);
    }
  } else {
    for (let i = 0; i < n; i++, x += 4, y += 4) {
      store<f32>(y, load<f32>(x) * (mix(mix(<u32>i + key0) ^ key1) >= threshold ? scale : 0));
    }
  }
}

const MULTIPLIER1: u32 = 0x7feb352d;
const MULTIPLIER2: u32 = 0x846ca68b;

// @ts-ignore: decorator
@inline
function mix(x: u32): u32 {
  x ^= x >> 16;
  x *= MULTIPLIER1;
  x ^= x >> 15;
  x *= MULTIPLIER2;
  return x ^ (x >> 16);
}

// @ts-ignore: decorator
@inline
function mixLanes(x: v128, m1: v128, m2: v128): v128 {
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, m1);
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, m2);
  return v128.xor(x, i32x4.shr_u(x, 16));
}
