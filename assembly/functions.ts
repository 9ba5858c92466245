import { map } from "./map";
import { exp1, exp4, log1, log4 } from "./transcendental";

/** y[i] = e ^ x[i]. Overwrites y[0..n); y may be x. */
export function exp(n: i32, x: usize, y: usize): void {
  map<Exp>(n, x, y);
}

/** y[i] = the natural logarithm of x[i]. Overwrites y[0..n); y may be x. */
export function log(n: i32, x: usize, y: usize): void {
  map<Log>(n, x, y);
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
