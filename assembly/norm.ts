import { storeLanes } from "./lanes";
import { four, ZERO } from "./numbers";
import { copy, fill, mul, scale } from "./pointwise";

// Normalisation: the mean and the variance of groups of elements, what is made of them, and the adjoints. One geometry serves
// all kinds. x is [blocks, rows, columns]; the columns fall into `groups` runs of equal length; a group is such a run in all
// rows of one block. With P positions in a map of C channels that lies channels-last:
//
//               blocks   rows   columns   groups
//   batch       1        N P    C         C
//   instance    N        P      C         C
//   group       N        P      C         G
//   layer       N        1      D         1
//
// A mean is kept as two floats, mean + rest: (x - mean) - rest has all its digits where x lies far from 0 compared with its
// spread. Sums run down the columns, row by row: those for the mean in double precision, the others in float32 for some rows, whose
// sums join in double precision. There is no multiply-add, so all builds agree bit for bit.

/** Rows that are summed before their sum joins the total: keeps the rounding error of long sums down. */
const BLOCK: i32 = 32;
/** Columns that are summed together, in registers. The last ones of a strip may lie behind the row: what becomes of them is not read. */
const STRIP: i32 = 8;

/**
 * mean + rest = sum of x / n, variance = sum of (x - mean - rest)^2 / n, over the n elements of each group.
 *
 * Two passes, the second over the differences to the mean: nothing cancels. The mean of equal elements is that element.
 *
 * Shapes:   x [blocks, rows, columns]; mean, rest, variance [blocks, groups]; scratch [4, pitch], pitch columns rounded up to 8.
 * Writes:   overwrites mean, rest, variance and scratch.
 * Requires: rows > 0; groups divides columns; no overlap.
 * Source:   Chan, Golub, LeVeque, "Algorithms for computing the sample variance", The American Statistician 37, 1983.
 */
export function moments(
  blocks: i32, rows: i32, columns: i32, groups: i32, x: usize, scratch: usize, mean: usize, rest: usize, variance: usize,
): void {
  const step = <usize>(rows * columns) << 2;
  // One group is a run of elements, whatever its rows: short columns make the shortest work of it.
  if (groups == 1 && ((rows * columns) & 7) == 0) {
    rows = rows * columns >> 3;
    columns = 8;
  }
  const width = columns / groups, n = <f64>rows * <f64>width;
  const pitch = pitchOf(columns), bytes = <usize>pitch << 2;
  // Totals are doubles.
  const total = scratch, means = total + 2 * bytes, rests = means + bytes;
  for (; blocks > 0; blocks--, x += step) {
    sumColumns(rows, columns, x, total);
    for (let g = 0; g < groups; g++, mean += 4, rest += 4) {
      const at = <usize>(g * width) << 2;
      const exact = sumRun(width, total + 2 * at) / n;
      const high = <f32>exact;
      const low = <f32>(exact - high);
      store<f32>(mean, high);
      store<f32>(rest, low);
      fill(width, high, means + at);
      fill(width, low, rests + at);
    }
    sumSquares(rows, columns, x, means, rests, total);
    for (let g = 0; g < groups; g++, variance += 4) {
      store<f32>(variance, <f32>(sumRun(width, total + (<usize>(g * width) << 3)) / n));
    }
  }
}

/** Columns of scratch: whole strips. */
// @ts-ignore: decorator
@inline
function pitchOf(columns: i32): i32 { return (columns + STRIP - 1) & -STRIP; }

/** y[i] = 1 / sqrt(variance[i] + eps). Overwrites y[0..n); y may be variance. */
export function inverseStd(n: i32, eps: f64, variance: usize, y: usize): void {
  for (let i = 0; i < n; i++, variance += 4, y += 4) store<f32>(y, <f32>(1 / sqrt<f64>(<f64>load<f32>(variance) + eps)));
}

/**
 * y = (x - mean - rest) rstd weight + bias.
 *
 * Shapes:   x, y [blocks, rows, columns]; mean, rest, rstd [blocks, groups]; weight, bias [columns]; scratch [3, columns].
 * Writes:   overwrites y and scratch.
 * Requires: groups divides columns; y may be x, nothing else overlaps.
 * Adjoint:  `normaliseInputAdjoint`, with the sums of `normaliseAdjointSums`, which are those in weight and bias.
 */
export function normalise(
  blocks: i32, rows: i32, columns: i32, groups: i32, x: usize, mean: usize, rest: usize, rstd: usize, weight: usize, bias: usize,
  scratch: usize, y: usize,
): void {
  const width = columns / groups;
  const bytes = <usize>columns << 2;
  const means = scratch, rests = means + bytes, scales = rests + bytes;
  for (; blocks > 0; blocks--) {
    expand(groups, width, mean, means);
    expand(groups, width, rest, rests);
    expandScaled(groups, width, rstd, weight, scales);
    for (let i = 0; i < rows; i++) {
      normaliseRow(columns, x, means, rests, scales, bias, y);
      x += bytes;
      y += bytes;
    }
    mean += <usize>groups << 2;
    rest += <usize>groups << 2;
    rstd += <usize>groups << 2;
  }
}

/**
 * With d = (x - mean - rest) rstd: dweight = sum of dy d, dbias = sum of dy, over rows and blocks; and for each group the
 * means that its statistics pull back, m1 = sum of dy weight / n, m2 = sum of dy weight d / n.
 *
 * Shapes:   x, dy [blocks, rows, columns]; mean, rest, rstd, m1, m2 [blocks, groups]; weight, dweight, dbias [columns];
 *           scratch [10, pitch], pitch columns rounded up to 8.
 * Writes:   overwrites m1, m2, dweight, dbias and scratch.
 * Requires: rows > 0; groups divides columns; no overlap.
 */
export function normaliseAdjointSums(
  blocks: i32, rows: i32, columns: i32, groups: i32, x: usize, mean: usize, rest: usize, rstd: usize, weight: usize, dy: usize,
  scratch: usize, m1: usize, m2: usize, dweight: usize, dbias: usize,
): void {
  const width = columns / groups, n = <f64>rows * <f64>width;
  const pitch = pitchOf(columns), bytes = <usize>pitch << 2, step = <usize>(rows * columns) << 2;
  const means = scratch, rests = means + bytes;
  // Pairs of columns in double precision, sums of dy and of dy d: of a block, and of all blocks.
  const total = rests + bytes, all = total + 4 * bytes;
  fill(4 * pitch, 0, all);
  for (; blocks > 0; blocks--) {
    expand(groups, width, mean, means);
    expand(groups, width, rest, rests);
    sumProducts(rows, columns, x, dy, means, rests, total);
    for (let g = 0; g < groups; g++) {
      const r = <f64>load<f32>(rstd + (<usize>g << 2));
      let sum1: f64 = 0, sum2: f64 = 0;
      for (let j = g * width; j < (g + 1) * width; j++) {
        const at = <usize>j << 3, w = <f64>load<f32>(weight + (<usize>j << 2));
        const plain = load<f64>(total + at), product = load<f64>(total + 2 * bytes + at) * r;
        store<f64>(all + at, load<f64>(all + at) + plain);
        store<f64>(all + 2 * bytes + at, load<f64>(all + 2 * bytes + at) + product);
        sum1 += plain * w;
        sum2 += product * w;
      }
      store<f32>(m1 + (<usize>g << 2), <f32>(sum1 / n));
      store<f32>(m2 + (<usize>g << 2), <f32>(sum2 / n));
    }
    x += step;
    dy += step;
    mean += <usize>groups << 2;
    rest += <usize>groups << 2;
    rstd += <usize>groups << 2;
    m1 += <usize>groups << 2;
    m2 += <usize>groups << 2;
  }
  for (let j: usize = 0; j < <usize>columns << 2; j += 4) {
    store<f32>(dbias + j, <f32>load<f64>(all + 2 * j));
    store<f32>(dweight + j, <f32>load<f64>(all + 2 * bytes + 2 * j));
  }
}

/**
 * dx = (dy weight - m1 - d m2) rstd, with d = (x - mean - rest) rstd. Where mean and rstd are constants, m1 and m2 are 0.
 *
 * Shapes:   as `normaliseAdjointSums`; dx as dy; scratch [5, columns].
 * Writes:   overwrites dx and scratch.
 * Requires: groups divides columns; dx may be dy, nothing else overlaps.
 */
export function normaliseInputAdjoint(
  blocks: i32, rows: i32, columns: i32, groups: i32, x: usize, mean: usize, rest: usize, rstd: usize, weight: usize, m1: usize, m2: usize,
  dy: usize, scratch: usize, dx: usize,
): void {
  const width = columns / groups;
  const bytes = <usize>columns << 2;
  const means = scratch, rests = means + bytes, rstds = rests + bytes, shifts = rstds + bytes, slopes = shifts + bytes;
  for (; blocks > 0; blocks--) {
    expand(groups, width, mean, means);
    expand(groups, width, rest, rests);
    expand(groups, width, rstd, rstds);
    expand(groups, width, m1, shifts);
    expand(groups, width, m2, slopes);
    mul(columns, rstds, slopes, slopes);
    for (let i = 0; i < rows; i++) {
      adjointRow(columns, x, means, rests, rstds, weight, shifts, slopes, dy, dx);
      x += bytes;
      dy += bytes;
      dx += bytes;
    }
    mean += <usize>groups << 2;
    rest += <usize>groups << 2;
    rstd += <usize>groups << 2;
    m1 += <usize>groups << 2;
    m2 += <usize>groups << 2;
  }
}

/** total[j] = sum over rows of x[i, j]; total are doubles. */
function sumColumns(rows: i32, n: i32, x: usize, total: usize): void {
  const step = <usize>n << 2;
  fill(2 * pitchOf(n), 0, total);
  for (let i0 = 0; i0 < rows; i0 += BLOCK) {
    const count = min(BLOCK, rows - i0);
    let to = total;
    if (ASC_FEATURE_SIMD) {
      for (let at: usize = 0; at < step; at += 32, to += 64) {
        let from = x + at;
        let s0 = v128.load(to), s1 = v128.load(to, 16), s2 = v128.load(to, 32), s3 = v128.load(to, 48);
        for (let i = count; i > 0; i--, from += step) {
          s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v128.load64_zero(from)));
          s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.load64_zero(from, 8)));
          s2 = f64x2.add(s2, f64x2.promote_low_f32x4(v128.load64_zero(from, 16)));
          s3 = f64x2.add(s3, f64x2.promote_low_f32x4(v128.load64_zero(from, 24)));
        }
        v128.store(to, s0);
        v128.store(to, s1, 16);
        v128.store(to, s2, 32);
        v128.store(to, s3, 48);
      }
    } else {
      for (let at: usize = 0; at < step; at += 4, to += 8) {
        let from = x + at, s = load<f64>(to);
        for (let i = count; i > 0; i--, from += step) s += <f64>load<f32>(from);
        store<f64>(to, s);
      }
    }
    x += <usize>count * step;
  }
}

/** total[j] = sum over rows of (x[i, j] - mean[j] - rest[j])^2; total are doubles. */
function sumSquares(rows: i32, n: i32, x: usize, mean: usize, rest: usize, total: usize): void {
  const step = <usize>n << 2;
  fill(2 * pitchOf(n), 0, total);
  for (let i0 = 0; i0 < rows; i0 += BLOCK) {
    const count = min(BLOCK, rows - i0);
    let to = total;
    if (ASC_FEATURE_SIMD) {
      for (let at: usize = 0; at < step; at += 32, to += 64) {
        let from = x + at;
        const m0 = v128.load(mean + at), r0 = v128.load(rest + at), m1 = v128.load(mean + at, 16), r1 = v128.load(rest + at, 16);
        let s0 = four(ZERO), s1 = s0;
        for (let i = count; i > 0; i--, from += step) {
          const d0 = f32x4.sub(f32x4.sub(v128.load(from), m0), r0), d1 = f32x4.sub(f32x4.sub(v128.load(from, 16), m1), r1);
          s0 = f32x4.add(s0, f32x4.mul(d0, d0));
          s1 = f32x4.add(s1, f32x4.mul(d1, d1));
        }
        join(s0, to);
        join(s1, to + 32);
      }
    } else {
      for (let at: usize = 0; at < step; at += 4, to += 8) {
        let from = x + at, s: f32 = 0;
        const m = load<f32>(mean + at), r = load<f32>(rest + at);
        for (let i = count; i > 0; i--, from += step) {
          const d = load<f32>(from) - m - r;
          s += d * d;
        }
        store<f64>(to, load<f64>(to) + <f64>s);
      }
    }
    x += <usize>count * step;
  }
}

/** total[0, j] = sum over rows of dy[i, j], total[1, j] = that of dy[i, j] (x[i, j] - mean[j] - rest[j]); total are doubles. */
function sumProducts(rows: i32, n: i32, x: usize, dy: usize, mean: usize, rest: usize, total: usize): void {
  const step = <usize>n << 2, pitch = pitchOf(n), second = <usize>pitch << 3;
  fill(4 * pitch, 0, total);
  for (let i0 = 0; i0 < rows; i0 += BLOCK) {
    const count = min(BLOCK, rows - i0);
    let to = total;
    if (ASC_FEATURE_SIMD) {
      for (let at: usize = 0; at < step; at += 32, to += 64) {
        const m0 = v128.load(mean + at), r0 = v128.load(rest + at), m1 = v128.load(mean + at, 16), r1 = v128.load(rest + at, 16);
        let s0 = four(ZERO), s1 = s0, p0 = s0, p1 = s0;
        for (let i = count, from = at; i > 0; i--, from += step) {
          const v0 = v128.load(dy + from), v1 = v128.load(dy + from, 16);
          s0 = f32x4.add(s0, v0);
          s1 = f32x4.add(s1, v1);
          p0 = f32x4.add(p0, f32x4.mul(f32x4.sub(f32x4.sub(v128.load(x + from), m0), r0), v0));
          p1 = f32x4.add(p1, f32x4.mul(f32x4.sub(f32x4.sub(v128.load(x + from, 16), m1), r1), v1));
        }
        join(s0, to);
        join(s1, to + 32);
        join(p0, to + second);
        join(p1, to + second + 32);
      }
    } else {
      for (let at: usize = 0; at < step; at += 4, to += 8) {
        let s: f32 = 0, p: f32 = 0;
        const m = load<f32>(mean + at), r = load<f32>(rest + at);
        for (let i = count, from = at; i > 0; i--, from += step) {
          const v = load<f32>(dy + from);
          s += v;
          p += (load<f32>(x + from) - m - r) * v;
        }
        store<f64>(to, load<f64>(to) + <f64>s);
        store<f64>(to + second, load<f64>(to + second) + <f64>p);
      }
    }
    x += <usize>count * step;
    dy += <usize>count * step;
  }
}

/** total[0..4) += part; total are doubles. Not inlined: it is called once for some rows. */
function join(part: v128, total: usize): void {
  v128.store(total, f64x2.add(v128.load(total), f64x2.promote_low_f32x4(part)));
  part = v128.shuffle<f32>(part, part, 2, 3, 2, 3);
  v128.store(total, f64x2.add(v128.load(total, 16), f64x2.promote_low_f32x4(part)), 16);
}

/** Sum of doubles. */
function sumRun(n: i32, x: usize): f64 {
  let sum: f64 = 0;
  for (; n > 0; n--, x += 8) sum += load<f64>(x);
  return sum;
}

function normaliseRow(n: i32, x: usize, mean: usize, rest: usize, scale: usize, bias: usize, y: usize): void {
  let at: usize = 0;
  if (ASC_FEATURE_SIMD) {
    for (; ; at += 16) {
      const d = f32x4.sub(f32x4.sub(v128.load(x + at), v128.load(mean + at)), v128.load(rest + at));
      const r = f32x4.add(f32x4.mul(d, v128.load(scale + at)), v128.load(bias + at));
      if ((n -= 4) <= 0) return storeLanes(n, r, y + at);
      v128.store(y + at, r);
    }
  } else {
    for (; n > 0; n--, at += 4) {
      const d = load<f32>(x + at) - load<f32>(mean + at) - load<f32>(rest + at);
      store<f32>(y + at, d * load<f32>(scale + at) + load<f32>(bias + at));
    }
  }
}

function adjointRow(
  n: i32, x: usize, mean: usize, rest: usize, rstd: usize, weight: usize, shift: usize, slope: usize, dy: usize, dx: usize,
): void {
  let at: usize = 0;
  if (ASC_FEATURE_SIMD) {
    for (; ; at += 16) {
      const d = f32x4.sub(f32x4.sub(v128.load(x + at), v128.load(mean + at)), v128.load(rest + at));
      const v = f32x4.sub(f32x4.mul(v128.load(dy + at), v128.load(weight + at)), v128.load(shift + at));
      const r = f32x4.mul(f32x4.sub(v, f32x4.mul(d, v128.load(slope + at))), v128.load(rstd + at));
      if ((n -= 4) <= 0) return storeLanes(n, r, dx + at);
      v128.store(dx + at, r);
    }
  } else {
    for (; n > 0; n--, at += 4) {
      const d = load<f32>(x + at) - load<f32>(mean + at) - load<f32>(rest + at);
      const v = load<f32>(dy + at) * load<f32>(weight + at) - load<f32>(shift + at);
      store<f32>(dx + at, (v - d * load<f32>(slope + at)) * load<f32>(rstd + at));
    }
  }
}

/** to[g, j] = from[g]: a number per group for each of its columns. */
function expand(groups: i32, width: i32, from: usize, to: usize): void {
  if (width == 1) return copy(groups, from, to);
  for (let g = 0; g < groups; g++, from += 4, to += <usize>width << 2) fill(width, load<f32>(from), to);
}

/** to[g, j] = from[g] weight[g, j]. */
function expandScaled(groups: i32, width: i32, from: usize, weight: usize, to: usize): void {
  if (width == 1) return mul(groups, from, weight, to);
  const bytes = <usize>width << 2;
  for (let g = 0; g < groups; g++, from += 4, weight += bytes, to += bytes) scale(width, load<f32>(from), weight, to);
}
