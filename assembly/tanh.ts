import { map, map2, map2With, mapWith } from "./map";
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

/**
 * exp(x) - 1 for x <= 0: a polynomial where the difference would cancel, x + x^2 P(x) for x > -0.7, with a minimax fit P whose
 * relative error is below 1e-8. Beyond, exp(x) is at most 1/2.
 */
function expm1Negative4(x: v128): v128 {
  let p = f32x4.splat(0.001035710098221898);
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(0.008073253557085991));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(0.04157695546746254));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(0.16665293276309967));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(0.4999993145465851));
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, x), p));
  return v128.bitselect(near, f32x4.sub(exp4(x), f32x4.splat(1)), f32x4.gt(x, f32x4.splat(-0.7)));
}

/** `expm1Negative4` of one number. */
function expm1Negative1(x: f32): f32 {
  if (!(x > -0.7)) return exp1(x) - 1;
  let p: f32 = 0.001035710098221898;
  p = p * x + <f32>0.008073253557085991;
  p = p * x + <f32>0.04157695546746254;
  p = p * x + <f32>0.16665293276309967;
  p = p * x + <f32>0.4999993145465851;
  return x + x * x * p;
}

@final @unmanaged
class Tanh {
  // With t = exp(-2|x|) - 1, tanh|x| = -t / (t + 2).
  @inline lanes(x: v128): v128 {
    const t = expm1Negative4(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)));
    const y = f32x4.div(t, f32x4.add(t, f32x4.splat(2)));
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
    const e = exp4(f32x4.mul(f32x4.abs(x), f32x4.splat(-2))), d = f32x4.add(f32x4.splat(1), e);
    return f32x4.mul(dy, f32x4.div(f32x4.mul(f32x4.splat(4), e), f32x4.mul(d, d)));
  }
  @inline one(x: f32, dy: f32): f32 {
    const e = exp1(abs<f32>(x) * -2), d = <f32>1 + e;
    return dy * (4 * e / (d * d));
  }
}

@final @unmanaged
class Elu {
  @inline lanes(x: v128, negative: v128, positive: v128): v128 {
    const curve = f32x4.mul(negative, expm1Negative4(f32x4.pmin(x, f32x4.splat(0))));
    return v128.bitselect(curve, f32x4.mul(positive, x), f32x4.le(x, f32x4.splat(0)));
  }
  @inline one(x: f32, negative: f32, positive: f32): f32 {
    return x <= 0 ? negative * expm1Negative1(x) : positive * x;
  }
}

@final @unmanaged
class EluAdjoint {
  @inline lanes(x: v128, dy: v128, negative: v128, positive: v128): v128 {
    const curve = f32x4.mul(negative, exp4(x));
    return f32x4.mul(dy, v128.bitselect(curve, positive, f32x4.le(x, f32x4.splat(0))));
  }
  @inline one(x: f32, dy: f32, negative: f32, positive: f32): f32 {
    return dy * (x <= 0 ? negative * exp1(x) : positive);
  }
}
