import { map, map2, map2With, mapWith } from "./map";
import { four, FOUR, MINUS_TWO, ONE, TWO, ZERO } from "./numbers";
import { exp1, exp4 } from "./transcendental";

// What is made of exp(x) - 1: the hyperbolic tangent and exponential linear units. Elementwise: y[i] = f(x[i]) overwrites
// y[0..n), dx[i] = f'(x[i]) dy[i] overwrites dx[0..n); outputs may be inputs. Both forms of each round alike, and no product is
// fused with a sum: all builds agree bit for bit.

/** f(x) = tanh(x), within 3 ulp, odd. Adjoint: `tanhAdjoint`. */
export function tanh(n: i32, x: usize, y: usize): void {
  map<Tanh>(n, x, y);
}

/** f' = 4 exp(-2|x|) / (1 + exp(-2|x|))^2: the 1 - y^2 of the books would cancel for large |x|. */
export function tanhAdjoint(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<TanhAdjoint>(n, x, dy, dx);
}

/** f(x) = positive x for x > 0, negative (exp(x) - 1) elsewhere. Adjoint: `eluAdjoint`. */
export function elu(n: i32, negative: f32, positive: f32, x: usize, y: usize): void {
  mapWith<Elu>(n, negative, positive, x, y);
}

/** f' = positive for x > 0, negative exp(x) elsewhere. */
export function eluAdjoint(n: i32, negative: f32, positive: f32, x: usize, dy: usize, dx: usize): void {
  map2With<EluAdjoint>(n, negative, positive, x, dy, dx);
}

// P, from the highest power down, and where its range ends.
const CONSTANTS: usize = memory.data<f32>([
  0.001035710098221898, 0.008073253557085991, 0.04157695546746254, 0.16665293276309967, 0.4999993145465851,
  -0.7,
]);
const NEAR: usize = 20;

// @ts-ignore: decorator
@inline
function constant1(at: usize): f32 { return load<f32>(CONSTANTS + at); }

// @ts-ignore: decorator
@inline
function constant4(at: usize): v128 { return v128.load32_splat(CONSTANTS + at); }

/**
 * exp(x) - 1 for x <= 0: a polynomial where the difference would cancel, x + x^2 P(x) for x > -0.7, with a minimax fit P whose
 * relative error is below 1e-8. Beyond, exp(x) is at most 1/2.
 */
function expm1Negative4(x: v128): v128 {
  let p = constant4(0);
  p = f32x4.add(f32x4.mul(p, x), constant4(4));
  p = f32x4.add(f32x4.mul(p, x), constant4(8));
  p = f32x4.add(f32x4.mul(p, x), constant4(12));
  p = f32x4.add(f32x4.mul(p, x), constant4(16));
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, x), p));
  return v128.bitselect(near, f32x4.sub(exp4(x), four(ONE)), f32x4.gt(x, constant4(NEAR)));
}

/** `expm1Negative4` of one number. */
function expm1Negative1(x: f32): f32 {
  if (!(x > constant1(NEAR))) return exp1(x) - 1;
  let p = constant1(0);
  p = p * x + constant1(4);
  p = p * x + constant1(8);
  p = p * x + constant1(12);
  p = p * x + constant1(16);
  return x + x * x * p;
}

@final @unmanaged
class Tanh {
  // With t = exp(-2|x|) - 1, tanh|x| = -t / (t + 2).
  @inline lanes(x: v128): v128 {
    const t = expm1Negative4(f32x4.mul(f32x4.abs(x), four(MINUS_TWO)));
    const y = f32x4.div(t, f32x4.add(t, four(TWO)));
    return v128.bitselect(x, y, i32x4.splat(i32.MIN_VALUE));
  }
  @inline one(x: f32): f32 {
    const t = expm1Negative1(abs<f32>(x) * -2);
    return copysign<f32>(t / (t + 2), x);
  }
}

@final @unmanaged
class TanhAdjoint {
  @inline lanes(x: v128, dy: v128): v128 {
    const e = exp4(f32x4.mul(f32x4.abs(x), four(MINUS_TWO))), d = f32x4.add(four(ONE), e);
    return f32x4.mul(dy, f32x4.div(f32x4.mul(four(FOUR), e), f32x4.mul(d, d)));
  }
  @inline one(x: f32, dy: f32): f32 {
    const e = exp1(abs<f32>(x) * -2), d = <f32>1 + e;
    return dy * (4 * e / (d * d));
  }
}

@final @unmanaged
class Elu {
  @inline lanes(x: v128, negative: v128, positive: v128): v128 {
    const curve = f32x4.mul(negative, expm1Negative4(f32x4.pmin(x, four(ZERO))));
    return v128.bitselect(curve, f32x4.mul(positive, x), f32x4.le(x, four(ZERO)));
  }
  @inline one(x: f32, negative: f32, positive: f32): f32 {
    return x <= 0 ? negative * expm1Negative1(x) : positive * x;
  }
}

@final @unmanaged
class EluAdjoint {
  @inline lanes(x: v128, dy: v128, negative: v128, positive: v128): v128 {
    const curve = f32x4.mul(negative, exp4(x));
    return f32x4.mul(dy, v128.bitselect(curve, positive, f32x4.le(x, four(ZERO))));
  }
  @inline one(x: f32, dy: f32, negative: f32, positive: f32): f32 {
    return dy * (x <= 0 ? negative * exp1(x) : positive);
  }
}
