import { map, map2 } from "./map";
import { four, MINUS_HALF, ONE, ZERO } from "./numbers";
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
  return exp4(f32x4.mul(f32x4.mul(x, x), four(MINUS_HALF)));
}

function bell1(x: f32): f32 {
  return exp1(x * x * -0.5);
}

// Q, from the highest power down, and what goes with it.
const CONSTANTS: usize = memory.data<f32>([
  -0.02915787696838379, 0.1440308839082718, -0.25583893060684204, 0.15931960940361023, -0.023212293162941933,
  0.10555247962474823, 0.11982129514217377, 0.139863520860672, 0.139621302485466,
  0.35, 0.3989422804014327,
]);
const FACTOR: usize = 36;
/** 1 / sqrt(2 pi). */
const DENSITY: usize = 40;

// @ts-ignore: decorator
@inline
function constant1(at: usize): f32 { return load<f32>(CONSTANTS + at); }

// @ts-ignore: decorator
@inline
function constant4(at: usize): v128 { return v128.load32_splat(CONSTANTS + at); }

/**
 * Phi(x) from b = exp(-x^2 / 2): with t = 1 / (1 + 0.35 |x|), Phi(-|x|) = b t Q(t). Q is a minimax fit, relative error 3e-8 for
 * |x| <= 14.5, where b has long been 0 beside 1. The form is that of Hastings, 1955 (Abramowitz, Stegun 7.1.26).
 */
function normal4(x: v128, b: v128): v128 {
  const one = four(ONE);
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(constant4(FACTOR), f32x4.abs(x))));
  let q = constant4(0);
  q = f32x4.add(f32x4.mul(q, t), constant4(4));
  q = f32x4.add(f32x4.mul(q, t), constant4(8));
  q = f32x4.add(f32x4.mul(q, t), constant4(12));
  q = f32x4.add(f32x4.mul(q, t), constant4(16));
  q = f32x4.add(f32x4.mul(q, t), constant4(20));
  q = f32x4.add(f32x4.mul(q, t), constant4(24));
  q = f32x4.add(f32x4.mul(q, t), constant4(28));
  q = f32x4.add(f32x4.mul(q, t), constant4(32));
  const tail = f32x4.mul(f32x4.mul(b, t), q);
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, four(ZERO)));
}

function normal1(x: f32, b: f32): f32 {
  const t: f32 = <f32>1 / (<f32>1 + constant1(FACTOR) * abs<f32>(x));
  let q = constant1(0);
  q = q * t + constant1(4);
  q = q * t + constant1(8);
  q = q * t + constant1(12);
  q = q * t + constant1(16);
  q = q * t + constant1(20);
  q = q * t + constant1(24);
  q = q * t + constant1(28);
  q = q * t + constant1(32);
  const tail = b * t * q;
  return x < 0 ? tail : <f32>1 - tail;
}

@final @unmanaged
class Gelu {
  @inline lanes(x: v128): v128 { return f32x4.mul(x, normal4(x, bell4(x))); }
  @inline one(x: f32): f32 { return x * normal1(x, bell1(x)); }
}

@final @unmanaged
class GeluAdjoint {
  @inline lanes(x: v128, dy: v128): v128 {
    const b = bell4(x);
    return f32x4.mul(dy, f32x4.add(normal4(x, b), f32x4.mul(f32x4.mul(x, constant4(DENSITY)), b)));
  }
  @inline one(x: f32, dy: f32): f32 {
    const b = bell1(x);
    return dy * (normal1(x, b) + x * constant1(DENSITY) * b);
  }
}
