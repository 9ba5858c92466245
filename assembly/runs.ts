// Runs of floats. `memory.copy` and `memory.fill` are calls into the engine: too dear for the few floats of a kernel row, which is what
// im2col moves. Each is in the kernels once, a call away: inlined they would take 3 KB.

/** y[0..n) = x[0..n). Overwrites; no overlap. */
export function copyRun(n: i32, x: usize, y: usize): void {
  copyRows(1, n, x, 0, y, 0);
}

/** y[i * yStep .. + n) = x[i * xStep .. + n) for so many rows, with the steps in bytes: rows may be too short for a call each. */
export function copyRows(rows: i32, n: i32, x: usize, xStep: usize, y: usize, yStep: usize): void {
  for (; rows > 0; rows--, x += xStep, y += yStep) {
    let i: usize = 0;
    const bytes = <usize>n << 2;
    if (ASC_FEATURE_SIMD) {
      for (; i + 16 <= bytes; i += 16) v128.store(y + i, v128.load(x + i));
    }
    for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(x + i));
  }
}

/** y[0..n) = value. Overwrites. */
export function fillRun(n: i32, value: f32, y: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const v = f32x4.splat(value);
    for (; i <= n - 4; i += 4, y += 16) v128.store(y, v);
  }
  for (; i < n; i++, y += 4) store<f32>(y, value);
}

/** y[0..n) += x[0..n). Accumulates; no overlap. */
export function addRun(n: i32, x: usize, y: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i <= n - 4; i += 4, x += 16, y += 16) v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
  }
  for (; i < n; i++, x += 4, y += 4) store<f32>(y, load<f32>(y) + load<f32>(x));
}
