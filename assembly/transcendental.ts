// exp and log in float32, for one number and for four lanes. Both do the same operations in the same order, and neither fuses a
// product with a sum: every build gives the same bits. Largest error over all floats: exp 0.991 ulp, log 0.830 ulp.
//
// Method and coefficients: Moshier, Cephes single precision, expf.c and logf.c.

/** e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln 2 / 2, and e^r = 1 + r + r^2 P(r). */
export function exp1(x: f32): f32 {
  if (ASC_FEATURE_SIMD) return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
  // Below the first number the result rounds to 0, above the second to infinity. NaN fails both comparisons and goes on.
  x = x < one(EXP_LEAST) ? one(EXP_LEAST) : x;
  x = x > one(EXP_MOST) ? one(EXP_MOST) : x;
  const rounded = x * one(LOG2E) + one(ROUND);
  const n = rounded - one(ROUND);
  const r = x - n * one(LN2_HIGH) - n * one(LN2_LOW);
  let p: f32 = one(E0);
  p = p * r + one(E1);
  p = p * r + one(E2);
  p = p * r + one(E3);
  p = p * r + one(E4);
  p = p * r + one(E5);
  const e = p * (r * r) + r + 1;
  // In two factors, since 2^n may lie outside of what is normal when the result does not.
  const exponent = reinterpret<i32>(rounded) - ROUND_BITS;
  const half = exponent >> 1;
  return e * reinterpret<f32>((half + 127) << 23) * reinterpret<f32>((exponent - half + 127) << 23);
}

/** Four times `exp1`. Not inlined, nor is `log4`: a copy for each use would cost a third of a kilobyte. */
export function exp4(x: v128): v128 {
  x = f32x4.pmax(x, four(EXP_LEAST));
  x = f32x4.pmin(x, four(EXP_MOST));
  const rounded = f32x4.add(f32x4.mul(x, four(LOG2E)), four(ROUND));
  const n = f32x4.sub(rounded, four(ROUND));
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, four(LN2_HIGH))), f32x4.mul(n, four(LN2_LOW)));
  let p = four(E0);
  p = f32x4.add(f32x4.mul(p, r), four(E1));
  p = f32x4.add(f32x4.mul(p, r), four(E2));
  p = f32x4.add(f32x4.mul(p, r), four(E3));
  p = f32x4.add(f32x4.mul(p, r), four(E4));
  p = f32x4.add(f32x4.mul(p, r), four(E5));
  const e = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), four(ONE));
  const exponent = i32x4.sub(rounded, four(ROUND));
  const half = i32x4.shr_s(exponent, 1);
  // The bits of 1 are the exponent's bias.
  return f32x4.mul(
    f32x4.mul(e, i32x4.add(i32x4.shl(half, 23), four(ONE))),
    i32x4.add(i32x4.shl(i32x4.sub(exponent, half), 23), four(ONE)),
  );
}

/** log x = e ln 2 + log m with x = 2^e m, sqrt(1/2) <= m < sqrt(2), and log(1 + r) = r - r^2 / 2 + r^3 P(r). */
export function log1(x: f32): f32 {
  if (ASC_FEATURE_SIMD) return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
  // Subnormal numbers are made normal first.
  const tiny = x < one(LEAST_NORMAL);
  const scaled = tiny ? x * one(TWO_25) : x;
  // Counted from sqrt(1/2), the exponent bits hold e and what is left of the bits is that of m.
  const bits = reinterpret<i32>(scaled) - SQRT_HALF_BITS;
  const e = <f32>((bits >> 23) - (tiny ? 25 : 0));
  const r = reinterpret<f32>((bits & MANTISSA) + SQRT_HALF_BITS) - 1;
  let p: f32 = one(L0);
  p = p * r + one(L1);
  p = p * r + one(L2);
  p = p * r + one(L3);
  p = p * r + one(L4);
  p = p * r + one(L5);
  p = p * r + one(L6);
  p = p * r + one(L7);
  p = p * r + one(L8);
  const square = r * r;
  const y = p * r * square + e * one(LN2_LOW) - square * 0.5 + r + e * one(LN2_HIGH);
  // Infinity and NaN are their own logarithms, -infinity has none.
  return x > 0 ? (x < Infinity ? y : x) : x == 0 ? -Infinity : NaN;
}

/** Four times `log1`. */
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, four(LEAST_NORMAL));
  const scaled = v128.bitselect(f32x4.mul(x, four(TWO_25)), x, tiny);
  const first = four(SQRT_HALF);
  const bits = i32x4.sub(scaled, first);
  const e = f32x4.sub(f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23)), v128.and(tiny, four(TWENTY_FIVE)));
  // Without sign and exponent.
  const r = f32x4.sub(i32x4.add(v128.andnot(bits, four(MINUS_INFINITY)), first), four(ONE));
  let p = four(L0);
  p = f32x4.add(f32x4.mul(p, r), four(L1));
  p = f32x4.add(f32x4.mul(p, r), four(L2));
  p = f32x4.add(f32x4.mul(p, r), four(L3));
  p = f32x4.add(f32x4.mul(p, r), four(L4));
  p = f32x4.add(f32x4.mul(p, r), four(L5));
  p = f32x4.add(f32x4.mul(p, r), four(L6));
  p = f32x4.add(f32x4.mul(p, r), four(L7));
  p = f32x4.add(f32x4.mul(p, r), four(L8));
  const square = f32x4.mul(r, r);
  const low = f32x4.add(f32x4.mul(f32x4.mul(p, r), square), f32x4.mul(e, four(LN2_LOW)));
  const y = f32x4.add(f32x4.add(f32x4.sub(low, f32x4.mul(square, four(HALF))), r), f32x4.mul(e, four(LN2_HIGH)));
  const zero = four(ZERO);
  const special = v128.bitselect(four(MINUS_INFINITY), four(NOT_A_NUMBER), f32x4.eq(x, zero));
  return v128.bitselect(v128.bitselect(y, x, f32x4.lt(x, four(INFINITY))), special, f32x4.gt(x, zero));
}

// The constants, read from memory for the reason that numbers.ts gives.
const CONSTANTS: usize = memory.data<f32>([
  // Below the first exp rounds to 0, above the second to infinity.
  -104, 89,
  // 1 / ln 2, and what rounds a number below 2^22 to an integer, which then stands in the low bits, when it is added.
  1.44269504088896341, 12582912,
  // ln 2 in two parts: the first has so few bits that its product with an exponent is exact.
  0.693359375, -2.12194440e-4,
  // The least normal number, and 2^25.
  1.17549435e-38, 33554432,
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
  1, 0.5, 0, 25, 0.70710676908493042,
  NaN, Infinity, -Infinity,
]);

// Where each of them lies, in bytes.
const EXP_LEAST: usize = 0, EXP_MOST: usize = 4, LOG2E: usize = 8, ROUND: usize = 12, LN2_HIGH: usize = 16, LN2_LOW: usize = 20;
const LEAST_NORMAL: usize = 24, TWO_25: usize = 28;
const E0: usize = 32, E1: usize = 36, E2: usize = 40, E3: usize = 44, E4: usize = 48, E5: usize = 52;
const L0: usize = 56, L1: usize = 60, L2: usize = 64, L3: usize = 68, L4: usize = 72, L5: usize = 76, L6: usize = 80, L7: usize = 84;
const L8: usize = 88, ONE: usize = 92, HALF: usize = 96, ZERO: usize = 100, TWENTY_FIVE: usize = 104, SQRT_HALF: usize = 108;
const NOT_A_NUMBER: usize = 112, INFINITY: usize = 116, MINUS_INFINITY: usize = 120;

const ROUND_BITS: i32 = 0x4b400000;
const SQRT_HALF_BITS: i32 = 0x3f3504f3;
const MANTISSA: i32 = 0x007fffff;

// @ts-ignore: decorator
@inline
function one(at: usize): f32 { return load<f32>(CONSTANTS + at); }

// @ts-ignore: decorator
@inline
function four(at: usize): v128 { return v128.load32_splat(CONSTANTS + at); }
