import { biasOf, finish } from "./epilogue";
import { madd } from "./lanes";

// Products of few rows. Every number of W meets few of X, so reading W is the work: it is read once, in place and from end to end, where
// a product of matrices would pack it first. Rows of W one after the other / four at a time, which share what is read of x, in us (relaxed,
// V8 14.6, AMD EPYC Zen 5, 1 MB of L2 cache):
//
//   512 -> 1000, 2 MB, again and again      38 / 34        the same, from far away      65 / 116
//   1280 -> 1000, 5 MB, again and again     91 / 103       the same, from far away     159 / 283
//
// Vectors run along k: an element is sixteen sums, over k modulo 16, then their sum, then what is left of k, in every build.

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
  for (let j = 0; j < n; j++, w += row) {
    const bias = biasOf(epilogue, j);
    for (let i = 0; i < m; i++) {
      const sum = dot(k, x + <usize>i * row, w);
      store<f32>(y + (<usize>(i * n + j) << 2), bias == 0 ? sum : sum + load<f32>(bias));
    }
  }
  finish(epilogue, y, m, n, y, n);
}

function dot(k: i32, x: usize, w: usize): f32 {
  let sum: f32;
  if (ASC_FEATURE_SIMD) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (; k >= 16; k -= 16, x += 64, w += 64) {
      s0 = madd(v128.load(x), v128.load(w), s0);
      s1 = madd(v128.load(x, 16), v128.load(w, 16), s1);
      s2 = madd(v128.load(x, 32), v128.load(w, 32), s2);
      s3 = madd(v128.load(x, 48), v128.load(w, 48), s3);
    }
    for (; k >= 4; k -= 4, x += 16, w += 16) s0 = madd(v128.load(x), v128.load(w), s0);
    s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    sum = (f32x4.extract_lane(s0, 0) + f32x4.extract_lane(s0, 1)) + (f32x4.extract_lane(s0, 2) + f32x4.extract_lane(s0, 3));
  } else {
    sum = (lane(k, x, w) + lane(k, x + 4, w + 4)) + (lane(k, x + 8, w + 8) + lane(k, x + 12, w + 12));
    const done = <usize>(k & ~3) << 2;
    k &= 3;
    x += done;
    w += done;
  }
  for (; k > 0; k--, x += 4, w += 4) sum += load<f32>(x) * load<f32>(w);
  return sum;
}

/** One lane of the sums of the vectors. */
function lane(k: i32, x: usize, w: usize): f32 {
  let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
  for (; k >= 16; k -= 16, x += 64, w += 64) {
    s0 += load<f32>(x) * load<f32>(w);
    s1 += load<f32>(x, 16) * load<f32>(w, 16);
    s2 += load<f32>(x, 32) * load<f32>(w, 32);
    s3 += load<f32>(x, 48) * load<f32>(w, 48);
  }
  for (; k >= 4; k -= 4, x += 16, w += 16) s0 += load<f32>(x) * load<f32>(w);
  return (s0 + s1) + (s2 + s3);
}
