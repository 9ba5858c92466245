import { fillRun } from "./runs";
import { Window } from "./window";

// One axis of each of Winograd's transforms, and what tiles need for them: F(m x m, r x r) as in `winograd.ts`. A transform is two passes of
// one loop, down the columns of a tile and along its rows, so that each is in the kernels once. With r = sqrt(1/2):
//
//         1  0 -5/2  0   1  0             1     0     0               1  1  1    1    1   0
//         0 -2r -2   r   1  0           -2/3 -2/3 r -1/3              0  r -r   2r  -2r   0
//   B' =  0  2r -2  -r   1  0     G =   -2/3  2/3 r -1/3       A' =   0 1/2 1/2  2    2   0
//         0 -r -1/2  2r  1  0            1/6  1/3 r  1/3              0 r/2 -r/2 4r -4r   1
//         0  r -1/2 -2r  1  0            1/6 -1/3 r  1/3
//         0  1  0  -5/2  0  1             0     0     1
//
// The points p of F(2x2, 5x5) are the same, and so is B'. G has the powers p^3 and p^4 too, by the same factors, A' the first row and
// the second one with the point at infinity.

/** Channels that one transform works on. */
export const LANES: i32 = ASC_FEATURE_SIMD ? 4 : 1;
/** Bytes from one intermediate value to the next. */
export const SLOT: usize = 16;

// Where things lie in the work space: constants, which V8 would rebuild each time if they were literal; addresses of a tile's pixels;
// 6 x 6 values between the passes, and their addresses as the second pass takes them; what there is of a tile; zeros.
export const PIXELS: usize = 4 * SLOT;
export const MIDDLE: usize = PIXELS + 36 * 4;
const MIDDLES: usize = MIDDLE + 36 * SLOT;
export const HEIGHT: usize = MIDDLES + 36 * 4, WIDTH: usize = HEIGHT + 4;
export const ZEROS: usize = HEIGHT + SLOT;

/** Fills a work space, with so many zeros. */
export function prepareSpace<T>(space: usize, zeros: i32): void {
  store<T>(space, all<T>(0.5));
  store<T>(space + SLOT, all<T>(<f32>Math.SQRT1_2));
  store<T>(space + 2 * SLOT, all<T>(2.5));
  store<T>(space + 3 * SLOT, all<T>(1.0 / 3.0));
  for (let i: usize = 0; i < 36; i++) store<usize>(space + MIDDLES + (i << 2), space + MIDDLE + (i % 6 * 6 + i / 6) * SLOT);
  fillRun(zeros, 0, space + ZEROS);
}

// @ts-ignore: decorator
@inline
export function across(length: i32, m: i32): i32 {
  return (length + m - 1) / m;
}

/** Tiles along an axis, those of every phase of the dilation e that has pixels. */
export function tilesAlong(length: i32, e: i32, m: i32): i32 {
  return across(length, e * m) * min(e, length);
}

/** Where a tile begins along an axis. */
function tileStart(tile: i32, e: i32, m: i32): i32 {
  return tile / e * (e * m) + tile % e;
}

/**
 * Writes into the space the addresses of a x a pixels of a tile, in the input or the output, which is at `map`; those outside are found at
 * the zeros. Also how many rows and columns of the output there are from the tile's first one on, in its phase.
 */
export function findPixels(window: usize, output: bool, m: i32, a: i32, tile: i32, map: usize, space: usize): void {
  const win = changetype<Window>(window), eh = win.eh, ew = win.ew;
  // The output's fields lie behind those of the input, in the same order.
  const side = changetype<Window>(window + (<usize>output << 4)), c = side.c, h = side.h, w = side.w;
  const columns = tilesAlong(win.ow, ew, m), rows = tilesAlong(win.oh, eh, m), row = tile / columns;
  let y = tileStart(row % rows, eh, m), x0 = tileStart(tile % columns, ew, m);
  store<i32>(space + HEIGHT, across(win.oh - y, eh));
  store<i32>(space + WIDTH, across(win.ow - x0, ew));
  if (!output) {
    y -= win.ph;
    x0 -= win.pw;
  }
  map += <usize>(row / rows * h * w * c) << 2;
  for (let i = 0; i < a; i++, y += eh) {
    let to = space + PIXELS + <usize>(i * 24);
    for (let j = 0, x = x0; j < a; j++, x += ew, to += 4) {
      store<usize>(to, <u32>y < <u32>h && <u32>x < <u32>w ? map + (<usize>((y * w + x) * c) << 2) : space + ZEROS);
    }
  }
}

/** B' x B for c channels of the pixels that were found. Point k goes to v + k * step. */
export function transformTile<T>(a: i32, c: i32, space: usize, v: usize, step: usize): void {
  for (let at: usize = 0; at < <usize>c << 2; at += LANES << 2, v += LANES << 2) {
    inputPoints<T>(a, space + PIXELS, at, space, space + MIDDLE, SLOT, 6 * SLOT);
    inputPoints<T>(a, space + MIDDLES, 0, space, v, <usize>a * step, step);
  }
}

/** A dY A' for o channels of the 4 x 4 pixels that were found. Point k goes to e + k * step. */
export function spreadTile<T>(o: i32, space: usize, e: usize, step: usize): void {
  for (let at: usize = 0; at < <usize>o << 2; at += LANES << 2, e += LANES << 2) {
    outputPoints<T>(4, space + PIXELS, at, space, space + MIDDLE, SLOT, 6 * SLOT);
    outputPoints<T>(6, space + MIDDLES, 0, space, e, 6 * step, step);
  }
}

/** A' p A + bias for o channels of a tile, of which `rows` x `columns` pixels lie inside the image. Point k comes from p + k * step. */
export function interpolateTile<T>(
  m: i32, a: i32, o: i32, rows: i32, columns: i32, space: usize, p: usize, step: usize, bias: usize, y: usize, pixelBytes: usize,
  lineBytes: usize,
): void {
  const middle = space + MIDDLE;
  for (let at = 0; at < o; at += LANES, p += LANES << 2, y += LANES << 2) {
    outputs<T>(m, a, a, p, step, <usize>a * step, 0, space, middle, SLOT, 6 * SLOT, m, LANES);
    const b: usize = bias == 0 ? 0 : bias + (<usize>at << 2);
    outputs<T>(m, a, rows, middle, 6 * SLOT, SLOT, b, space, y, lineBytes, pixelBytes, columns, min(LANES, o - at));
  }
}

/** G' u G for c channels of a filter. Point k comes from u + k * step, the taps are written `tap` bytes apart. */
export function gatherTaps<T>(c: i32, space: usize, u: usize, step: usize, w: usize, tap: usize): void {
  const middle = space + MIDDLE;
  for (let at = 0; at < c; at += LANES, u += LANES << 2, w += LANES << 2) {
    taps<T>(6, u, step, 6 * step, space, middle, SLOT, 6 * SLOT, LANES);
    taps<T>(3, middle, 6 * SLOT, SLOT, space, w, 3 * tap, tap, min(LANES, c - at));
  }
}

// In each loop the k-th output of one turn goes to out + k * step, those of the next one lie `next` bytes further.

function inputPoints<T>(a: i32, pixels: usize, at: usize, k: usize, out: usize, next: usize, step: usize): void {
  for (let count = a; count > 0; count--, pixels += 4, out += next) {
    const x0 = load<T>(load<usize>(pixels) + at), x1 = load<T>(load<usize>(pixels, 24) + at);
    const x2 = load<T>(load<usize>(pixels, 48) + at), x3 = load<T>(load<usize>(pixels, 72) + at);
    if (a == 6) {
      const x4 = load<T>(load<usize>(pixels, 96) + at), x5 = load<T>(load<usize>(pixels, 120) + at);
      store<T>(out, minus<T>(plus<T>(x0, x4), times<T>(load<T>(k, 2 * SLOT), x2)));
      let even = minus<T>(x4, plus<T>(x2, x2));
      let odd = times<T>(load<T>(k, SLOT), minus<T>(x3, plus<T>(x1, x1)));
      store<T>(out + step, plus<T>(even, odd));
      store<T>(out + 2 * step, minus<T>(even, odd));
      even = minus<T>(x4, times<T>(load<T>(k), x2));
      odd = times<T>(load<T>(k, SLOT), minus<T>(plus<T>(x3, x3), x1));
      store<T>(out + 3 * step, plus<T>(even, odd));
      store<T>(out + 4 * step, minus<T>(even, odd));
      store<T>(out + 5 * step, minus<T>(plus<T>(x1, x5), times<T>(load<T>(k, 2 * SLOT), x3)));
    } else {
      store<T>(out, minus<T>(x0, x2));
      store<T>(out + step, plus<T>(x2, x1));
      store<T>(out + 2 * step, minus<T>(x2, x1));
      store<T>(out + 3 * step, minus<T>(x3, x1));
    }
  }
}

/** The first `columns` outputs of `count` turns; the k-th input of one comes from p + k * far, those of the next one are `near` further. */
function outputs<T>(
  m: i32, a: i32, count: i32, p: usize, near: usize, far: usize, bias: usize, k: usize, out: usize, next: usize, step: usize, columns: i32,
  lanes: i32,
): void {
  const b = bias == 0 ? all<T>(0) : load<T>(bias);
  for (; count > 0; count--, p += near, out += next) {
    const p0 = plus<T>(load<T>(p), b), p1 = load<T>(p + far), p2 = load<T>(p + 2 * far), p3 = load<T>(p + 3 * far);
    const s = plus<T>(p1, p2), d = minus<T>(p1, p2);
    if (a == 6) {
      const p4 = load<T>(p + 4 * far);
      const t = plus<T>(p3, p4);
      let e = minus<T>(p3, p4);
      put<T>(out, plus<T>(p0, plus<T>(s, t)), lanes);
      if (columns < 2) continue;
      e = plus<T>(e, e);
      const p5 = plus<T>(load<T>(p + 5 * far), b);
      // The last one has the point at infinity.
      put<T>(out + step, plus<T>(times<T>(load<T>(k, SLOT), plus<T>(d, e)), m == 2 ? p5 : b), lanes);
      if (columns < 3) continue;
      put<T>(out + 2 * step, plus<T>(plus<T>(times<T>(load<T>(k), s), plus<T>(t, t)), b), lanes);
      if (columns < 4) continue;
      put<T>(out + 3 * step, plus<T>(times<T>(load<T>(k, SLOT), plus<T>(times<T>(load<T>(k), d), plus<T>(e, e))), p5), lanes);
    } else {
      put<T>(out, plus<T>(p0, s), lanes);
      if (columns > 1) put<T>(out + step, plus<T>(plus<T>(p3, b), d), lanes);
    }
  }
}

/** A d: the transpose of `outputs`, for m = 4. */
function outputPoints<T>(count: i32, pixels: usize, at: usize, k: usize, out: usize, next: usize, step: usize): void {
  for (; count > 0; count--, pixels += 4, out += next) {
    const d0 = load<T>(load<usize>(pixels) + at), d1 = load<T>(load<usize>(pixels, 24) + at);
    const d2 = load<T>(load<usize>(pixels, 48) + at), d3 = load<T>(load<usize>(pixels, 72) + at);
    store<T>(out, d0);
    let even = plus<T>(d0, times<T>(load<T>(k), d2));
    let odd = times<T>(load<T>(k, SLOT), plus<T>(d1, times<T>(load<T>(k), d3)));
    store<T>(out + step, plus<T>(even, odd));
    store<T>(out + 2 * step, minus<T>(even, odd));
    even = plus<T>(d0, plus<T>(d2, d2));
    odd = plus<T>(d1, plus<T>(d3, d3));
    odd = times<T>(load<T>(k, SLOT), plus<T>(odd, odd));
    store<T>(out + 3 * step, plus<T>(even, odd));
    store<T>(out + 4 * step, minus<T>(even, odd));
    store<T>(out + 5 * step, d3);
  }
}

/** G g, with the inputs of `outputs`. */
export function filterPoints<T>(
  a: i32, r: i32, count: i32, g: usize, near: usize, far: usize, k: usize, out: usize, next: usize, step: usize,
): void {
  for (; count > 0; count--, g += near, out += next) {
    const g0 = load<T>(g), g1 = load<T>(g + far), g2 = load<T>(g + 2 * far);
    store<T>(out, g0);
    if (a == 6) {
      let g3 = all<T>(0), g4 = g3;
      if (r == 5) {
        g3 = load<T>(g + 3 * far);
        g4 = load<T>(g + 4 * far);
      }
      const third = load<T>(k, 3 * SLOT), sixth = times<T>(load<T>(k), third), twoThirds = plus<T>(third, third);
      let even = plus<T>(g0, times<T>(load<T>(k), plus<T>(g2, times<T>(load<T>(k), g4))));
      let odd = times<T>(load<T>(k, SLOT), plus<T>(g1, times<T>(load<T>(k), g3)));
      store<T>(out + step, times<T>(twoThirds, minus<T>(all<T>(0), plus<T>(even, odd))));
      store<T>(out + 2 * step, times<T>(twoThirds, minus<T>(odd, even)));
      even = plus<T>(g2, plus<T>(g4, g4));
      even = plus<T>(g0, plus<T>(even, even));
      odd = plus<T>(g1, plus<T>(g3, g3));
      odd = times<T>(load<T>(k, SLOT), plus<T>(odd, odd));
      store<T>(out + 3 * step, times<T>(sixth, plus<T>(even, odd)));
      store<T>(out + 4 * step, times<T>(sixth, minus<T>(even, odd)));
      store<T>(out + 5 * step, r == 5 ? g4 : g2);
    } else {
      const even = times<T>(load<T>(k), plus<T>(g0, g2)), odd = times<T>(load<T>(k), g1);
      store<T>(out + step, plus<T>(even, odd));
      store<T>(out + 2 * step, minus<T>(even, odd));
      store<T>(out + 3 * step, g2);
    }
  }
}

/** G' u: the transpose of `filterPoints`, for m = 4, with the inputs of `outputs`. */
function taps<T>(count: i32, u: usize, near: usize, far: usize, k: usize, out: usize, next: usize, step: usize, lanes: i32): void {
  const third = load<T>(k, 3 * SLOT);
  for (; count > 0; count--, u += near, out += next) {
    const u1 = load<T>(u + far), u2 = load<T>(u + 2 * far), u3 = load<T>(u + 3 * far), u4 = load<T>(u + 4 * far);
    const s = plus<T>(u1, u2), t = plus<T>(u3, u4), d = minus<T>(u1, u2), e = minus<T>(u3, u4);
    put<T>(out, plus<T>(load<T>(u), times<T>(third, minus<T>(times<T>(load<T>(k), t), plus<T>(s, s)))), lanes);
    put<T>(out + step, times<T>(times<T>(third, load<T>(k, SLOT)), minus<T>(e, plus<T>(d, d))), lanes);
    put<T>(out + 2 * step, plus<T>(load<T>(u + 5 * far), times<T>(third, minus<T>(t, s))), lanes);
  }
}

// Arithmetic on LANES channels: one source for all builds.

// @ts-ignore: decorator
@inline
function plus<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.add(a, b);
  return a + b;
}

// @ts-ignore: decorator
@inline
function minus<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.sub(a, b);
  return a - b;
}

// @ts-ignore: decorator
@inline
function times<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.mul(a, b);
  return a * b;
}

// @ts-ignore: decorator
@inline
function all<T>(value: f32): T {
  if (isVector<T>()) return f32x4.splat(value);
  return value;
}

/** Stores the first `lanes` values. */
// @ts-ignore: decorator
@inline
function put<T>(to: usize, value: T, lanes: i32): void {
  if (lanes == LANES) store<T>(to, value);
  else putLanes<T>(to, value, lanes);
}

function putLanes<T>(to: usize, value: T, lanes: i32): void {
  if (isVector<T>()) {
    v128.store32_lane(to, value, 0);
    if (lanes > 1) v128.store32_lane(to, value, 1, 4);
    if (lanes > 2) v128.store32_lane(to, value, 2, 8);
  }
}
