import { biasOf, finish } from "./epilogue";
import { gemm, packedBFloats } from "./gemm";
import { fillRun } from "./runs";
import { MR, NR } from "./tile";
import { Window } from "./window";
import {
  across, filterPoints, findPixels, HEIGHT, interpolateTile, LANES, MIDDLE, PIXELS, prepareSpace, SLOT, tilesAlong, transformTile, WIDTH, ZEROS,
} from "./winogradPoints";

// Convolution with 3x3 and 5x5 kernels at stride 1 by Winograd's minimal filtering, F(m x m, r x r): F(4x4, 3x3), F(2x2, 3x3) and
// F(2x2, 5x5). Output tiles of m x m are interpolated from products at a = m + r - 1 points along each axis:
//
//   Y = A' [ sum over c of (G w G') . (B' x B) ] A      a * a products for m * m outputs, not r * r * m * m: 4, 2.25 and 2.78 times fewer
//
// Point by point the sum over channels is a matrix product of [tiles, C] and [C, O], a * a of them for a block of tiles. F(2x2, 3x3)
// interpolates at 0, 1, -1, infinity. The others do at 0, +-sqrt(1/2), +-sqrt(2), infinity instead of the usual 0, +-1, +-2: their powers
// stay near 1, and so do those of the transforms. Root mean square error of F(4x4, 3x3) against double precision with C = 256, x
// and w in +-0.5: 3.9e-6 instead of 10e-6; the sum over 9 C terms in order, by `conv`, has 3.4e-6.
//
// With a dilation e, each of the e x e phases of the image is convolved by itself: the pixels of a tile lie e apart, in x and in y. Tiles
// of the phases take turns along an axis.
//
// Few tiles are bound by the filters' way from memory. 512 -> 512 @7 reads 37.7 MB of them for 4 tiles, ms (relaxed, V8 14.6, AMD EPYC
// Zen 5): reading alone 0.9 to 1.0, products of 4 rows alone 1.43 (0.86 of the peak: 8 sums of 4 cycles' latency), both 1.67. Loads ahead
// of the product, 0.5 to 8 KB, make it 1.8 to 3.1; tiles in the lanes, by 12 columns, take 1.64; 4 x 12 spills.
//
// Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015; the points as in Alam et al., "Winograd
// convolution for deep neural networks: efficient point selection", 2022.

/** Bytes that transformed inputs and products of a block of tiles should take together. */
const BLOCK_BYTES: i32 = 1 << 20;
/** Tiles below which a block would spend its time on reading filters. */
const LEAST_TILES: i32 = 24;
/** Bytes between the matrices of two points beyond their size, or stores into all of them would meet in one set of the cache. */
export const GAP: usize = 64;

// @ts-ignore: decorator
@inline
export function padded(channels: i32): i32 {
  return (channels + 3) & ~3;
}

/** Bytes from the filters of one point to those of the next. */
function pointBytes(c: i32, o: i32): usize {
  return (<usize>packedBFloats(c, o) << 2) + GAP;
}

/** Output tiles of the whole batch. */
export function tileCount(win: Window, m: i32): i32 {
  return win.n * win.d * tilesAlong(win.oh, win.eh, m) * tilesAlong(win.ow, win.ew, m);
}

/** Tiles of a block: as many for any range of tiles. */
export function blockTiles(win: Window, m: i32): i32 {
  const a = m + win.kh - 1, tiles = tileCount(win, m);
  const tileBytes = a * a * (padded(win.c / win.groups) + padded(win.o / win.groups)) << 2;
  const most = max(BLOCK_BYTES / max(tileBytes, 1), LEAST_TILES) / MR * MR;
  // Blocks of the same size, rather than a small last one.
  const blocks = max(across(tiles, most), 1);
  return across(across(tiles, blocks), MR) * MR;
}

/** Floats of transformed filters, and of the space that `winogradFilters` works in. */
export function winogradFilterFloats(window: usize, m: i32): i32 {
  const win = changetype<Window>(window);
  const a = m + win.kh - 1;
  return a * a * win.groups * <i32>(pointBytes(win.c / win.groups, win.o / win.groups) >> 2) + <i32>((ZEROS + 36 * SLOT) >> 2);
}

/** Floats of the buffer that `winograd` needs. */
export function winogradFloats(window: usize, m: i32): i32 {
  const win = changetype<Window>(window);
  const c = padded(win.c / win.groups), o = padded(win.o / win.groups);
  const a = m + win.kh - 1;
  return <i32>(ZEROS >> 2) + c + a * a * (blockTiles(win, m) * (c + o) + 2 * <i32>(GAP >> 2)) + NR;
}

/**
 * Transforms filters, u = G w G', and packs them for the products: a panel of 8 output channels after the other.
 *
 * Shapes:   w [O, r, r, C/G]; u [G, a * a, ceil(O/G / 8), C/G, 8] with a = m + r - 1 and gaps between points, in [`winogradFilterFloats`].
 * Writes:   overwrites u.
 * Requires: r is the kernel's height, 3 with m of 2 or 4, or 5 with m = 2; no overlap. May read up to 12 bytes past w.
 */
export function winogradFilters(window: usize, m: i32, w: usize, u: usize): void {
  if (ASC_FEATURE_SIMD) transformFilters<v128>(window, m, w, u);
  else transformFilters<f32>(window, m, w, u);
}

function transformFilters<T>(window: usize, m: i32, w: usize, u: usize): void {
  const win = changetype<Window>(window);
  const c = win.c / win.groups, o = win.o / win.groups, r = win.kh, a = m + r - 1;
  const step = pointBytes(c, o), tap = <usize>c << 2, filter = <usize>(r * r) * tap;
  const space = u + <usize>(a * a * win.groups) * step;
  const middle = space + MIDDLE, result = space + ZEROS;
  prepareSpace<T>(space, 0);
  for (let g = 0; g < win.groups; g++, w += <usize>o * filter, u += <usize>(a * a) * step) {
    for (let panel = 0; panel < o; panel += NR) {
      const columns = min(NR, o - panel);
      let to = u + (<usize>(panel * c) << 2);
      // Columns of the last panel that no filter has.
      if (columns < NR) for (let point: usize = 0; point < <usize>(a * a); point++) fillRun(c * NR, 0, to + point * step);
      for (let j = 0; j < c; j += LANES, to += <usize>(LANES * NR) << 2) {
        let from = w + <usize>panel * filter + (<usize>j << 2);
        for (let column = 0; column < columns; column++, from += filter) {
          filterPoints<T>(a, r, r, from, tap, <usize>r * tap, space, middle, SLOT, 6 * SLOT);
          filterPoints<T>(a, r, a, middle, 6 * SLOT, SLOT, space, result, <usize>a * SLOT, SLOT);
          scatter<T>(a * a, min(LANES, c - j), result, to + (<usize>column << 2), step);
        }
      }
    }
  }
}

/** Stores the lanes of `points` values below one another in a panel; the panels of two points are `step` bytes apart. */
function scatter<T>(points: i32, lanes: i32, from: usize, to: usize, step: usize): void {
  for (; points > 0; points--, from += SLOT, to += step) {
    const value = load<T>(from);
    if (isVector<T>()) {
      v128.store32_lane(to, value, 0);
      if (lanes > 1) v128.store32_lane(to, value, 1, NR << 2);
      if (lanes > 2) v128.store32_lane(to, value, 2, 2 * NR << 2);
      if (lanes > 3) v128.store32_lane(to, value, 3, 3 * NR << 2);
    } else {
      store<f32>(to, value);
    }
  }
}

/**
 * y[q, o] = activation(sum over taps t of col(x)[q, t] w[o, t] + bias[o] + residual[q, o]), for the positions q of output tiles
 * from <= tile < to, counted through images, rows and columns of tiles, and output channels first <= o < past.
 *
 * Shapes:   x [N, D, H, W, C]; u from `winogradFilters`; y [N, D, OH, OW, O]; epilogue with bias [O] and residual as y, or 0;
 *           scratch [`winogradFloats`].
 * Writes:   overwrites y at these positions and channels; scratch.
 * Requires: m as for u; kernel 1x3x3 or 1x5x5, stride 1, no padding along the depth; no overlap. The first channel begins a panel of its
 *           group. May read up to 12 bytes past x and bias.
 * Adjoint:  as `conv`: in x this kernel with `flip`; in w `convFilterAdjoint`.
 */
export function winograd(
  window: usize, m: i32, from: i32, to: i32, first: i32, past: i32, x: usize, u: usize, epilogue: usize, y: usize, scratch: usize,
): void {
  if (ASC_FEATURE_SIMD) byBlocks<v128>(window, m, from, to, first, past, x, u, epilogue, y, scratch);
  else byBlocks<f32>(window, m, from, to, first, past, x, u, epilogue, y, scratch);
}

function byBlocks<T>(
  window: usize, m: i32, from: i32, to: i32, first: i32, past: i32, x: usize, u: usize, epilogue: usize, y: usize, scratch: usize,
): void {
  const win = changetype<Window>(window);
  const c = win.c / win.groups, o = win.o / win.groups, a = m + win.kh - 1;
  const ldv = padded(c), ldp = padded(o);
  const tiles = blockTiles(win, m);
  const vStep = (<usize>(tiles * ldv) << 2) + GAP, pStep = (<usize>(tiles * ldp) << 2) + GAP;
  const uStep = pointBytes(c, o);
  const v = scratch + ZEROS + (<usize>ldv << 2), products = v + <usize>(a * a) * vStep;
  prepareSpace<T>(scratch, ldv);
  for (; from < to; from += tiles) {
    const count = min(tiles, to - from);
    for (let channel = first, n = 0; channel < past; channel += n) {
      // The channels of one group.
      const g = channel / o;
      n = min(past, (g + 1) * o) - channel;
      for (let i = 0; i < count; i++) {
        findPixels(window, false, m, a, from + i, x + (<usize>(g * c) << 2), scratch);
        transformTile<T>(a, c, scratch, v + (<usize>(i * ldv) << 2), vStep);
      }
      const panels = u + <usize>(g * a * a) * uStep + (<usize>(channel % o * c) << 2);
      for (let point: usize = 0; point < <usize>(a * a); point++) {
        gemm(count, n, c, v + point * vStep, ldv, false, panels + point * uStep, 0, products + point * pStep, ldp, false);
      }
      for (let i = 0; i < count; i++) {
        findPixels(window, true, m, 1, from + i, y + (<usize>channel << 2), scratch);
        let line = load<usize>(scratch + PIXELS);
        const width = min(m, load<i32>(scratch + WIDTH)), height = width > 0 ? min(m, load<i32>(scratch + HEIGHT)) : 0;
        const pixel = win.ew * win.o, lineBytes = <usize>(win.eh * win.ow * win.o) << 2;
        interpolateTile<T>(
          m, a, n, height, width, scratch, products + (<usize>(i * ldp) << 2), pStep, biasOf(epilogue, channel), line, <usize>pixel << 2, lineBytes,
        );
        for (let k = 0; k < height; k++, line += lineBytes) finish(epilogue, y, width, n, line, pixel);
      }
    }
  }
}
