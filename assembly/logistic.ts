import { map, map2, map2With, mapWith } from "./map";
import { four, MINUS_SIXTEEN, ONE, SIXTEEN, TWO, ZERO } from "./numbers";
import { exp1, exp4 } from "./transcendental";

// The logistic function and the activations made of it. Elementwise: y[i] = f(x[i]) overwrites y[0..n), dx[i] = f'(x[i]) dy[i]
// overwrites dx[0..n); outputs may be inputs. Both forms of each round alike, and no product is fused with a sum: all builds
// agree bit for bit.

/** f(x) = 1 / (1 + exp(-x)), within 2.5 ulp. Adjoint: `sigmoidAdjoint`. */
export function sigmoid(n: i32, x: usize, y: usize): void {
  map<Sigmoid>(n, x, y);
}

/** f' = exp(-|x|) / (1 + exp(-|x|))^2: the y (1 - y) of the books would cancel for large x. */
export function sigmoidAdjoint(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<SigmoidAdjoint>(n, x, dy, dx);
}

/** f(x) = x sigmoid(x). Adjoint: `siluAdjoint`. */
export function silu(n: i32, x: usize, y: usize): void {
  map<Silu>(n, x, y);
}

/** f' = s + x s (1 - s), s = sigmoid(x). */
export function siluAdjoint(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<SiluAdjoint>(n, x, dy, dx);
}

/**
 * f(x) = x / 2 (1 + tanh(u)), u = sqrt(2 / pi) (x + 0.044715 x^3), as x sigmoid(2 u), which does not cancel for negative x.
 * Adjoint: `geluTanhAdjoint`.
 */
export function geluTanh(n: i32, x: usize, y: usize): void {
  map<GeluTanh>(n, x, y);
}

/** f' = s + x s (1 - s) 2 u', s = sigmoid(2 u). */
export function geluTanhAdjoint(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<GeluTanhAdjoint>(n, x, dy, dx);
}

/** f(x) = log(1 + exp(beta x)) / beta, and x where beta x > threshold. Adjoint: `softplusAdjoint`. */
export function softplus(n: i32, beta: f32, threshold: f32, x: usize, y: usize): void {
  mapWith<Softplus>(n, beta, threshold, x, y);
}

/** f' = sigmoid(beta x), and 1 where beta x > threshold. */
export function softplusAdjoint(n: i32, beta: f32, threshold: f32, x: usize, dy: usize, dx: usize): void {
  map2With<SoftplusAdjoint>(n, beta, threshold, x, dy, dx);
}

/** exp(-|x|): at most 1, so that nothing overflows. */
// @ts-ignore: decorator
@inline
function decay4(x: v128): v128 {
  return exp4(f32x4.neg(f32x4.abs(x)));
}

function decay1(x: f32): f32 {
  return exp1(-abs<f32>(x));
}

/** factor * sigmoid(x) with e = exp(-|x|), divided once: factor / (1 + e) or factor e / (1 + e). */
// @ts-ignore: decorator
@inline
function gate4(factor: v128, x: v128, e: v128): v128 {
  const one = four(ONE);
  const numerator = v128.bitselect(e, one, f32x4.lt(x, four(ZERO)));
  return f32x4.div(f32x4.mul(factor, numerator), f32x4.add(one, e));
}

// @ts-ignore: decorator
@inline
function gate1(factor: f32, x: f32, e: f32): f32 {
  return factor * (x < 0 ? e : <f32>1) / (<f32>1 + e);
}

/** sigmoid'(x) = e / (1 + e)^2 with e = exp(-|x|): s (1 - s) without its cancellation. */
// @ts-ignore: decorator
@inline
function slope4(e: v128): v128 {
  const d = f32x4.add(four(ONE), e);
  return f32x4.div(e, f32x4.mul(d, d));
}

// @ts-ignore: decorator
@inline
function slope1(e: f32): f32 {
  const d = <f32>1 + e;
  return e / (d * d);
}

// The polynomial of log(1 + e) from the highest power down; 2 sqrt(2 / pi) for the approximated GELU, what the cube's coefficient makes
// of it, and three times that.
const CONSTANTS: usize = memory.data<f32>([
  0.14012230932712555, 0.13999570906162262, 0.20010849833488464, 0.3333320617675781,
  1.5957691216057308, 0.07135481282717545, 0.21406443847515256,
]);
const LINEAR: usize = 16, CUBIC: usize = 20, CUBIC3: usize = 24;

// @ts-ignore: decorator
@inline
function constant1(at: usize): f32 { return load<f32>(CONSTANTS + at); }

// @ts-ignore: decorator
@inline
function constant4(at: usize): v128 { return v128.load32_splat(CONSTANTS + at); }

/** log(1 + e) for 0 <= e <= 1, as 2 artanh(e / (2 + e)); within 2 units in the last place. */
function log1pFraction4(e: v128): v128 {
  const s = f32x4.div(e, f32x4.add(e, four(TWO)));
  const u = f32x4.mul(s, s);
  let q = constant4(0);
  q = f32x4.add(f32x4.mul(q, u), constant4(4));
  q = f32x4.add(f32x4.mul(q, u), constant4(8));
  q = f32x4.add(f32x4.mul(q, u), constant4(12));
  const t = f32x4.add(s, s);
  return f32x4.add(t, f32x4.mul(f32x4.mul(t, u), q));
}

/** `log1pFraction4` of one number. */
function log1pFraction1(e: f32): f32 {
  const s = e / (e + 2);
  const u = s * s;
  let q = constant1(0);
  q = q * u + constant1(4);
  q = q * u + constant1(8);
  q = q * u + constant1(12);
  const t = s + s;
  return t + t * u * q;
}

@final @unmanaged
class Sigmoid {
  @inline lanes(x: v128): v128 { return gate4(four(ONE), x, decay4(x)); }
  @inline one(x: f32): f32 { return gate1(1, x, decay1(x)); }
}

@final @unmanaged
class SigmoidAdjoint {
  @inline lanes(x: v128, dy: v128): v128 { return f32x4.mul(dy, slope4(decay4(x))); }
  @inline one(x: f32, dy: f32): f32 { return dy * slope1(decay1(x)); }
}

@final @unmanaged
class Silu {
  @inline lanes(x: v128): v128 { return gate4(x, x, decay4(x)); }
  @inline one(x: f32): f32 { return gate1(x, x, decay1(x)); }
}

@final @unmanaged
class SiluAdjoint {
  @inline lanes(x: v128, dy: v128): v128 {
    const e = decay4(x);
    return f32x4.mul(dy, f32x4.add(gate4(four(ONE), x, e), f32x4.mul(x, slope4(e))));
  }
  @inline one(x: f32, dy: f32): f32 {
    const e = decay1(x);
    return dy * (gate1(1, x, e) + x * slope1(e));
  }
}

/** Beyond 16 the gate is 0 or 1 in float32: the polynomial is kept from overflowing there. */
// @ts-ignore: decorator
@inline
function bounded4(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, four(MINUS_SIXTEEN)), four(SIXTEEN));
}

// @ts-ignore: decorator
@inline
function bounded1(x: f32): f32 {
  const y: f32 = x < -16 ? -16 : x;
  return y > 16 ? 16 : y;
}

@final @unmanaged
class GeluTanh {
  @inline lanes(x: v128): v128 {
    const z = bounded4(x);
    const u = f32x4.mul(z, f32x4.add(constant4(LINEAR), f32x4.mul(constant4(CUBIC), f32x4.mul(z, z))));
    return gate4(x, u, decay4(u));
  }
  @inline one(x: f32): f32 {
    const z = bounded1(x);
    const u = z * (constant1(LINEAR) + constant1(CUBIC) * (z * z));
    return gate1(x, u, decay1(u));
  }
}

@final @unmanaged
class GeluTanhAdjoint {
  @inline lanes(x: v128, dy: v128): v128 {
    const z = bounded4(x), square = f32x4.mul(z, z);
    const u = f32x4.mul(z, f32x4.add(constant4(LINEAR), f32x4.mul(constant4(CUBIC), square)));
    const du = f32x4.add(constant4(LINEAR), f32x4.mul(constant4(CUBIC3), square));
    const e = decay4(u);
    return f32x4.mul(dy, f32x4.add(gate4(four(ONE), u, e), f32x4.mul(f32x4.mul(z, slope4(e)), du)));
  }
  @inline one(x: f32, dy: f32): f32 {
    const z = bounded1(x), square = z * z;
    const u = z * (constant1(LINEAR) + constant1(CUBIC) * square);
    const du = constant1(LINEAR) + constant1(CUBIC3) * square;
    const e = decay1(u);
    return dy * (gate1(1, u, e) + z * slope1(e) * du);
  }
}

@final @unmanaged
class Softplus {
  // log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)).
  @inline lanes(x: v128, beta: v128, threshold: v128): v128 {
    const z = f32x4.mul(x, beta);
    const y = f32x4.div(f32x4.add(f32x4.pmax(z, four(ZERO)), log1pFraction4(decay4(z))), beta);
    return v128.bitselect(x, y, f32x4.gt(z, threshold));
  }
  @inline one(x: f32, beta: f32, threshold: f32): f32 {
    const z = x * beta;
    const y = (max<f32>(z, 0) + log1pFraction1(decay1(z))) / beta;
    return z > threshold ? x : y;
  }
}

@final @unmanaged
class SoftplusAdjoint {
  @inline lanes(x: v128, dy: v128, beta: v128, threshold: v128): v128 {
    const z = f32x4.mul(x, beta);
    return v128.bitselect(dy, gate4(dy, z, decay4(z)), f32x4.gt(z, threshold));
  }
  @inline one(x: f32, dy: f32, beta: f32, threshold: f32): f32 {
    const z = x * beta;
    return z > threshold ? dy : gate1(dy, z, decay1(z));
  }
}
