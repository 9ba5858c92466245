import { madd, storeLanes } from "./lanes";

// The register tile of every product of matrices. x64 has 16 vector registers, of which V8 keeps one for itself. With a fused
// multiply-add, 6 rows by 8 columns fill the rest: 12 four-lane sums, 2 vectors of B, one broadcast of A. A separate
// multiplication needs one more for the product, and the tile spills; 4 rows by 8 columns do not. Share of the peak of the same
// instructions in registers (67 to 69 GFLOP/s), product 196 x 256 x 2304, on one core of an AMD EPYC (Zen 5):
//
//                                              V8 11.3   12.4   13.6   14.6
//   relaxed, 6 x 8                                       0.44   0.97   0.97
//   relaxed, 6 x 8, rows apart                           0.97   0.97   0.97
//   relaxed, 4 x 8                                       0.85   0.90   0.88
//   mul + add, 4 x 8                              0.78   0.79   0.90   0.88
//   mul + add, 4 x 8, two steps of k a round      0.87   0.86   0.93   0.90
//   mul + add, 4 x 8, two steps, one block        0.56                 0.57
//
// "Rows apart" are branches that are never taken. V8 12 loads all that lies between two branches before it computes, and the
// six broadcasts of A would need more registers than there are. For the same reason the steps are parted by a branch.
// Where at most four rows are left, the two last ones are jumped over: 4 x 512 x 512 reaches 0.90 instead of 0.66 (V8 14.6).
//
// Where k is short, what surrounds the sum counts: it hides behind the multiply-adds only as far as a round leaves time for it. Share of the
// peak of 12544 x 16 x 96 with a bias and a clamp, whose tile takes 6 x 16 cycles (relaxed, V8 14.6), each on top of the one before:
//
//   bias and clamp row by row behind the sum, two steps of k a round       0.74
//   the sum begins with the bias, and one branch for all that is clamped   0.79
//   four steps a round: pointers move half as often                        0.81
//   all panels for six rows, then the next rows                            0.86
//   no addresses of rows that are not there where all six are              0.90
//
// The tile is a part of its caller's loop, for a call with so many arguments shows where k is short: 24 terms of 3136 x 144 reach 0.95
// inlined, 0.88 called. Gathered runs of 5 or 9 floats are slower than with a tile of their own (5x5 on one channel 0.71 instead of 0.83,
// 3x3 on three 0.85 instead of 0.91), which would take 0.8 KB.
//
// Every element of C is one sum over k in ascending order, in every build and for every tile shape, so a result does not
// depend on how the rows are split. Method: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication",
// 2008; the tile by measurement.

/** Columns of a register tile, and of a packed panel of B. */
export const NR: i32 = 8;
/** Rows of a register tile. */
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Rows of the next tile where so many are left: 8 are 4 and 4, rather than 6 and 2. */
// @ts-ignore: decorator
@inline
export function tileRows(left: i32): i32 {
  return MR == 6 && <u32>(left - 7) < 2 ? 4 : min(MR, left);
}

/**
 * One register tile: C[mr, nr] = A[mr, k] B[k, nr] (+ bias, or + C), brought between the two numbers at `bounds`. mr in 1..MR, nr in 1..8.
 * A sum begins with the bias, or with C: made in several pieces it is the same to the last bit.
 *
 * A has three forms. Its rows lie lda apart; or with transA its columns do; or it is gathered: element (i, (r, p)) of runs r is the float p
 * after address rows[i] + offsets[r * run]. Without rows there are no offsets, and one run of k.
 *
 * lda, ldc, bStep in bytes. Rows beyond mr read a valid row again and are not stored: one loop serves every edge.
 */
// @ts-ignore: decorator
@inline
export function tile(
  mr: i32, nr: i32, k: i32, a: usize, lda: usize, transA: bool, rows: usize, offsets: usize, run: i32, b: usize, bStep: usize, bias: usize, bounds: usize,
  c: usize, ldc: usize, accumulate: bool,
): void {
  if (ASC_FEATURE_SIMD) {
    let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
    let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
    if (accumulate) {
      // From the last row up, each pushes the others down.
      let from = c + <usize>mr * ldc;
      for (let i = mr; i > 0; i--) {
        c50 = c40; c51 = c41; c40 = c30; c41 = c31; c30 = c20; c31 = c21; c20 = c10; c21 = c11; c10 = c00; c11 = c01;
        from -= ldc;
        c00 = v128.load(from); c01 = v128.load(from, 16);
      }
    } else if (bias != 0) {
      c00 = v128.load(bias); c01 = v128.load(bias, 16);
      c10 = c00; c11 = c01; c20 = c00; c21 = c01; c30 = c00; c31 = c01; c40 = c00; c41 = c01; c50 = c00; c51 = c01;
    }
    // No k is negative: these breaks keep the rows apart.
    if (transA) {
      while (k > 0) {
        const b0 = v128.load(b), b1 = v128.load(b, 16);
        let s = v128.load32_splat(a);
        c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
        if (ASC_FEATURE_RELAXED_SIMD && k == -1) break;
        s = v128.load32_splat(a, 4);
        c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
        if (ASC_FEATURE_RELAXED_SIMD && k == -2) break;
        s = v128.load32_splat(a, 8);
        c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
        if (ASC_FEATURE_RELAXED_SIMD && k == -3) break;
        s = v128.load32_splat(a, 12);
        c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
        if (MR == 6 && mr > 4) {
          s = v128.load32_splat(a, 16);
          c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
          if (k == -4) break;
          s = v128.load32_splat(a, 20);
          c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
        }
        a += lda;
        b += bStep;
        k--;
      }
    } else {
      let a1 = a + lda, a2 = a1 + lda, a3 = a2 + lda, a4 = a3 + lda, a5 = a4 + lda;
      if (mr < MR) {
        const last = a + <usize>(mr - 1) * lda;
        a1 = min(a1, last); a2 = min(a2, last); a3 = min(a3, last); a4 = min(a4, last); a5 = min(a5, last);
      }
      while (k > 0) {
        if (rows != 0) {
          const at = <usize>load<u32>(offsets);
          a = <usize>load<u32>(rows) + at;
          a1 = <usize>load<u32>(rows, 4) + at;
          a2 = <usize>load<u32>(rows, 8) + at;
          a3 = <usize>load<u32>(rows, 12) + at;
          if (MR == 6) {
            a4 = <usize>load<u32>(rows, 16) + at;
            a5 = <usize>load<u32>(rows, 20) + at;
          }
          offsets += <usize>run << 2;
        }
        k -= run;
        let left = run;
        while (left > 0) {
          let b0 = v128.load(b), b1 = v128.load(b, 16);
          let s = v128.load32_splat(a);
          c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
          if (ASC_FEATURE_RELAXED_SIMD && left == -1) break;
          s = v128.load32_splat(a1);
          c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
          if (ASC_FEATURE_RELAXED_SIMD && left == -2) break;
          s = v128.load32_splat(a2);
          c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
          if (ASC_FEATURE_RELAXED_SIMD && left == -3) break;
          s = v128.load32_splat(a3);
          c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
          if (MR == 6 && mr > 4) {
            s = v128.load32_splat(a4);
            c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
            if (left == -4) break;
            s = v128.load32_splat(a5);
            c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
          }
          b += bStep;
          if (left == 1) break;
          b0 = v128.load(b); b1 = v128.load(b, 16);
          s = v128.load32_splat(a, 4);
          c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
          if (ASC_FEATURE_RELAXED_SIMD && left == -5) break;
          s = v128.load32_splat(a1, 4);
          c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
          if (ASC_FEATURE_RELAXED_SIMD && left == -6) break;
          s = v128.load32_splat(a2, 4);
          c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
          if (ASC_FEATURE_RELAXED_SIMD && left == -7) break;
          s = v128.load32_splat(a3, 4);
          c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
          if (MR == 6 && mr > 4) {
            s = v128.load32_splat(a4, 4);
            c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
            if (left == -8) break;
            s = v128.load32_splat(a5, 4);
            c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
          }
          b += bStep;
          if (left == 2) break;
          b0 = v128.load(b); b1 = v128.load(b, 16);
          s = v128.load32_splat(a, 8);
          c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
          if (ASC_FEATURE_RELAXED_SIMD && left == -9) break;
          s = v128.load32_splat(a1, 8);
          c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
          if (ASC_FEATURE_RELAXED_SIMD && left == -10) break;
          s = v128.load32_splat(a2, 8);
          c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
          if (ASC_FEATURE_RELAXED_SIMD && left == -11) break;
          s = v128.load32_splat(a3, 8);
          c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
          if (MR == 6 && mr > 4) {
            s = v128.load32_splat(a4, 8);
            c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
            if (left == -12) break;
            s = v128.load32_splat(a5, 8);
            c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
          }
          b += bStep;
          if (left == 3) break;
          b0 = v128.load(b); b1 = v128.load(b, 16);
          s = v128.load32_splat(a, 12);
          c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
          if (ASC_FEATURE_RELAXED_SIMD && left == -13) break;
          s = v128.load32_splat(a1, 12);
          c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
          if (ASC_FEATURE_RELAXED_SIMD && left == -14) break;
          s = v128.load32_splat(a2, 12);
          c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
          if (ASC_FEATURE_RELAXED_SIMD && left == -15) break;
          s = v128.load32_splat(a3, 12);
          c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
          if (MR == 6 && mr > 4) {
            s = v128.load32_splat(a4, 12);
            c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
            if (left == -16) break;
            s = v128.load32_splat(a5, 12);
            c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
          }
          b += bStep;
          a += 16; a1 += 16; a2 += 16; a3 += 16;
          if (MR == 6) { a4 += 16; a5 += 16; }
          left -= 4;
        }
      }
    }
    if (bounds != 0) {
      const lower = v128.load32_splat(bounds), upper = v128.load32_splat(bounds, 4);
      c00 = clampLanes(c00, lower, upper); c01 = clampLanes(c01, lower, upper);
      c10 = clampLanes(c10, lower, upper); c11 = clampLanes(c11, lower, upper);
      c20 = clampLanes(c20, lower, upper); c21 = clampLanes(c21, lower, upper);
      c30 = clampLanes(c30, lower, upper); c31 = clampLanes(c31, lower, upper);
      if (MR == 6) {
        c40 = clampLanes(c40, lower, upper); c41 = clampLanes(c41, lower, upper);
        c50 = clampLanes(c50, lower, upper); c51 = clampLanes(c51, lower, upper);
      }
    }
    if (nr == NR) {
      v128.store(c, c00); v128.store(c, c01, 16);
      if (mr > 1) { c += ldc; v128.store(c, c10); v128.store(c, c11, 16); }
      if (mr > 2) { c += ldc; v128.store(c, c20); v128.store(c, c21, 16); }
      if (mr > 3) { c += ldc; v128.store(c, c30); v128.store(c, c31, 16); }
      if (MR == 6) {
        if (mr > 4) { c += ldc; v128.store(c, c40); v128.store(c, c41, 16); }
        if (mr > 5) { c += ldc; v128.store(c, c50); v128.store(c, c51, 16); }
      }
    } else {
      for (; mr > 0; mr--, c += ldc) {
        storeEdge(nr, c00, c01, c);
        c00 = c10; c01 = c11; c10 = c20; c11 = c21; c20 = c30; c21 = c31;
        c30 = c40; c31 = c41; c40 = c50; c41 = c51;
      }
    }
  } else {
    const aStep: usize = transA ? lda : 4;
    const aRow: usize = transA ? 4 : lda;
    for (; mr > 0; mr--, c += ldc) {
      if (rows != 0) {
        a = <usize>load<u32>(rows);
        rows += 4;
      }
      for (let j = 0; j < nr; j += 4) {
        const at = <usize>j << 2, add = accumulate ? c : bias;
        tileRow(min(4, nr - j), k, a, aStep, rows == 0 ? 0 : offsets, run, b + at, bStep, add == 0 ? 0 : add + at, bounds, c + at);
      }
      a += aRow;
    }
  }
}

/** Stores the first nr < 8 of these numbers. */
function storeEdge(nr: i32, v0: v128, v1: v128, c: usize): void {
  if (nr > 4) {
    v128.store(c, v0);
    storeLanes(nr - 8, v1, c + 16);
  } else {
    storeLanes(nr - 4, v0, c);
  }
}

/** v between the bounds as `clamp` brings it. */
// @ts-ignore: decorator
@inline
function clampLanes(v: v128, lower: v128, upper: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, lower), upper);
}

/** Stores y, brought between the bounds as `clamp` does it. */
// @ts-ignore: decorator
@inline
function storeOne(y: f32, bounds: usize, c: usize): void {
  if (bounds != 0) {
    if (y < load<f32>(bounds)) y = load<f32>(bounds);
    if (load<f32>(bounds, 4) < y) y = load<f32>(bounds, 4);
  }
  store<f32>(c, y);
}

/** One row and up to four columns of a tile, scalar. */
function tileRow(
  nr: i32, k: i32, row: usize, aStep: usize, offsets: usize, run: i32, b: usize, bStep: usize, add: usize, bounds: usize, c: usize,
): void {
  let c0: f32 = 0, c1: f32 = 0, c2: f32 = 0, c3: f32 = 0;
  if (add != 0) {
    c0 = load<f32>(add);
    c1 = load<f32>(add, 4);
    c2 = load<f32>(add, 8);
    c3 = load<f32>(add, 12);
  }
  while (k > 0) {
    let a = offsets == 0 ? row : row + load<u32>(offsets);
    for (let left = run; left > 0; left--) {
      const s = load<f32>(a);
      c0 += s * load<f32>(b);
      c1 += s * load<f32>(b, 4);
      c2 += s * load<f32>(b, 8);
      c3 += s * load<f32>(b, 12);
      a += aStep;
      b += bStep;
    }
    k -= run;
    offsets += <usize>run << 2;
  }
  for (; nr > 0; nr--, c += 4) {
    storeOne(c0, bounds, c);
    c0 = c1; c1 = c2; c2 = c3;
  }
}
