import { biasOf, boundsOf, finish } from "./epilogue";
import { madd } from "./lanes";
import { fillRun } from "./runs";
import { transposePlane } from "./transpose";

// General matrix product around one register tile. x64 has 16 vector registers, of which V8 keeps one for itself. With a fused
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
//
// Every element of C is one sum over k in ascending order, in every build and for every tile shape, so a result does not
// depend on how the rows are split. Method: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication",
// 2008; the tile by measurement.

/** Columns of a register tile, and of a packed panel of B. */
export const NR: i32 = 8;
/** Rows of a register tile. */
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Bytes of A that one block of rows may take: the block is read once per panel of B and should stay in the L2 cache. */
const BLOCK_BYTES: i32 = 1 << 17;

/** Floats that `packB` writes for a [k, n] matrix. */
export function packedBFloats(k: i32, n: i32): i32 {
  return (n + NR - 1) / NR * NR * k;
}

/**
 * Packs B into panels of 8 columns: out[j / 8][p][j % 8] = B[p, j], the last panel filled up with zeros.
 *
 * Shapes:   b [k, n], element (p, j) at b[p * rs + j * cs]; out [ceil(n / 8), k, 8].
 * Writes:   overwrites out.
 * Requires: no overlap.
 */
export function packB(k: i32, n: i32, b: usize, rs: i32, cs: i32, out: usize): void {
  for (let j0 = 0; j0 < n; j0 += NR) {
    const nr = min(NR, n - j0);
    let from = b + (<usize>(j0 * cs) << 2);
    if (nr < NR) fillRun(k * NR, 0, out);
    if (rs == 1) {
      transposePlane(nr, k, from, <usize>cs << 2, out, NR << 2);
      out += <usize>k * (NR << 2);
      continue;
    }
    for (let p = 0; p < k; p++, from += <usize>rs << 2, out += NR << 2) {
      if (ASC_FEATURE_SIMD && cs == 1 && nr == NR) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
      } else {
        for (let j = 0; j < nr; j++) store<f32>(out + (<usize>j << 2), load<f32>(from + (<usize>(j * cs) << 2)));
      }
    }
  }
}

/**
 * C = activation(A B + bias + residual), or C += A B.
 *
 * Shapes:   a [m, k], element (i, p) at a[i * lda + p], or with transA [k, m] at a[p * lda + i]; b packed by `packB`;
 *           c [m, n] with rows ldc apart; epilogue with bias [n] and residual as c, or 0; 0 where the product is added.
 * Writes:   overwrites c, or adds to it; what lies between the rows is left untouched.
 * Requires: no overlap. May read up to 28 bytes past the rows of a and b.
 * Adjoint:  in A: dC B'; in B: A' dC.
 */
export function gemm(m: i32, n: i32, k: i32, a: usize, lda: i32, transA: bool, b: usize, epilogue: usize, c: usize, ldc: i32, accumulate: bool): void {
  product(m, n, k, a, lda, transA, b, NR << 2, <usize>k * (NR << 2), epilogue, c, ldc, accumulate);
}

/**
 * C = A B, or C += A B, with B read in place.
 *
 * Shapes:   as `gemm`; b [k, n] with rows ldb apart.
 */
export function gemmInPlace(m: i32, n: i32, k: i32, a: usize, lda: i32, transA: bool, b: usize, ldb: i32, c: usize, ldc: i32, accumulate: bool): void {
  product(m, n, k, a, lda, transA, b, <usize>ldb << 2, NR << 2, 0, c, ldc, accumulate);
}

// bStep: bytes from one row of a panel to the next; bPanel: bytes from one panel to the next.
function product(
  m: i32, n: i32, k: i32, a: usize, lda: i32, transA: bool, b: usize, bStep: usize, bPanel: usize, epilogue: usize, c: usize, ldc: i32, accumulate: bool,
): void {
  const rows = blockRows(k);
  const aStep: usize = (transA ? 1 : <usize>lda) << 2;
  const bias = biasOf(epilogue, 0), bounds = boundsOf(epilogue);
  for (let i = 0; i < m; i += rows) {
    const to = c + (<usize>(i * ldc) << 2);
    const height = min(rows, m - i);
    block(height, n, k, a + <usize>i * aStep, lda, transA, b, bStep, bPanel, bias, bounds, to, ldc, accumulate);
    if (bounds == 0) finish(epilogue, c, height, n, to, ldc);
  }
}

/** Rows of A, of k floats each, that make a block. */
// @ts-ignore: decorator
@inline
export function blockRows(k: i32): i32 {
  return max(MR, BLOCK_BYTES / (max(k, 1) << 2) / MR * MR);
}

/** C = A B + bias, brought between the two numbers at `bounds`, or C += A B, for one block of rows. */
export function block(
  m: i32, n: i32, k: i32, a: usize, lda: i32, transA: bool, b: usize, bStep: usize, bPanel: usize, bias: usize, bounds: usize, c: usize, ldc: i32,
  accumulate: bool,
): void {
  const aStep: usize = (transA ? 1 : <usize>lda) << 2;
  for (let j = 0; j < n; j += NR, b += bPanel) {
    const columns = min(NR, n - j);
    for (let i = 0; i < m; i += MR) {
      tile(
        min(MR, m - i), columns, k, a + <usize>i * aStep, <usize>lda << 2, transA, b, bStep,
        bias == 0 ? 0 : bias + (<usize>j << 2), bounds, c + (<usize>(i * ldc + j) << 2), <usize>ldc << 2, accumulate,
      );
    }
  }
}

/**
 * One register tile: C[mr, nr] = A[mr, k] B[k, nr] (+ bias, or + C). mr in 1..MR, nr in 1..8; lda, ldc, bStep in bytes.
 * Rows beyond mr read the last valid row again and are not stored: one loop serves every edge.
 */
function tile(
  mr: i32, nr: i32, k: i32, a: usize, lda: usize, transA: bool, b: usize, bStep: usize, bias: usize, bounds: usize, c: usize, ldc: usize, accumulate: bool,
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
        if (ASC_FEATURE_RELAXED_SIMD && k == -4) break;
        if (MR == 6) {
          s = v128.load32_splat(a, 16);
          c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
          if (ASC_FEATURE_RELAXED_SIMD && k == -5) break;
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
        let b0 = v128.load(b), b1 = v128.load(b, 16);
        let s = v128.load32_splat(a);
        c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
        if (ASC_FEATURE_RELAXED_SIMD && k == -1) break;
        s = v128.load32_splat(a1);
        c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
        if (ASC_FEATURE_RELAXED_SIMD && k == -2) break;
        s = v128.load32_splat(a2);
        c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
        if (ASC_FEATURE_RELAXED_SIMD && k == -3) break;
        s = v128.load32_splat(a3);
        c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
        if (ASC_FEATURE_RELAXED_SIMD && k == -4) break;
        if (MR == 6) {
          s = v128.load32_splat(a4);
          c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
          if (ASC_FEATURE_RELAXED_SIMD && k == -5) break;
          s = v128.load32_splat(a5);
          c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
        }
        b += bStep;
        if (k == 1) break;
        b0 = v128.load(b); b1 = v128.load(b, 16);
        s = v128.load32_splat(a, 4);
        c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
        if (ASC_FEATURE_RELAXED_SIMD && k == -6) break;
        s = v128.load32_splat(a1, 4);
        c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
        if (ASC_FEATURE_RELAXED_SIMD && k == -7) break;
        s = v128.load32_splat(a2, 4);
        c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
        if (ASC_FEATURE_RELAXED_SIMD && k == -8) break;
        s = v128.load32_splat(a3, 4);
        c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
        if (ASC_FEATURE_RELAXED_SIMD && k == -9) break;
        if (MR == 6) {
          s = v128.load32_splat(a4, 4);
          c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
          if (ASC_FEATURE_RELAXED_SIMD && k == -10) break;
          s = v128.load32_splat(a5, 4);
          c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
        }
        b += bStep;
        a += 8; a1 += 8; a2 += 8; a3 += 8;
        if (MR == 6) { a4 += 8; a5 += 8; }
        k -= 2;
      }
    }
    storeRow(nr, c00, c01, bias, bounds, c, accumulate);
    if (mr > 1) { c += ldc; storeRow(nr, c10, c11, bias, bounds, c, accumulate); }
    if (mr > 2) { c += ldc; storeRow(nr, c20, c21, bias, bounds, c, accumulate); }
    if (mr > 3) { c += ldc; storeRow(nr, c30, c31, bias, bounds, c, accumulate); }
    if (MR == 6) {
      if (mr > 4) { c += ldc; storeRow(nr, c40, c41, bias, bounds, c, accumulate); }
      if (mr > 5) { c += ldc; storeRow(nr, c50, c51, bias, bounds, c, accumulate); }
    }
  } else {
    const aStep: usize = transA ? lda : 4;
    const aRow: usize = transA ? 4 : lda;
    for (let i = 0; i < mr; i++, a += aRow, c += ldc) {
      tileRow(min(4, nr), k, a, aStep, b, bStep, bias, bounds, c, accumulate);
      if (nr > 4) tileRow(nr - 4, k, a, aStep, b + 16, bStep, bias == 0 ? 0 : bias + 16, bounds, c + 16, accumulate);
    }
  }
}

/** Stores nr <= 8 columns of one row of a tile: c = v + bias, or c += v. */
// @ts-ignore: decorator
@inline
export function storeRow(nr: i32, v0: v128, v1: v128, bias: usize, bounds: usize, c: usize, accumulate: bool): void {
  if (nr == NR) {
    const add = accumulate ? c : bias;
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
    storeEdge(nr, v0, v1, bias, bounds, c, accumulate);
  }
}

function storeEdge(nr: i32, v0: v128, v1: v128, bias: usize, bounds: usize, c: usize, accumulate: bool): void {
  for (let j = 0; j < nr; j++) {
    let y = f32x4.extract_lane(v0, 0);
    const add = accumulate ? c : bias;
    if (add != 0) y += load<f32>(add);
    storeOne(y, bounds, c);
    c += 4;
    if (bias != 0) bias += 4;
    // Shifts the eight values down by one lane.
    v0 = v128.shuffle<f32>(v0, v1, 1, 2, 3, 4);
    v1 = v128.shuffle<f32>(v1, v1, 1, 2, 3, 3);
  }
}

/** Stores y, brought between the bounds as `clamp` does it. */
function storeOne(y: f32, bounds: usize, c: usize): void {
  if (bounds != 0) {
    if (y < load<f32>(bounds)) y = load<f32>(bounds);
    if (load<f32>(bounds, 4) < y) y = load<f32>(bounds, 4);
  }
  store<f32>(c, y);
}

/** One row and up to four columns of a tile, scalar. */
function tileRow(nr: i32, k: i32, a: usize, aStep: usize, b: usize, bStep: usize, bias: usize, bounds: usize, c: usize, accumulate: bool): void {
  let c0: f32 = 0, c1: f32 = 0, c2: f32 = 0, c3: f32 = 0;
  for (; k > 0; k--) {
    const s = load<f32>(a);
    c0 += s * load<f32>(b);
    c1 += s * load<f32>(b, 4);
    c2 += s * load<f32>(b, 8);
    c3 += s * load<f32>(b, 12);
    a += aStep;
    b += bStep;
  }
  for (let j = 0; j < nr; j++) {
    const add = accumulate ? c : bias;
    storeOne(add != 0 ? c0 + load<f32>(add) : c0, bounds, c);
    c += 4;
    if (bias != 0) bias += 4;
    c0 = c1; c1 = c2; c2 = c3;
  }
}
