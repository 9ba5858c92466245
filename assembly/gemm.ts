import { biasOf, boundsOf, finish } from "./epilogue";
import { isNarrow, NARROW, narrowTile } from "./gemmRows";
import { copyRows, fillRun } from "./runs";
import { MR, NR, tile, tileRows } from "./tile";
import { transposePlane } from "./transpose";

// General matrix product, block by block of the rows of A. Every element of C is one sum over k in ascending order, in every build and for
// every tile shape, so a result does not depend on how the rows are split. Method: Goto and van de Geijn, "Anatomy of high-performance
// matrix multiplication", 2008; the tile by measurement.

/** Floats of A that one block of rows may take: the block is read once per group of panels and should stay in the L2 cache. */
const BLOCK_FLOATS: i32 = 1 << 16;
/**
 * Floats of a group of panels of B, which stays in the L2 cache while all rows of a block pass over it. A tile's rows stay in the L1 cache
 * and B is read from end to end, as caches read ahead best: in a network the weights of a layer come from far away. One panel after the
 * other for all rows / groups of panels, ms in a whole network (relaxed, V8 14.6, AMD EPYC Zen 5):
 *
 *   3x3, 256 -> 256 @14, F(4x4)   2.10 / 1.53        1x1, 160 -> 960 @7     0.318 / 0.268
 *   3x3, 512 -> 512 @14, F(4x4)   8.5  / 6.8         1x1, 320 -> 1280 @7    0.84  / 0.725
 *   3x3, 256 -> 256 @56, F(4x4)   21   / 17.4        1x1, 96 -> 576 @14     0.367 / 0.352
 */
const GROUP_FLOATS: i32 = 1 << 16;

/** Floats that `packB` writes for a [k, n] matrix. */
export function packedBFloats(k: i32, n: i32): i32 {
  return (n + NR - 1) / NR * NR * k;
}

/**
 * Packs B into panels of 8 columns: out[j / 8][p][j % 8] = B[p, j], the last panel filled up with zeros.
 *
 * Shapes:   b [k, n], element (p, j) at b[p * rs + j * cs]; out [ceil(n / 8), k, 8].
 * Writes:   overwrites out.
 * Requires: rs or cs is 1; no overlap.
 */
export function packB(k: i32, n: i32, b: usize, rs: i32, cs: i32, out: usize): void {
  for (let j0 = 0; j0 < n; j0 += NR) {
    const nr = min(NR, n - j0);
    const from = b + (<usize>(j0 * cs) << 2);
    if (nr < NR) fillRun(k * NR, 0, out);
    if (rs == 1) transposePlane(nr, k, from, <usize>cs << 2, out, NR << 2);
    else copyRows(k, nr, from, <usize>rs << 2, out, NR << 2);
    out += <usize>k * (NR << 2);
  }
}

/**
 * C = activation(A B + bias + residual), or C += A B.
 *
 * Shapes:   a [m, k], element (i, p) at a[i * lda + p], or with transA [k, m] at a[p * lda + i]; b packed by `packB`;
 *           c [m, n] with rows ldc apart; epilogue with bias [n] and residual as c, or 0; 0 where the product is added.
 * Writes:   overwrites c, or adds to it; what lies between the rows is left untouched.
 * Requires: no overlap. May read up to 28 bytes past the bias and the rows of a, b and c.
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
    block(height, n, k, a + <usize>i * aStep, lda, transA, 0, 0, k, b, bStep, bPanel, bias, bounds, to, ldc, accumulate);
    if (bounds == 0) finish(epilogue, c, height, n, to, ldc);
  }
}

/** Rows of A, of k floats each, that make a block. */
// @ts-ignore: decorator
@inline
export function blockRows(k: i32): i32 {
  return max(MR, BLOCK_FLOATS / (k | 1) / MR * MR);
}

/** Columns of B, of k floats each, that make a group of panels. */
// @ts-ignore: decorator
@inline
function groupColumns(k: i32): i32 {
  return max(1, GROUP_FLOATS / NR / (k | 1)) * NR;
}

/**
 * C = A B + bias, brought between the two numbers at `bounds`, or C += A B, for one block of rows. The rows of A lie lda apart, or are
 * gathered: see `tile`.
 */
export function block(
  m: i32, n: i32, k: i32, a: usize, lda: i32, transA: bool, rows: usize, offsets: usize, run: i32, b: usize, bStep: usize, bPanel: usize, bias: usize,
  bounds: usize, c: usize, ldc: i32, accumulate: bool,
): void {
  const aStep: usize = (transA ? 1 : <usize>lda) << 2;
  const gathered = rows != 0;
  // Of gathered rows a narrow panel takes others at a time.
  const wide = ASC_FEATURE_SIMD && gathered && isNarrow(n) ? n & ~7 : n;
  const group = groupColumns(k);
  for (let first = 0, past = 0; first < n; b += <usize>((past - first) / NR) * bPanel, first = past) {
    const narrow = ASC_FEATURE_SIMD && first == wide;
    past = narrow ? n : min(wide, first + group);
    for (let i = 0, height = 0; i < m; i += height) {
      const from: usize = gathered ? rows + (<usize>i << 2) : 0;
      height = narrow ? min(NARROW, m - i) : tileRows(m - i);
      let panel = b;
      for (let j = first; j < past; j += NR, panel += bPanel) {
        const to = c + (<usize>(i * ldc + j) << 2), biasAt: usize = bias == 0 ? 0 : bias + (<usize>j << 2);
        if (narrow) {
          narrowTile(height, past - j, k, from, offsets, run, panel, biasAt, to, <usize>ldc << 2);
        } else {
          tile(
            height, min(NR, n - j), k, a + <usize>i * aStep, <usize>lda << 2, transA, from, offsets, run, panel, bStep, biasAt,
            bounds, to, <usize>ldc << 2, accumulate,
          );
        }
      }
    }
  }
}
