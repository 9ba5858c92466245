import { map, map2, map2With, mapWith } from "./map";
import { four, HALF, MINUS_THREE, SIX, THREE, ZERO } from "./numbers";

// Activations in pieces of straight lines and parabolas; at kinks f' is what PyTorch takes. Elementwise: y[i] = f(x[i])
// overwrites y[0..n), dx[i] = f'(x[i]) dy[i] overwrites dx[0..n); outputs may be inputs. Both forms of each round alike, and no
// product is fused with a sum: all builds agree bit for bit.

/** f(x) = x for x > 0, slope x elsewhere. Adjoint: `leakyReluAdjoint`. */
export function leakyRelu(n: i32, slope: f32, x: usize, y: usize): void {
  mapWith<LeakyRelu>(n, slope, 0, x, y);
}

/** f' = 1 for x > 0, slope elsewhere. */
export function leakyReluAdjoint(n: i32, slope: f32, x: usize, dy: usize, dx: usize): void {
  map2With<LeakyReluAdjoint>(n, slope, 0, x, dy, dx);
}

/** f(x) = min(max(x, least), most), which is `clamp`; f' = 1 for least < x < most, 0 elsewhere. */
export function hardtanhAdjoint(n: i32, least: f32, most: f32, x: usize, dy: usize, dx: usize): void {
  map2With<HardtanhAdjoint>(n, least, most, x, dy, dx);
}

/** f(x) = min(max(x + 3, 0), 6) / 6. Adjoint: `hardsigmoidAdjoint`. */
export function hardsigmoid(n: i32, x: usize, y: usize): void {
  map<Hardsigmoid>(n, x, y);
}

/** f' = 1/6 for -3 < x < 3, 0 elsewhere. */
export function hardsigmoidAdjoint(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<HardsigmoidAdjoint>(n, x, dy, dx);
}

/** f(x) = x min(max(x + 3, 0), 6) / 6. Adjoint: `hardswishAdjoint`. Source: Howard et al., "Searching for MobileNetV3", 2019. */
export function hardswish(n: i32, x: usize, y: usize): void {
  map<Hardswish>(n, x, y);
}

/** f' = 0 for x < -3, x / 3 + 1/2 for x <= 3, 1 beyond. */
export function hardswishAdjoint(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<HardswishAdjoint>(n, x, dy, dx);
}

@final @unmanaged
class LeakyRelu {
  @inline lanes(x: v128, slope: v128, _: v128): v128 {
    return v128.bitselect(x, f32x4.mul(x, slope), f32x4.gt(x, four(ZERO)));
  }
  @inline one(x: f32, slope: f32, _: f32): f32 { return x > 0 ? x : x * slope; }
}

@final @unmanaged
class LeakyReluAdjoint {
  @inline lanes(x: v128, dy: v128, slope: v128, _: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, slope), f32x4.gt(x, four(ZERO)));
  }
  @inline one(x: f32, dy: f32, slope: f32, _: f32): f32 { return x > 0 ? dy : dy * slope; }
}

@final @unmanaged
class HardtanhAdjoint {
  @inline lanes(x: v128, dy: v128, least: v128, most: v128): v128 {
    return v128.andnot(dy, v128.or(f32x4.le(x, least), f32x4.ge(x, most)));
  }
  @inline one(x: f32, dy: f32, least: f32, most: f32): f32 { return x <= least || x >= most ? 0 : dy; }
}

/** min(max(x + 3, 0), 6). */
// @ts-ignore: decorator
@inline
function ramp4(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(f32x4.add(x, four(THREE)), four(ZERO)), four(SIX));
}

// @ts-ignore: decorator
@inline
function ramp1(x: f32): f32 {
  const y: f32 = x + 3 < 0 ? 0 : x + 3;
  return y > 6 ? 6 : y;
}

@final @unmanaged
class Hardsigmoid {
  @inline lanes(x: v128): v128 { return f32x4.div(ramp4(x), four(SIX)); }
  @inline one(x: f32): f32 { return ramp1(x) / 6; }
}

@final @unmanaged
class HardsigmoidAdjoint {
  @inline lanes(x: v128, dy: v128): v128 {
    return v128.and(f32x4.div(dy, four(SIX)), f32x4.lt(f32x4.abs(x), four(THREE)));
  }
  @inline one(x: f32, dy: f32): f32 { return abs<f32>(x) < 3 ? dy / 6 : 0; }
}

@final @unmanaged
class Hardswish {
  @inline lanes(x: v128): v128 { return f32x4.mul(x, f32x4.div(ramp4(x), four(SIX))); }
  @inline one(x: f32): f32 { return x * (ramp1(x) / 6); }
}

@final @unmanaged
class HardswishAdjoint {
  @inline lanes(x: v128, dy: v128): v128 {
    const three = four(THREE);
    const inner = f32x4.mul(dy, f32x4.add(f32x4.div(x, three), four(HALF)));
    const y = v128.bitselect(inner, dy, f32x4.le(x, three));
    return v128.andnot(y, f32x4.lt(x, four(MINUS_THREE)));
  }
  @inline one(x: f32, dy: f32): f32 {
    if (x < -3) return 0;
    return x <= 3 ? dy * (x / 3 + 0.5) : dy;
  }
}
