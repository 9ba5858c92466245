import { over2, over3 } from "./broadcast";
import { four, ONE, ZERO } from "./numbers";
import { Add, Mul } from "./pointwise";

// Arithmetic with broadcasting: the geometry says how each operand is repeated. All builds agree bit for bit.

/** y = x, repeated. Adjoint: a sum over the axes along which x was repeated. */
export function expand(geometry: usize, x: usize, y: usize): void {
  over2<First>(geometry, x, x, y);
}

/** y = a + b. Adjoint: dy, in both. */
export function addBroadcast(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Add>(geometry, a, b, y);
}

/** y = a - b. Adjoint: in a dy, in b -dy. */
export function subBroadcast(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Sub>(geometry, a, b, y);
}

/** y = a * b. Adjoint: `mulBroadcast` by the other factor. */
export function mulBroadcast(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Mul>(geometry, a, b, y);
}

/** y = a / b. Adjoint: in a dy / b, in b -dy y / b. */
export function divBroadcast(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Div>(geometry, a, b, y);
}

/** y = a ^ b, within a unit in the last place. Adjoint: in a dy b a ^ (b - 1), in b dy y log a. */
export function powBroadcast(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Pow>(geometry, a, b, y);
}

/** y = the larger of a and b; NaN if one is. */
export function maximumBroadcast(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Maximum>(geometry, a, b, y);
}

/** y = the smaller of a and b; NaN if one is. */
export function minimumBroadcast(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Minimum>(geometry, a, b, y);
}

/** y = a where condition is not 0, else b. Adjoint: dy where it was taken from. */
export function where(geometry: usize, condition: usize, a: usize, b: usize, y: usize): void {
  over3<Where>(geometry, condition, a, b, y);
}

/** y = 1 where a = b, else 0. */
export function eq(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Equal>(geometry, a, b, y);
}

/** y = 1 where a differs from b, else 0: NaN differs from everything. */
export function ne(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Unequal>(geometry, a, b, y);
}

/** y = 1 where a < b, else 0. */
export function lt(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<Less>(geometry, a, b, y);
}

/** y = 1 where a <= b, else 0. */
export function le(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<LessOrEqual>(geometry, a, b, y);
}

/** `eq` of 32-bit integers; y is float32. */
export function eqInt(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<EqualInt>(geometry, a, b, y);
}

/** `ne` of 32-bit integers; y is float32. */
export function neInt(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<UnequalInt>(geometry, a, b, y);
}

/** `lt` of 32-bit integers; y is float32. */
export function ltInt(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<LessInt>(geometry, a, b, y);
}

/** `le` of 32-bit integers; y is float32. */
export function leInt(geometry: usize, a: usize, b: usize, y: usize): void {
  over2<LessOrEqualInt>(geometry, a, b, y);
}

@final @unmanaged
class First {
  @inline lanes(a: v128, b: v128): v128 { return a; }
  @inline one(a: f32, b: f32): f32 { return a; }
}

@final @unmanaged
class Sub {
  @inline lanes(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
  @inline one(a: f32, b: f32): f32 { return a - b; }
}

@final @unmanaged
class Div {
  @inline lanes(a: v128, b: v128): v128 { return f32x4.div(a, b); }
  @inline one(a: f32, b: f32): f32 { return a / b; }
}

// One by one in every build: with float32 alone, a power loses as many digits as its logarithm has before the point.
@final @unmanaged
class Pow {
  @inline lanes(a: v128, b: v128): v128 {
    let y = f32x4.splat(power(f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)));
    y = f32x4.replace_lane(y, 1, power(f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)));
    y = f32x4.replace_lane(y, 2, power(f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)));
    return f32x4.replace_lane(y, 3, power(f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)));
  }
  @inline one(a: f32, b: f32): f32 { return power(a, b); }
}

/** As C has it and PyTorch: 1 to any power is 1, and so is -1 to an infinite one. AssemblyScript follows JavaScript, with NaN. */
function power(a: f32, b: f32): f32 {
  return a == 1 || (a == -1 && abs(b) == Infinity) ? 1 : Mathf.pow(a, b);
}

// pmax(a, b) is a < b ? b : a, one instruction on x64 where `f32x4.max` takes eight; it drops a NaN in b.
@final @unmanaged
export class Maximum {
  @inline lanes(a: v128, b: v128): v128 { return v128.bitselect(b, f32x4.pmax(a, b), f32x4.ne(b, b)); }
  @inline one(a: f32, b: f32): f32 { return a < b || b != b ? b : a; }
}

@final @unmanaged
export class Minimum {
  @inline lanes(a: v128, b: v128): v128 { return v128.bitselect(b, f32x4.pmin(a, b), f32x4.ne(b, b)); }
  @inline one(a: f32, b: f32): f32 { return b < a || b != b ? b : a; }
}

@final @unmanaged
class Where {
  @inline lanes(condition: v128, a: v128, b: v128): v128 { return v128.bitselect(a, b, f32x4.ne(condition, four(ZERO))); }
  @inline one(condition: f32, a: f32, b: f32): f32 { return condition != 0 ? a : b; }
}

@final @unmanaged
class Equal {
  @inline lanes(a: v128, b: v128): v128 { return v128.and(f32x4.eq(a, b), four(ONE)); }
  @inline one(a: f32, b: f32): f32 { return <f32>(a == b); }
}

@final @unmanaged
class Unequal {
  @inline lanes(a: v128, b: v128): v128 { return v128.and(f32x4.ne(a, b), four(ONE)); }
  @inline one(a: f32, b: f32): f32 { return <f32>(a != b); }
}

@final @unmanaged
class Less {
  @inline lanes(a: v128, b: v128): v128 { return v128.and(f32x4.lt(a, b), four(ONE)); }
  @inline one(a: f32, b: f32): f32 { return <f32>(a < b); }
}

@final @unmanaged
class LessOrEqual {
  @inline lanes(a: v128, b: v128): v128 { return v128.and(f32x4.le(a, b), four(ONE)); }
  @inline one(a: f32, b: f32): f32 { return <f32>(a <= b); }
}

@final @unmanaged
class EqualInt {
  @inline lanes(a: v128, b: v128): v128 { return v128.and(i32x4.eq(a, b), four(ONE)); }
  @inline one(a: f32, b: f32): f32 { return <f32>(reinterpret<i32>(a) == reinterpret<i32>(b)); }
}

@final @unmanaged
class UnequalInt {
  @inline lanes(a: v128, b: v128): v128 { return v128.and(i32x4.ne(a, b), four(ONE)); }
  @inline one(a: f32, b: f32): f32 { return <f32>(reinterpret<i32>(a) != reinterpret<i32>(b)); }
}

@final @unmanaged
class LessInt {
  @inline lanes(a: v128, b: v128): v128 { return v128.and(i32x4.lt_s(a, b), four(ONE)); }
  @inline one(a: f32, b: f32): f32 { return <f32>(reinterpret<i32>(a) < reinterpret<i32>(b)); }
}

@final @unmanaged
class LessOrEqualInt {
  @inline lanes(a: v128, b: v128): v128 { return v128.and(i32x4.le_s(a, b), four(ONE)); }
  @inline one(a: f32, b: f32): f32 { return <f32>(reinterpret<i32>(a) <= reinterpret<i32>(b)); }
}
