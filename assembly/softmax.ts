import { largest, place } from "./extremes";
import { firstLanes } from "./lanes";
import { map2With, mapWith } from "./map";
import { scale } from "./pointwise";
import { dotRun, total } from "./reduce";
import { fillRun } from "./runs";
import { exp1, exp4, log1 } from "./transcendental";

// Softmax and its kin, along rows that lie contiguously. A row's maximum is subtracted first, so nothing overflows. The exponential
// of the maximum is 1, and what the others add to it is kept apart: where a row is all but decided, that is what the loss
// and its gradient are made of. Sums are accumulated in double precision, in the same order in every build: scalar and SIMD agree bit
// for bit.

/**
 * y[i, j] = exp(x[i, j]) / sum over l of exp(x[i, l]).
 *
 * Shapes:   x, y [n, c].
 * Writes:   overwrites y.
 * Requires: c > 0; no overlap.
 * Adjoint:  `softmaxAdjoint`.
 */
export function softmax(n: i32, c: i32, x: usize, y: usize): void {
  const step = <usize>c << 2;
  for (; n > 0; n--, x += step, y += step) {
    scale(c, <f32>(1 / (1 + expRun(c, largest(1, c, x), x, y))), y, y);
  }
}

/**
 * dx[i, j] = y[i, j] (dy[i, j] - sum over l of y[i, l] dy[i, l]), y being the output of `softmax`. Symmetric in dy.
 *
 * Shapes:   y, dy, dx [n, c].
 * Writes:   overwrites dx; may be dy.
 * Adjoint:  in dy itself.
 */
export function softmaxAdjoint(n: i32, c: i32, y: usize, dy: usize, dx: usize): void {
  const step = <usize>c << 2;
  for (; n > 0; n--, y += step, dy += step, dx += step) {
    map2With<SoftmaxAdjoint>(c, <f32>dotRun(c, y, dy), 0, y, dy, dx);
  }
}

/**
 * y[i, j] = x[i, j] - log of the sum over l of exp(x[i, l]).
 *
 * Shapes, writes and requires as `softmax`.
 * Adjoint:  `logSoftmaxAdjoint`.
 */
export function logSoftmax(n: i32, c: i32, x: usize, y: usize): void {
  const step = <usize>c << 2;
  for (; n > 0; n--, x += step, y += step) {
    const most = largest(1, c, x);
    const log = log1p(expRun(c, most, x, y));
    mapWith<LogSoftmax>(c, most, log, x, y);
  }
}

/**
 * dx[i, j] = dy[i, j] - exp(y[i, j]) sum over l of dy[i, l], y being the output of `logSoftmax`.
 *
 * Shapes:   y, dy, dx [n, c].
 * Writes:   overwrites dx; may be dy.
 */
export function logSoftmaxAdjoint(n: i32, c: i32, y: usize, dy: usize, dx: usize): void {
  const step = <usize>c << 2;
  for (; n > 0; n--, y += step, dy += step, dx += step) {
    map2With<LogSoftmaxAdjoint>(c, <f32>total(c, dy), 0, y, dy, dx);
  }
}

/**
 * y[i] = log of the sum over j of exp(x[i, j]); an infinite maximum is the result itself.
 *
 * Shapes:   x [n, c]; y [n].
 * Writes:   overwrites y.
 * Requires: c > 0; no overlap.
 * Adjoint:  dx[i, j] = softmax(x)[i, j] dy[i].
 */
export function logsumexp(n: i32, c: i32, x: usize, y: usize): void {
  for (; n > 0; n--, x += <usize>c << 2, y += 4) {
    const most = largest(1, c, x);
    let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
    let from = x;
    if (ASC_FEATURE_SIMD) {
      let low = f64x2.splat(0), high = low;
      for (let left = c; left > 0; left -= 4, from += 16) {
        const e = v128.and(exp4(f32x4.sub(v128.load(from), f32x4.splat(most))), firstLanes(min(left, 4)));
        low = f64x2.add(low, f64x2.promote_low_f32x4(e));
        high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(e, e, 2, 3, 2, 3)));
      }
      s0 = f64x2.extract_lane(low, 0);
      s1 = f64x2.extract_lane(low, 1);
      s2 = f64x2.extract_lane(high, 0);
      s3 = f64x2.extract_lane(high, 1);
    } else {
      for (let left = c; left > 0; left -= 4, from += 16) {
        s0 += exp1(load<f32>(from) - most);
        if (left > 1) s1 += exp1(load<f32>(from, 4) - most);
        if (left > 2) s2 += exp1(load<f32>(from, 8) - most);
        if (left > 3) s3 += exp1(load<f32>(from, 12) - most);
      }
    }
    store<f32>(y, abs<f32>(most) == Infinity ? most : most + log1(<f32>((s0 + s1) + (s2 + s3))));
  }
}

/**
 * p = softmax(x), and the mean over i of -log p[i, label[i]].
 *
 * Shapes:   x [n, c]; labels [n], i32; p [n, c]; loss [1].
 * Writes:   overwrites p and loss.
 * Requires: 0 <= labels < c, n > 0; no overlap.
 * Adjoint:  `softmaxCrossEntropyAdjoint`.
 */
export function softmaxCrossEntropy(n: i32, c: i32, x: usize, labels: usize, p: usize, loss: usize): void {
  const step = <usize>c << 2;
  let sum: f64 = 0;
  for (let i = 0; i < n; i++, x += step, p += step) {
    const most = largest(1, c, x);
    const rest = expRun(c, most, x, p);
    scale(c, <f32>(1 / (1 + rest)), p, p);
    const label = load<i32>(labels + (<usize>i << 2));
    sum += <f64>(log1p(rest) - (load<f32>(x + (<usize>label << 2)) - most));
  }
  store<f32>(loss, <f32>(sum / n));
}

/**
 * dx[i, j] = (p[i, j] - (j == label[i])) dy / n.
 *
 * Shapes:   p, labels as `softmaxCrossEntropy`; dy [1]; dx [n, c].
 * Writes:   overwrites dx.
 * Requires: no overlap.
 */
export function softmaxCrossEntropyAdjoint(n: i32, c: i32, p: usize, labels: usize, dy: usize, dx: usize): void {
  const factor = load<f32>(dy) / <f32>n;
  for (let i = 0; i < n; i++) {
    scale(c, factor, p, dx);
    const label = load<i32>(labels + (<usize>i << 2));
    const at = <usize>label << 2;
    // 1 - p is what the others have.
    store<f32>(dx + at, -<f32>(total(label, p) + total(c - label - 1, p + at + 4)) * factor);
    p += <usize>c << 2;
    dx += <usize>c << 2;
  }
}

/**
 * y[i] = x[i, labels[i]], and 0 where the label is negative.
 *
 * Shapes:   x [n, c]; labels [n], i32; y [n].
 * Writes:   overwrites y.
 * Requires: labels < c.
 * Adjoint:  `pickAdjoint`.
 */
export function pick(n: i32, c: i32, x: usize, labels: usize, y: usize): void {
  for (; n > 0; n--, x += <usize>c << 2, labels += 4, y += 4) {
    const label = load<i32>(labels);
    store<f32>(y, label < 0 ? 0 : load<f32>(x + (<usize>label << 2)));
  }
}

/**
 * dx[i, j] = dy[i] where j is labels[i], else 0.
 *
 * Shapes:   dy, labels, dx as y, labels, x of `pick`.
 * Writes:   overwrites dx.
 * Requires: labels < c.
 * Adjoint:  `pick`.
 */
export function pickAdjoint(n: i32, c: i32, labels: usize, dy: usize, dx: usize): void {
  fillRun(n * c, 0, dx);
  for (; n > 0; n--, labels += 4, dy += 4, dx += <usize>c << 2) {
    const label = load<i32>(labels);
    if (label >= 0) store<f32>(dx + (<usize>label << 2), load<f32>(dy));
  }
}

/** y[i] = exp(x[i] - most) with most the largest x; returns their sum without the 1 of the first that is as large. */
function expRun(n: i32, most: f32, x: usize, y: usize): f64 {
  mapWith<ExpOfDifference>(n, most, 0, x, y);
  const first = place(n, most, x);
  if (first == <usize>n << 2) return NaN;
  const one = load<f32>(y + first);
  store<f32>(y + first, 0);
  // 1 - 1, or NaN for infinities.
  const rest = total(n, y) + (one - 1);
  store<f32>(y + first, one);
  return rest;
}

/** log(1 + x) for x >= 0: the logarithm of the sum as float32 has it, and a linear term for what that rounded away. */
function log1p(x: f64): f32 {
  const sum = <f32>(1 + x);
  return <f32>(<f64>log1(sum) + (x - (<f64>sum - 1)) / <f64>sum);
}

@final @unmanaged
class ExpOfDifference {
  @inline lanes(x: v128, most: v128, _: v128): v128 { return exp4(f32x4.sub(x, most)); }
  @inline one(x: f32, most: f32, _: f32): f32 { return exp1(x - most); }
}

@final @unmanaged
class LogSoftmax {
  @inline lanes(x: v128, most: v128, log: v128): v128 { return f32x4.sub(f32x4.sub(x, most), log); }
  @inline one(x: f32, most: f32, log: f32): f32 { return x - most - log; }
}

@final @unmanaged
class SoftmaxAdjoint {
  @inline lanes(y: v128, dy: v128, mean: v128, _: v128): v128 { return f32x4.mul(y, f32x4.sub(dy, mean)); }
  @inline one(y: f32, dy: f32, mean: f32, _: f32): f32 { return y * (dy - mean); }
}

@final @unmanaged
class LogSoftmaxAdjoint {
  @inline lanes(y: v128, dy: v128, sum: v128, _: v128): v128 { return f32x4.sub(dy, f32x4.mul(exp4(y), sum)); }
  @inline one(y: f32, dy: f32, sum: f32, _: f32): f32 { return dy - exp1(y) * sum; }
}
