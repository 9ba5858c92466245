import { copyRun, fillRun } from "./runs";

/** Rows that are summed before their sum joins the total: keeps the rounding error of long sums down. */
const BLOCK: i32 = 128;

/**
 * y[j] = sum over i of x[i, j].
 *
 * Shapes:   x [rows, n], y [n].
 * Writes:   overwrites y.
 * Adjoint:  `repeatRow`.
 */
export function sumRows(rows: i32, n: i32, x: usize, y: usize): void {
  fillRun(n, 0, y);
  const step = <usize>n << 2;
  for (let i0 = 0; i0 < rows; i0 += BLOCK) {
    const count = min(BLOCK, rows - i0);
    let j = 0;
    if (ASC_FEATURE_SIMD) {
      for (; j <= n - 4; j += 4) {
        let from = x + (<usize>j << 2);
        let sum = v128.load(from);
        for (let i = 1; i < count; i++) {
          from += step;
          sum = f32x4.add(sum, v128.load(from));
        }
        const to = y + (<usize>j << 2);
        v128.store(to, f32x4.add(v128.load(to), sum));
      }
    }
    for (; j < n; j++) {
      let from = x + (<usize>j << 2);
      let sum = load<f32>(from);
      for (let i = 1; i < count; i++) {
        from += step;
        sum += load<f32>(from);
      }
      const to = y + (<usize>j << 2);
      store<f32>(to, load<f32>(to) + sum);
    }
    x += <usize>count * step;
  }
}

/**
 * y[i, j] = x[j] for every row i.
 *
 * Shapes:   x [n], y [rows, n].
 * Writes:   overwrites y.
 * Adjoint:  `sumRows`.
 */
export function repeatRow(rows: i32, n: i32, x: usize, y: usize): void {
  for (let i = 0; i < rows; i++) {
    copyRun(n, x, y);
    y += <usize>n << 2;
  }
}

/**
 * y[0] = sum over i of x[i], in double precision, rounded once at the end.
 *
 * Shapes:   x [n], y [1].
 * Writes:   overwrites y.
 * Adjoint:  `fill`.
 */
export function sum(n: i32, x: usize, y: usize): void {
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
  let i = 0;
  for (; i <= n - 4; i += 4, x += 16) {
    s0 += load<f32>(x);
    s1 += load<f32>(x, 4);
    s2 += load<f32>(x, 8);
    s3 += load<f32>(x, 12);
  }
  for (; i < n; i++, x += 4) s0 += load<f32>(x);
  store<f32>(y, <f32>((s0 + s1) + (s2 + s3)));
}
