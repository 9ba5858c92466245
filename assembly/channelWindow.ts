/**
 * y[i, j] = sum of x[i, l] over the channels l from j - before to j + after that exist, in ascending order.
 *
 * Shapes:   x, y [rows, n].
 * Writes:   overwrites y.
 * Requires: before, after >= 0; no overlap.
 * Adjoint:  itself, with before and after exchanged.
 */
export function channelWindowSum(rows: i32, n: i32, before: i32, after: i32, x: usize, y: usize): void {
  for (; rows > 0; rows--) {
    let j = 0;
    for (; j < min(before, n); j++) one(n, j, before, after, x, y);
    if (ASC_FEATURE_SIMD) {
      // Four windows inside: each lane walks its own.
      for (; j <= n - 4 - after; j += 4) {
        let from = x + (<usize>(j - before) << 2);
        let sum = v128.load(from);
        for (let l = before + after; l > 0; l--) {
          from += 4;
          sum = f32x4.add(sum, v128.load(from));
        }
        v128.store(y + (<usize>j << 2), sum);
      }
    }
    for (; j < n; j++) one(n, j, before, after, x, y);
    x += <usize>n << 2;
    y += <usize>n << 2;
  }
}

function one(n: i32, j: i32, before: i32, after: i32, x: usize, y: usize): void {
  const end = min(n, j + after + 1);
  let l = max(0, j - before);
  let sum = load<f32>(x + (<usize>l << 2));
  for (l++; l < end; l++) sum += load<f32>(x + (<usize>l << 2));
  store<f32>(y + (<usize>j << 2), sum);
}
