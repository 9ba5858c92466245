import { map, map2With, mapWith } from "./map";
import { four, MINUS_ONE, ONE, ZERO } from "./numbers";
import { exp1, exp4, log1, log4 } from "./transcendental";

// Functions of one number. All builds agree bit for bit.

/** y[i] = e ^ x[i]. Overwrites y[0..n); y may be x. Adjoint: dy y. */
export function exp(n: i32, x: usize, y: usize): void {
  map<Exp>(n, x, y);
}

/** y[i] = the natural logarithm of x[i]. Overwrites y[0..n); y may be x. Adjoint: dy / x. */
export function log(n: i32, x: usize, y: usize): void {
  map<Log>(n, x, y);
}

/** y[i] = the square root of x[i]. Overwrites y[0..n); y may be x. Adjoint: dy / (2 y). */
export function sqrt(n: i32, x: usize, y: usize): void {
  map<Sqrt>(n, x, y);
}

/** y[i] = 1 / sqrt(x[i]), rounded twice. Overwrites y[0..n); y may be x. Adjoint: -dy y^3 / 2. */
export function rsqrt(n: i32, x: usize, y: usize): void {
  map<Rsqrt>(n, x, y);
}

/** y[i] = |x[i]|. Overwrites y[0..n); y may be x. Adjoint: dy sign(x). */
export function abs(n: i32, x: usize, y: usize): void {
  map<Abs>(n, x, y);
}

/** y[i] = 1 where x[i] > 0, -1 where x[i] < 0, else 0. Overwrites y[0..n); y may be x. */
export function sign(n: i32, x: usize, y: usize): void {
  map<Sign>(n, x, y);
}

/** y[i] = the largest integer that is not above x[i]. Overwrites y[0..n); y may be x. */
export function floor(n: i32, x: usize, y: usize): void {
  map<Floor>(n, x, y);
}

/** y[i] = the smallest integer that is not below x[i]. Overwrites y[0..n); y may be x. */
export function ceil(n: i32, x: usize, y: usize): void {
  map<Ceil>(n, x, y);
}

/** y[i] = the nearest integer, the even one of two. Overwrites y[0..n); y may be x. */
export function round(n: i32, x: usize, y: usize): void {
  map<Round>(n, x, y);
}

/** y[i] = x[i] brought into least..most; NaN stays NaN, and most wins over least. Overwrites y[0..n); y may be x. */
export function clamp(n: i32, least: f32, most: f32, x: usize, y: usize): void {
  mapWith<Clamp>(n, least, most, x, y);
}

/** dx[i] = dy[i] where least <= x[i] <= most, else 0. Overwrites dx[0..n); dx may be dy. */
export function clampAdjoint(n: i32, least: f32, most: f32, x: usize, dy: usize, dx: usize): void {
  map2With<ClampAdjoint>(n, least, most, x, dy, dx);
}

@final @unmanaged
class Exp {
  @inline lanes(x: v128): v128 { return exp4(x); }
  @inline one(x: f32): f32 { return exp1(x); }
}

@final @unmanaged
class Log {
  @inline lanes(x: v128): v128 { return log4(x); }
  @inline one(x: f32): f32 { return log1(x); }
}

@final @unmanaged
class Sqrt {
  @inline lanes(x: v128): v128 { return f32x4.sqrt(x); }
  @inline one(x: f32): f32 { return Mathf.sqrt(x); }
}

@final @unmanaged
class Rsqrt {
  @inline lanes(x: v128): v128 { return f32x4.div(four(ONE), f32x4.sqrt(x)); }
  @inline one(x: f32): f32 { return 1 / Mathf.sqrt(x); }
}

@final @unmanaged
class Abs {
  @inline lanes(x: v128): v128 { return f32x4.abs(x); }
  @inline one(x: f32): f32 { return Mathf.abs(x); }
}

@final @unmanaged
class Sign {
  @inline lanes(x: v128): v128 {
    const zero = four(ZERO);
    return v128.or(v128.and(f32x4.gt(x, zero), four(ONE)), v128.and(f32x4.lt(x, zero), four(MINUS_ONE)));
  }
  @inline one(x: f32): f32 { return x > 0 ? 1 : x < 0 ? -1 : 0; }
}

@final @unmanaged
class Floor {
  @inline lanes(x: v128): v128 { return f32x4.floor(x); }
  @inline one(x: f32): f32 { return Mathf.floor(x); }
}

@final @unmanaged
class Ceil {
  @inline lanes(x: v128): v128 { return f32x4.ceil(x); }
  @inline one(x: f32): f32 { return Mathf.ceil(x); }
}

@final @unmanaged
class Round {
  @inline lanes(x: v128): v128 { return f32x4.nearest(x); }
  @inline one(x: f32): f32 { return nearest(x); }
}

@final @unmanaged
class Clamp {
  // With x first both drop no NaN: they are x < lo ? lo : x, and hi < x ? hi : x.
  @inline lanes(x: v128, least: v128, most: v128): v128 { return f32x4.pmin(f32x4.pmax(x, least), most); }
  @inline one(x: f32, least: f32, most: f32): f32 {
    const raised = x < least ? least : x;
    return most < raised ? most : raised;
  }
}

@final @unmanaged
class ClampAdjoint {
  @inline lanes(x: v128, dy: v128, least: v128, most: v128): v128 {
    return v128.and(dy, v128.and(f32x4.ge(x, least), f32x4.le(x, most)));
  }
  @inline one(x: f32, dy: f32, least: f32, most: f32): f32 { return x >= least && x <= most ? dy : 0; }
}
