import { axpy, scale } from "./pointwise";
import { addRun, copyRun, fillRun } from "./runs";
import { Window } from "./window";

// Resampling along three axes, y = (D x H x W) x: each matrix has one or two taps per row, which lie side by side. The matrices are
// applied one after the other, the rows of the image first: whole rows are blended, however few channels there are, and then
// their pixels.

/** One output position along one axis: x[first], or near * x[first] + far * x[first + 1]. Written by the host, for D, H and W. */
@unmanaged
class Tap {
  first: i32;
  /** 1 or 2. */
  taps: i32;
  near: f32;
  far: f32;
}

const TAP: usize = 16;

/**
 * y[n, k, i, j, c] = sum over the taps of k, i and j of their weights * x[n, tap of k, tap of i, tap of j, c].
 *
 * Shapes:   taps [OD + OH + OW] of `Tap`; row [W, C]; x [N, D, H, W, C]; y [N, OD, OH, OW, C].
 * Writes:   overwrites y; row is scratch.
 * Requires: all taps inside x; a single tap has the weight 1.
 * Adjoint:  `resampleAdjoint`.
 */
export function resample(window: usize, taps: usize, row: usize, x: usize, y: usize): void {
  const win = changetype<Window>(window);
  const c = win.c, rowFloats = win.w * c;
  const pixel = <usize>c << 2, rowBytes = <usize>rowFloats << 2, planeBytes = <usize>win.h * rowBytes;
  const alongH = taps + <usize>win.od * TAP, alongW = alongH + <usize>win.oh * TAP;
  for (let n = 0; n < win.n; n++, x += <usize>win.d * planeBytes) {
    for (let k = 0; k < win.od; k++) {
      const tz = changetype<Tap>(taps + <usize>k * TAP);
      for (let i = 0; i < win.oh; i++) {
        const ty = changetype<Tap>(alongH + <usize>i * TAP);
        let from = x + <usize>tz.first * planeBytes + <usize>ty.first * rowBytes;
        if (tz.taps + ty.taps > 2) {
          for (let z = 0; z < tz.taps; z++, from += planeBytes) {
            const wz: f32 = tz.taps == 1 ? 1 : z == 0 ? tz.near : tz.far;
            if (z == 0) scale(rowFloats, ty.taps == 1 ? wz : wz * ty.near, from, row);
            else axpy(rowFloats, ty.taps == 1 ? wz : wz * ty.near, from, row);
            if (ty.taps == 2) axpy(rowFloats, wz * ty.far, from + rowBytes, row);
          }
          from = row;
        }
        for (let j = 0; j < win.ow; j++, y += pixel) {
          const tx = changetype<Tap>(alongW + <usize>j * TAP);
          const at = from + <usize>tx.first * pixel;
          if (tx.taps == 1) copyRun(c, at, y);
          else blend(c, tx.near, at, tx.far, at + pixel, y);
        }
      }
    }
  }
}

/**
 * dx[n, tap of k, tap of i, tap of j, c] += their weights * dy[n, k, i, j, c], from zero: the transposes of the same matrices,
 * the pixels first.
 *
 * Shapes:   dy, dx as y, x of `resample`.
 * Writes:   overwrites dx; row is scratch.
 * Requires: as `resample`.
 * Adjoint:  `resample`.
 */
export function resampleAdjoint(window: usize, taps: usize, row: usize, dy: usize, dx: usize): void {
  const win = changetype<Window>(window);
  const c = win.c, rowFloats = win.w * c;
  const pixel = <usize>c << 2, rowBytes = <usize>rowFloats << 2, planeBytes = <usize>win.h * rowBytes;
  const alongH = taps + <usize>win.od * TAP, alongW = alongH + <usize>win.oh * TAP;
  fillRun(win.n * win.d * win.h * rowFloats, 0, dx);
  for (let n = 0; n < win.n; n++, dx += <usize>win.d * planeBytes) {
    for (let k = 0; k < win.od; k++) {
      const tz = changetype<Tap>(taps + <usize>k * TAP);
      for (let i = 0; i < win.oh; i++) {
        const ty = changetype<Tap>(alongH + <usize>i * TAP);
        let to = dx + <usize>tz.first * planeBytes + <usize>ty.first * rowBytes;
        const blended = tz.taps + ty.taps > 2;
        if (blended) fillRun(rowFloats, 0, row);
        const sum = blended ? row : to;
        for (let j = 0; j < win.ow; j++, dy += pixel) {
          const tx = changetype<Tap>(alongW + <usize>j * TAP);
          const at = sum + <usize>tx.first * pixel;
          if (tx.taps == 1) {
            addRun(c, dy, at);
          } else {
            axpy(c, tx.near, dy, at);
            axpy(c, tx.far, dy, at + pixel);
          }
        }
        if (!blended) continue;
        for (let z = 0; z < tz.taps; z++, to += planeBytes) {
          const wz: f32 = tz.taps == 1 ? 1 : z == 0 ? tz.near : tz.far;
          axpy(rowFloats, ty.taps == 1 ? wz : wz * ty.near, row, to);
          if (ty.taps == 2) axpy(rowFloats, wz * ty.far, row, to + rowBytes);
        }
      }
    }
  }
}

/** y = near * a + far * b */
// @ts-ignore: decorator
@inline
function blend(n: i32, near: f32, a: usize, far: f32, b: usize, y: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const wa = f32x4.splat(near), wb = f32x4.splat(far);
    for (; i <= n - 4; i += 4, a += 16, b += 16, y += 16) {
      v128.store(y, f32x4.add(f32x4.mul(wa, v128.load(a)), f32x4.mul(wb, v128.load(b))));
    }
  }
  for (; i < n; i++, a += 4, b += 4, y += 4) store<f32>(y, near * load<f32>(a) + far * load<f32>(b));
}
