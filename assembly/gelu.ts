import { map, map2 } from "./map";
import { exp1, exp4 } from "./transcendental";

// The Gaussian error linear unit. Elementwise: y[i] = f(x[i]) overwrites y[0..n), dx[i] = f'(x[i]) dy[i] overwrites dx[0..n);
// outputs may be inputs. Both forms of each round alike, and no product is fused with a sum: all builds agree bit for bit.

/** f(x) = x Phi(x), Phi the normal distribution function. Adjoint: `geluAdjoint`. Source: Hendrycks, Gimpel, 2016. */
export function gelu(n: i32, x: usize, y: usize): void {
  map<Gelu>(n, x, y);
}

/** f' = Phi(x) + x phi(x), phi the normal density. */
export function geluAdjoint(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<GeluAdjoint>(n, x, dy, dx);
}

/** exp(-x^2 / 2). */
// @ts-ignore: decorator
@inline
function bell4(x: v128): v128 {
  return exp4(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

function bell1(x: f32): f32 {
  return exp1(x * x * -0.5);
}

/**
 * Phi(x) from b = exp(-x^2 / 2): with t = 1 / (1 + 0.35 |x|), Phi(-|x|) = b t Q(t). Q is a minimax fit, relative error 3e-8 for
 * |x| <= 14.5, where b has long been 0 beside 1. The form is that of Hastings, 1955 (Abramowitz, Stegun 7.1.26).
 */
function normal4(x: v128, b: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(f32x4.splat(0.35), f32x4.abs(x))));
  let q = f32x4.splat(-0.02915787696838379);
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.1440308839082718));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-0.25583893060684204));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.15931960940361023));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-0.023212293162941933));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.10555247962474823));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.11982129514217377));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.139863520860672));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.139621302485466));
  const tail = f32x4.mul(f32x4.mul(b, t), q);
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
}

function normal1(x: f32, b: f32): f32 {
  const t: f32 = <f32>1 / (<f32>1 + <f32>0.35 * abs<f32>(x));
  let q: f32 = -0.02915787696838379;
  q = q * t + <f32>0.1440308839082718;
  q = q * t + <f32>-0.25583893060684204;
  q = q * t + <f32>0.15931960940361023;
  q = q * t + <f32>-0.023212293162941933;
  q = q * t + <f32>0.10555247962474823;
  q = q * t + <f32>0.11982129514217377;
  q = q * t + <f32>0.139863520860672;
  q = q * t + <f32>0.139621302485466;
  const tail = b * t * q;
  return x < 0 ? tail : <f32>1 - tail;
}

/** 1 / sqrt(2 pi). */
const DENSITY: f32 = 0.3989422804014327;

@final @unmanaged
class Gelu {
  @inline lanes(x: v128): v128 { return f32x4.mul(x, normal4(x, bell4(x))); }
  @inline one(x: f32): f32 { return x * normal1(x, bell1(x)); }
}

@final @unmanaged
class GeluAdjoint {
  @inline lanes(x: v128, dy: v128): v128 {
    const b = bell4(x);
    return f32x4.mul(dy, f32x4.add(normal4(x, b), f32x4.mul(f32x4.mul(x, f32x4.splat(DENSITY)), b)));
  }
  @inline one(x: f32, dy: f32): f32 {
    const b = bell1(x);
    return dy * (normal1(x, b) + x * DENSITY * b);
  }
}
