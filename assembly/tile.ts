import { madd } from "./lanes";

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
// six broadcasts of A would need more registers than there are. For the same reason the two steps are parted by a branch.
// Where at most four rows are left, the two last ones are jumped over: 4 x 512 x 512 reaches 0.90 instead of 0.66 (V8 14.6).
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
  return MR == 6 && (left == 7 || left == 8) ? 4 : min(MR, left);
}

/**
 * One register tile: C[mr, nr] = A[mr, k] B[k, nr] (+ bias, or + C), brought between the two numbers at `bounds`. mr in 1..MR, nr in 1..8.
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
      let a1 = mr > 1 ? a + lda : a;
      let a2 = mr > 2 ? a1 + lda : a1;
      let a3 = mr > 3 ? a2 + lda : a2;
      let a4 = mr > 4 ? a3 + lda : a3;
      let a5 = mr > 5 ? a4 + lda : a4;
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
          a += 8; a1 += 8; a2 += 8; a3 += 8;
          if (MR == 6) { a4 += 8; a5 += 8; }
          left -= 2;
        }
      }
    }
    let add = accumulate ? c : bias;
    const step = accumulate ? ldc : 0;
    storeRow(nr, c00, c01, add, bounds, c);
    if (mr > 1) { c += ldc; add += step; storeRow(nr, c10, c11, add, bounds, c); }
    if (mr > 2) { c += ldc; add += step; storeRow(nr, c20, c21, add, bounds, c); }
    if (mr > 3) { c += ldc; add += step; storeRow(nr, c30, c31, add, bounds, c); }
    if (MR == 6) {
      if (mr > 4) { c += ldc; add += step; storeRow(nr, c40, c41, add, bounds, c); }
      if (mr > 5) { c += ldc; add += step; storeRow(nr, c50, c51, add, bounds, c); }
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
        tileRow(min(4, nr - j), k, a, aStep, offsets, run, b + at, bStep, add == 0 ? 0 : add + at, bounds, c + at);
      }
      a += aRow;
    }
  }
}

/** Stores nr <= 8 columns of one row of a tile: c = v + what lies at `add`, if anything does. */
// @ts-ignore: decorator
@inline
export function storeRow(nr: i32, v0: v128, v1: v128, add: usize, bounds: usize, c: usize): void {
  if (nr == NR) {
    if (add != 0) {
      v0 = f32x4.add(v0, v128.load(add));
      v1 = f32x4.add(v1, v128.load(add, 16));
    }
    if (bounds != 0) {
      const lower = v128.load32_splat(bounds), upper = v128.load32_splat(bounds, 4);
      v0 = f32x4.pmin(f32x4.pmax(v0, lower), upper);
      v1 = f32x4.pmin(f32x4.pmax(v1, lower), upper);
    }
    v128.store(c, v0);
    v128.store(c, v1, 16);
  } else {
    storeEdge(nr, v0, v1, add, bounds, c);
  }
}

/** Stores the first nr <= 8 of these numbers. */
export function storeEdge(nr: i32, v0: v128, v1: v128, add: usize, bounds: usize, c: usize): void {
  for (; nr > 0; nr--, c += 4) {
    let y = f32x4.extract_lane(v0, 0);
    if (add != 0) {
      y += load<f32>(add);
      add += 4;
    }
    storeOne(y, bounds, c);
    // Shifts the eight values down by one lane.
    v0 = v128.shuffle<f32>(v0, v1, 1, 2, 3, 4);
    v1 = v128.shuffle<f32>(v1, v1, 1, 2, 3, 3);
  }
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
    if (add != 0) {
      c0 += load<f32>(add);
      add += 4;
    }
    storeOne(c0, bounds, c);
    c0 = c1; c1 = c2; c2 = c3;
  }
}
