import { madd, storeLanes } from "./lanes";
import { MR, NR } from "./tile";

// Matrix products whose left matrix A is gathered: A[i, t] lies at rows[i] + offsets[t]. With the windows of a convolution as rows and
// the taps of its kernel as columns A is the column matrix, and nobody has to make it. Share of the multiply-add peak (relaxed, V8 14.6,
// AMD EPYC Zen 5; strips included), next to a product with a column matrix that was made first:
//
//                                          forward        filter adjoint
//                                       made  gathered    made  gathered
//   5x5, 1 -> 8 @28, batch 32            23 %    71 %      19 %    68 %
//   3x3 stride 2, 3 -> 32 @224           62 %    85 %      51 %    81 %
//   7x7 stride 2, 3 -> 64 @224           86 %    97 %      80 %    89 %
//   3x3 stride 2, 64 -> 128 @56          98 %    95 %      93 %    80 %
//   3x3, 512 -> 512 @7                   93 %    92 %      50 %    70 %
//   3x3, 128 -> 128 @56, 32 groups       14 %    38 %      15 %    38 %
//
// A tile of the filter adjoint ends in 48 numbers down columns of dW: dear where a block has few positions (49 @7).

/** Rows of a register tile of at most four columns. */
export const NARROW: i32 = 8;
/** Entries that must follow the last of the rows: a tile reads as many at the end as anywhere. */
export const MORE_ROWS: i32 = NARROW;

/** True where the last of n columns are so few. */
export function isNarrow(n: i32): bool {
  return ((n - 1) & 7) < 4;
}

/**
 * A register tile of eight rows by at most four columns: groups of few channels, and the last columns of many. Four floats of a run at
 * a time, whose rows of B stay in registers; an address is needed for the length of four multiply-adds only.
 */
export function narrowTile(
  mr: i32, nr: i32, k: i32, rows: usize, offsets: usize, run: i32, b: usize, bias: usize, c: usize, ldc: usize,
): void {
  let c0 = f32x4.splat(0);
  if (bias != 0) c0 = v128.load(bias);
  let c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
  for (; k > 0; k -= run, offsets += <usize>run << 2) {
    let at = <usize>load<u32>(offsets);
    let left = run;
    for (; left >= 4; left -= 4, at += 16, b += NR << 4) {
      const b0 = v128.load(b), b1 = v128.load(b, 32), b2 = v128.load(b, 64), b3 = v128.load(b, 96);
      c0 = four(<usize>load<u32>(rows) + at, b0, b1, b2, b3, c0);
      c1 = four(<usize>load<u32>(rows, 4) + at, b0, b1, b2, b3, c1);
      c2 = four(<usize>load<u32>(rows, 8) + at, b0, b1, b2, b3, c2);
      c3 = four(<usize>load<u32>(rows, 12) + at, b0, b1, b2, b3, c3);
      c4 = four(<usize>load<u32>(rows, 16) + at, b0, b1, b2, b3, c4);
      c5 = four(<usize>load<u32>(rows, 20) + at, b0, b1, b2, b3, c5);
      c6 = four(<usize>load<u32>(rows, 24) + at, b0, b1, b2, b3, c6);
      c7 = four(<usize>load<u32>(rows, 28) + at, b0, b1, b2, b3, c7);
    }
    for (; left > 0; left--, at += 4, b += NR << 2) {
      const b0 = v128.load(b);
      c0 = madd(v128.load32_splat(<usize>load<u32>(rows) + at), b0, c0);
      c1 = madd(v128.load32_splat(<usize>load<u32>(rows, 4) + at), b0, c1);
      c2 = madd(v128.load32_splat(<usize>load<u32>(rows, 8) + at), b0, c2);
      c3 = madd(v128.load32_splat(<usize>load<u32>(rows, 12) + at), b0, c3);
      c4 = madd(v128.load32_splat(<usize>load<u32>(rows, 16) + at), b0, c4);
      c5 = madd(v128.load32_splat(<usize>load<u32>(rows, 20) + at), b0, c5);
      c6 = madd(v128.load32_splat(<usize>load<u32>(rows, 24) + at), b0, c6);
      c7 = madd(v128.load32_splat(<usize>load<u32>(rows, 28) + at), b0, c7);
    }
  }
  for (; mr > 0; mr--, c += ldc) {
    storeLanes(nr - 4, c0, c);
    c0 = c1; c1 = c2; c2 = c3; c3 = c4; c4 = c5; c5 = c6; c6 = c7;
  }
}

// @ts-ignore: decorator
@inline
function four(a: usize, b0: v128, b1: v128, b2: v128, b3: v128, c: v128): v128 {
  c = madd(v128.load32_splat(a), b0, c);
  c = madd(v128.load32_splat(a, 4), b1, c);
  c = madd(v128.load32_splat(a, 8), b2, c);
  return madd(v128.load32_splat(a, 12), b3, c);
}

/**
 * C' = A' B, or C' += A' B, with A gathered as by `tile` and its taps apart: c[j, t] = sum over i of A[i, t] b[i, j].
 *
 * Shapes:   rows [m]; offsets [taps + MR]; b [m, n] with rows ldb apart; c [n, taps] with rows ldc apart.
 * Writes:   overwrites c, or adds to it.
 */
export function gemmRowsAdjoint(
  m: i32, n: i32, taps: i32, rows: usize, offsets: usize, b: usize, ldb: i32, c: usize, ldc: i32, accumulate: bool,
): void {
  for (let j = 0; j < n; j += NR, b += NR << 2) {
    let at = c + (<usize>(j * ldc) << 2);
    for (let t = 0; t < taps; t += MR, at += MR << 2) {
      adjointTile(
        min(MR, taps - t), min(NR, n - j), m, rows, offsets + (<usize>t << 2), b, <usize>ldb << 2, at, <usize>ldc << 2, accumulate,
      );
    }
  }
}

/** One register tile of taps by columns of b, stored down columns of c: A is gathered tap by tap, at six addresses from one. */
function adjointTile(
  mr: i32, nr: i32, m: i32, rows: usize, offsets: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  if (ASC_FEATURE_SIMD) {
    let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
    let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
    const t0 = <usize>load<u32>(offsets), t1 = <usize>load<u32>(offsets, 4), t2 = <usize>load<u32>(offsets, 8);
    const t3 = <usize>load<u32>(offsets, 12);
    let t4: usize = 0, t5: usize = 0;
    if (MR == 6) {
      t4 = <usize>load<u32>(offsets, 16);
      t5 = <usize>load<u32>(offsets, 20);
    }
    // No m is negative: these breaks keep the taps apart, as in `tile`.
    while (m > 0) {
      const a = <usize>load<u32>(rows);
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let s = v128.load32_splat(a + t0);
      c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
      if (ASC_FEATURE_RELAXED_SIMD && m == -1) break;
      s = v128.load32_splat(a + t1);
      c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
      if (ASC_FEATURE_RELAXED_SIMD && m == -2) break;
      s = v128.load32_splat(a + t2);
      c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
      if (ASC_FEATURE_RELAXED_SIMD && m == -3) break;
      s = v128.load32_splat(a + t3);
      c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
      if (ASC_FEATURE_RELAXED_SIMD && m == -4) break;
      if (MR == 6) {
        s = v128.load32_splat(a + t4);
        c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
        if (ASC_FEATURE_RELAXED_SIMD && m == -5) break;
        s = v128.load32_splat(a + t5);
        c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
      }
      rows += 4;
      m--;
      b += ldb;
    }
    for (; mr > 0; mr--, c += 4) {
      storeColumn(nr, c00, c01, c, ldc, accumulate);
      c00 = c10; c01 = c11; c10 = c20; c11 = c21; c20 = c30; c21 = c31; c30 = c40; c31 = c41; c40 = c50; c41 = c51;
    }
  } else {
    for (; mr > 0; mr--, offsets += 4, c += 4) {
      const tap = <usize>load<u32>(offsets);
      for (let j = 0; j < nr; j += 4) {
        let c0: f32 = 0, c1: f32 = 0, c2: f32 = 0, c3: f32 = 0;
        let at = b + (<usize>j << 2), row = rows;
        for (let i = m; i > 0; i--, row += 4, at += ldb) {
          const s = load<f32>(<usize>load<u32>(row) + tap);
          c0 += s * load<f32>(at);
          c1 += s * load<f32>(at, 4);
          c2 += s * load<f32>(at, 8);
          c3 += s * load<f32>(at, 12);
        }
        let to = c + <usize>j * ldc;
        for (let i = min(4, nr - j); i > 0; i--, to += ldc) {
          store<f32>(to, accumulate ? load<f32>(to) + c0 : c0);
          c0 = c1; c1 = c2; c2 = c3;
        }
      }
    }
  }
}

/** Stores nr <= 8 numbers down a column. */
function storeColumn(nr: i32, v0: v128, v1: v128, c: usize, ldc: usize, accumulate: bool): void {
  for (; nr > 0; nr--, c += ldc) {
    const sum = f32x4.extract_lane(v0, 0);
    store<f32>(c, accumulate ? load<f32>(c) + sum : sum);
    v0 = v128.shuffle<f32>(v0, v1, 1, 2, 3, 4);
    v1 = v128.shuffle<f32>(v1, v1, 1, 2, 3, 3);
  }
}
