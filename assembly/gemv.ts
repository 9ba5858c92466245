import { biasOf, finish } from "./epilogue";
import { madd } from "./lanes";

// Products of few rows. Every number of W meets few of X, so reading W is the work: it is read once, in place, where a product of
// matrices would pack it first. A layer 512 -> 1000 takes 32 us at 64 GB/s (relaxed, V8 14.6, AMD EPYC).
// Vectors run along k: an element is four sums, over k = 0, 1, 2, 3 modulo 4, then their sum, then what is left of k, in every build.

/**
 * y[i, j] = activation(sum over p of x[i, p] w[j, p] + bias[j] + residual[i, j]).
 *
 * Shapes:   x [m, k]; w [n, k], as a fully connected layer holds it; y [m, n]; epilogue with bias [n] and residual as y, or 0.
 * Writes:   overwrites y.
 * Requires: no overlap.
 * Adjoint:  in x: dy W; in w: dy' X, both `gemm`.
 */
export function gemv(m: i32, n: i32, k: i32, x: usize, w: usize, epilogue: usize, y: usize): void {
  const row = <usize>k << 2;
  for (let j = 0; j < n; j += 4, w += row << 2) {
    // Rows of W beyond the last one are the last one again.
    const last = min(3, n - j - 1);
    const w1 = w + <usize>min(1, last) * row, w2 = w + <usize>min(2, last) * row, w3 = w + <usize>last * row;
    const bias = biasOf(epilogue, j);
    for (let i = 0; i < m; i++) {
      four(k, x + <usize>i * row, w, w1, w2, w3, last, bias, y + (<usize>(i * n + j) << 2));
    }
  }
  finish(epilogue, y, m, n, y, n);
}

/** The dot products of x with up to four rows of W; four at once share what is read of x and hide the latency of the sums. */
function four(k: i32, x: usize, w0: usize, w1: usize, w2: usize, w3: usize, last: i32, bias: usize, y: usize): void {
  const step: usize = bias == 0 ? 0 : 4;
  if (ASC_FEATURE_SIMD) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let p = k;
    for (; p >= 4; p -= 4) {
      const v = v128.load(x);
      s0 = madd(v, v128.load(w0), s0);
      s1 = madd(v, v128.load(w1), s1);
      s2 = madd(v, v128.load(w2), s2);
      s3 = madd(v, v128.load(w3), s3);
      x += 16; w0 += 16; w1 += 16; w2 += 16; w3 += 16;
    }
    endLanes(p, x, w0, s0, bias, y);
    if (last > 0) endLanes(p, x, w1, s1, bias + step, y + 4);
    if (last > 1) endLanes(p, x, w2, s2, bias + step * 2, y + 8);
    if (last > 2) endLanes(p, x, w3, s3, bias + step * 3, y + 12);
  } else {
    one(k, x, w0, bias, y);
    if (last > 0) one(k, x, w1, bias + step, y + 4);
    if (last > 1) one(k, x, w2, bias + step * 2, y + 8);
    if (last > 2) one(k, x, w3, bias + step * 3, y + 12);
  }
}

/** `end` of a sum in lanes. */
function endLanes(k: i32, x: usize, w: usize, v: v128, bias: usize, y: usize): void {
  const sum = (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
  end(k, x, w, sum, bias, y);
}

/** The dot product of x with one row of W, scalar. */
function one(k: i32, x: usize, w: usize, bias: usize, y: usize): void {
  let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
  for (; k >= 4; k -= 4, x += 16, w += 16) {
    s0 += load<f32>(x) * load<f32>(w);
    s1 += load<f32>(x, 4) * load<f32>(w, 4);
    s2 += load<f32>(x, 8) * load<f32>(w, 8);
    s3 += load<f32>(x, 12) * load<f32>(w, 12);
  }
  end(k, x, w, (s0 + s1) + (s2 + s3), bias, y);
}

/** Adds the last k < 4 products and the bias, and stores. */
function end(k: i32, x: usize, w: usize, sum: f32, bias: usize, y: usize): void {
  for (; k > 0; k--, x += 4, w += 4) sum += load<f32>(x) * load<f32>(w);
  store<f32>(y, bias == 0 ? sum : sum + load<f32>(bias));
}
