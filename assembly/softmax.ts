import { largest, place } from "./extremes";
import { fillRun } from "./runs";
import { exp1, exp4, log1 } from "./transcendental";

// Softmax and its kin, along rows that lie contiguously. A row's maximum is subtracted first, so nothing overflows. The exponential
// of the maximum is 1, and what the others add to it is kept apart: where a row is all but decided, that is what the loss
// and its gradient are made of. Sums are accumulated in double precision, four at a time in every build: scalar and SIMD agree bit for bit.

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
    scaleRun(c, <f32>(1 / (1 + expRun(c, largest(1, c, x), x, y))), y, y);
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
    const mean = <f32>dotRun(c, y, dy);
    let j: usize = 0;
    if (ASC_FEATURE_SIMD) {
      const means = f32x4.splat(mean);
      for (; j + 16 <= step; j += 16) v128.store(dx + j, f32x4.mul(v128.load(y + j), f32x4.sub(v128.load(dy + j), means)));
    }
    for (; j < step; j += 4) store<f32>(dx + j, load<f32>(y + j) * (load<f32>(dy + j) - mean));
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
    let j: usize = 0;
    if (ASC_FEATURE_SIMD) {
      const mosts = f32x4.splat(most), logs = f32x4.splat(log);
      for (; j + 16 <= step; j += 16) v128.store(y + j, f32x4.sub(f32x4.sub(v128.load(x + j), mosts), logs));
    }
    for (; j < step; j += 4) store<f32>(y + j, load<f32>(x + j) - most - log);
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
    const sum = <f32>sumRun(c, dy);
    let j: usize = 0;
    if (ASC_FEATURE_SIMD) {
      const sums = f32x4.splat(sum);
      for (; j + 16 <= step; j += 16) v128.store(dx + j, f32x4.sub(v128.load(dy + j), f32x4.mul(exp4(v128.load(y + j)), sums)));
    }
    for (; j < step; j += 4) store<f32>(dx + j, load<f32>(dy + j) - exp1(load<f32>(y + j)) * sum);
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
    let j = 0;
    for (; j <= c - 4; j += 4, from += 16) {
      if (ASC_FEATURE_SIMD) {
        const e = exp4(f32x4.sub(v128.load(from), f32x4.splat(most)));
        s0 += f32x4.extract_lane(e, 0);
        s1 += f32x4.extract_lane(e, 1);
        s2 += f32x4.extract_lane(e, 2);
        s3 += f32x4.extract_lane(e, 3);
      } else {
        s0 += exp1(load<f32>(from) - most);
        s1 += exp1(load<f32>(from, 4) - most);
        s2 += exp1(load<f32>(from, 8) - most);
        s3 += exp1(load<f32>(from, 12) - most);
      }
    }
    for (; j < c; j++, from += 4) s0 += exp1(load<f32>(from) - most);
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
  let total: f64 = 0;
  for (let i = 0; i < n; i++, x += step, p += step) {
    const most = largest(1, c, x);
    const rest = expRun(c, most, x, p);
    scaleRun(c, <f32>(1 / (1 + rest)), p, p);
    const label = load<i32>(labels + (<usize>i << 2));
    total += <f64>(log1p(rest) - (load<f32>(x + (<usize>label << 2)) - most));
  }
  store<f32>(loss, <f32>(total / n));
}

/**
 * dx[i, j] = (p[i, j] - (j == label[i])) dy / n.
 *
 * Shapes:   p, labels as `softmaxCrossEntropy`; dy [1]; dx [n, c].
 * Writes:   overwrites dx.
 * Requires: no overlap.
 */
export function softmaxCrossEntropyAdjoint(n: i32, c: i32, p: usize, labels: usize, dy: usize, dx: usize): void {
  const scale = load<f32>(dy) / <f32>n;
  for (let i = 0; i < n; i++) {
    scaleRun(c, scale, p, dx);
    const label = load<i32>(labels + (<usize>i << 2));
    const at = <usize>label << 2;
    // 1 - p is what the others have.
    store<f32>(dx + at, -<f32>(sumRun(label, p) + sumRun(c - label - 1, p + at + 4)) * scale);
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
  const end = <usize>n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD) {
    const mosts = f32x4.splat(most);
    for (; i + 16 <= end; i += 16) v128.store(y + i, exp4(f32x4.sub(v128.load(x + i), mosts)));
  }
  for (; i < end; i += 4) store<f32>(y + i, exp1(load<f32>(x + i) - most));
  const first = place(n, most, x);
  if (first == end) return NaN;
  const one = load<f32>(y + first);
  store<f32>(y + first, 0);
  // 1 - 1, or NaN for infinities.
  const rest = sumRun(n, y) + (one - 1);
  store<f32>(y + first, one);
  return rest;
}

/** log(1 + x) for x >= 0: the logarithm of the sum as float32 has it, and a linear term for what that rounded away. */
function log1p(x: f64): f32 {
  const sum = <f32>(1 + x);
  return <f32>(<f64>log1(sum) + (x - (<f64>sum - 1)) / <f64>sum);
}

/** y[i] = alpha * x[i]; y may be x. */
// @ts-ignore: decorator
@inline
function scaleRun(n: i32, alpha: f32, x: usize, y: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const v = f32x4.splat(alpha);
    for (; i <= n - 4; i += 4, x += 16, y += 16) v128.store(y, f32x4.mul(v, v128.load(x)));
  }
  for (; i < n; i++, x += 4, y += 4) store<f32>(y, alpha * load<f32>(x));
}

/** Sum of x[0..n). */
function sumRun(n: i32, x: usize): f64 {
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
  let i = 0;
  for (; i <= n - 4; i += 4, x += 16) {
    s0 += load<f32>(x);
    s1 += load<f32>(x, 4);
    s2 += load<f32>(x, 8);
    s3 += load<f32>(x, 12);
  }
  for (; i < n; i++, x += 4) s0 += load<f32>(x);
  return (s0 + s1) + (s2 + s3);
}

/** Sum of a[i] * b[i]. */
function dotRun(n: i32, a: usize, b: usize): f64 {
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
  let i = 0;
  for (; i <= n - 4; i += 4, a += 16, b += 16) {
    s0 += <f64>load<f32>(a) * <f64>load<f32>(b);
    s1 += <f64>load<f32>(a, 4) * <f64>load<f32>(b, 4);
    s2 += <f64>load<f32>(a, 8) * <f64>load<f32>(b, 8);
    s3 += <f64>load<f32>(a, 12) * <f64>load<f32>(b, 12);
  }
  for (; i < n; i++, a += 4, b += 4) s0 += <f64>load<f32>(a) * <f64>load<f32>(b);
  return (s0 + s1) + (s2 + s3);
}
