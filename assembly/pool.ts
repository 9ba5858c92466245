import { boxes, spread, winner } from "./poolBox";
import { fillRun } from "./runs";
import { endTap, firstTap, Window } from "./window";

// Max and average pooling, and their adjoints. Every output position sees a box of taps; what lies in the padding is cut off
// here, before the loops over the taps (`poolBox.ts`), so that they only meet taps inside the image.
//
// A window of kernel 0 is adaptive: its boxes share the input out among the outputs of each axis, output i taking from
// floor(i L / OL) up to ceil((i + 1) L / OL), so that they differ in size and may overlap by an element. Stride, padding and
// dilation are 1, 0 and 1 then.
//
// With the winners of a max pooling fixed, it is a selection, y = S x. S' scatters, S gathers: the adjoints of each other.

/** What `walk` does at each position. */
const MAX: i32 = 0;
const AVERAGE: i32 = 1;
const SPREAD: i32 = 2;

/**
 * y[q, c] = max of x[q * stride + tap * dilation - padding, c] over the taps inside the image, for output positions
 * from <= q < to; index[q, c] = where it lies in its plane, (d * H + h) * W + w.
 *
 * The first maximum in row-major order wins. A NaN counts as larger than everything, the last NaN wins.
 *
 * Shapes:   x [N, D, H, W, C]; y [N, OD, OH, OW, C]; index as y, of i32, or 0: then only y is made, at less than half the cost.
 * Writes:   overwrites y and index at these positions.
 * Requires: every window has a tap inside the image.
 * Adjoint:  `maxPoolAdjoint`, of the selection that index describes.
 * Source:   PyTorch's `max_pool2d`, for ties and NaN.
 */
export function maxPool(window: usize, from: i32, to: i32, x: usize, y: usize, index: usize): void {
  walk(window, MAX, from, to, x, y, index, false, 0);
}

/**
 * dx[index[q, c], c] += dy[q, c] in every image, from zero: S' dy.
 *
 * Shapes:   index, dy as y, dx as x of `maxPool`.
 * Writes:   overwrites dx.
 * Requires: 0 <= index < D * H * W.
 * Adjoint:  `maxPoolSelect`.
 */
export function maxPoolAdjoint(window: usize, index: usize, dy: usize, dx: usize): void {
  follow(window, ADD, index, dy, dx);
}

/**
 * x[index[q, c], c] = y[q, c] in every image, 0 elsewhere: puts maxima back where they came from. Where an index occurs twice,
 * the later y wins.
 *
 * Shapes:   index, y, x as those of `maxPool`.
 * Writes:   overwrites x.
 * Requires: 0 <= index < D * H * W.
 * Adjoint:  `maxPoolSelect`, where no index occurs twice.
 */
export function maxUnpool(window: usize, index: usize, y: usize, x: usize): void {
  follow(window, PUT, index, y, x);
}

/**
 * y[q, c] = x[index[q, c], c] in every image: S x.
 *
 * Shapes:   index, y, x as those of `maxPool`.
 * Writes:   overwrites y.
 * Requires: 0 <= index < D * H * W.
 * Adjoint:  `maxPoolAdjoint`.
 */
export function maxPoolSelect(window: usize, index: usize, x: usize, y: usize): void {
  follow(window, GET, index, y, x);
}

/** What `follow` does with y and the place in x that the index names. */
const ADD: i32 = 0;
const PUT: i32 = 1;
const GET: i32 = 2;

function follow(window: usize, action: i32, index: usize, y: usize, x: usize): void {
  const win = changetype<Window>(window);
  const c = win.c, positions = win.od * win.oh * win.ow;
  const imageFloats = win.d * win.h * win.w * c;
  if (action != GET) fillRun(win.n * imageFloats, 0, x);
  for (let n = 0; n < win.n; n++) {
    for (let q = 0; q < positions; q++) {
      for (let j = 0; j < c; j++, index += 4, y += 4) {
        const at = x + (<usize>(load<i32>(index) * c + j) << 2);
        if (action == GET) store<f32>(y, load<f32>(at));
        else store<f32>(at, action == ADD ? load<f32>(at) + load<f32>(y) : load<f32>(y));
      }
    }
    x += <usize>imageFloats << 2;
  }
}

/**
 * y[q, c] = sum of x[q * stride + tap - padding, c] over the taps inside the image / divisor(q), for output positions
 * from <= q < to. divisor(q) is `divisor`, or if that is 0 the number of taps inside the padded image (`countPadding`) or inside
 * the image itself.
 *
 * Shapes:   x [N, D, H, W, C]; y [N, OD, OH, OW, C].
 * Writes:   overwrites y at these positions.
 * Requires: dilation 1; every window has a tap inside the image.
 * Adjoint:  `avgPoolAdjoint`.
 */
export function avgPool(window: usize, from: i32, to: i32, countPadding: bool, divisor: f32, x: usize, y: usize): void {
  walk(window, AVERAGE, from, to, x, y, 0, countPadding, divisor);
}

/**
 * dx[q * stride + tap - padding, c] += dy[q, c] / divisor(q) over the taps inside the image, from zero.
 *
 * Shapes:   dy, dx as y, x of `avgPool`.
 * Writes:   overwrites dx.
 * Requires: as `avgPool`.
 * Adjoint:  `avgPool`.
 */
export function avgPoolAdjoint(window: usize, countPadding: bool, divisor: f32, dy: usize, dx: usize): void {
  const win = changetype<Window>(window);
  fillRun(win.n * win.d * win.h * win.w * win.c, 0, dx);
  walk(window, SPREAD, 0, win.positions, dx, dy, 0, countPadding, divisor);
}

/** Taps of an undilated window inside the image with its padding: in ceil mode the last window may reach beyond. */
// @ts-ignore: decorator
@inline
function paddedTaps(start: i32, taps: i32, length: i32, padding: i32): f32 {
  return <f32>(min(start + taps, length + padding) - start);
}

/** The first element of output i's share. In 64 bits: of a long line, i L is beyond 32. */
function shareStart(i: i32, length: i32, outputs: i32): i32 {
  return <i32>(<i64>i * length / outputs);
}

/** One more than the last element of output i's share. */
function shareEnd(i: i32, length: i32, outputs: i32): i32 {
  return <i32>((<i64>(i + 1) * length + outputs - 1) / outputs);
}

/**
 * Visits the output positions from <= q < to row by row, in runs of windows that lie inside the image from left to right, or in single
 * ones, with the box of taps inside the image.
 */
function walk(
  window: usize, action: i32, from: i32, to: i32, x: usize, y: usize, index: usize, countPadding: bool, divisor: f32,
): void {
  const win = changetype<Window>(window);
  const d = win.d, h = win.h, w = win.w, c = win.c;
  if (c == 0) return;
  const adaptive = win.kd == 0;
  y += <usize>(from * c) << 2;
  const indexed = index != 0;
  index += <usize>(from * c) << 2;
  let begun = -1;
  for (let q = from, run = 1; q < to; q += run) {
    const ox = q % win.ow;
    let rest = q / win.ow;
    const oy = rest % win.oh;
    rest /= win.oh;
    const oz = rest % win.od;
    let z0: i32, y0: i32, x0: i32, nz: i32, ny: i32, nx: i32;
    run = 1;
    if (adaptive) {
      z0 = shareStart(oz, d, win.od);
      y0 = shareStart(oy, h, win.oh);
      x0 = shareStart(ox, w, win.ow);
      nz = shareEnd(oz, d, win.od) - z0;
      ny = shareEnd(oy, h, win.oh) - y0;
      nx = shareEnd(ox, w, win.ow) - x0;
    } else {
      z0 = oz * win.sd - win.pd;
      y0 = oy * win.sh - win.ph;
      x0 = ox * win.sw - win.pw;
      nz = endTap(z0, win.ed, win.kd, d);
      ny = endTap(y0, win.eh, win.kh, h);
      nx = endTap(x0, win.ew, win.kw, w);
      const room = w - 1 - x0 - (win.kw - 1) * win.ew;
      if (x0 >= 0 && room >= 0) run = min(room / win.sw + 1, min(win.ow - ox, to - q));
    }
    const kz = firstTap(z0, win.ed), ky = firstTap(y0, win.eh), kx = firstTap(x0, win.ew);
    nz -= kz;
    ny -= ky;
    nx -= kx;
    const first = ((z0 + kz * win.ed) * h + y0 + ky * win.eh) * w + x0 + kx * win.ew;
    const image = x + (<usize>(rest / win.od * d * h * w * c) << 2);
    if (action == MAX) {
      if (!indexed) {
        // Rows of 3x3 windows whose last row of taps is the first one of those below.
        const shares = ASC_FEATURE_SIMD && nz == 1 && ny == 3 && nx == 3 && win.kh * win.kw == 9 && win.sh == win.eh << 1 &&
          win.sw == win.ew << 1 && (c & 3) == 0;
        const under = shares && oy + 1 < win.oh && y0 + win.eh * 4 < h && q + win.ow + run <= to;
        boxes(win, run, image, first, nz, ny, nx, y, 0, begun == q, under ? <usize>(win.ow * c) << 2 : 0);
        if (under) begun = q + win.ow;
      }
      else winner(win, run, image, first, nz, ny, nx, y, index);
    } else {
      let count = divisor;
      if (count == 0) {
        count = countPadding
          ? paddedTaps(z0, win.kd, d, win.pd) * paddedTaps(y0, win.kh, h, win.ph) * paddedTaps(x0, win.kw, w, win.pw)
          : <f32>nz * <f32>ny * <f32>nx;
      }
      if (action == AVERAGE) boxes(win, run, image, first, nz, ny, nx, y, count, false, 0);
      else spread(win, run, image, first, nz, ny, nx, count, y);
    }
    const made = <usize>(run * c) << 2;
    y += made;
    index += made;
  }
}
