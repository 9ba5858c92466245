/**
 * p[i, j] = exp(x[i, j]) / sum over l of exp(x[i, l]), and the mean over i of -log p[i, label[i]].
 * The row's maximum is subtracted first, so nothing overflows.
 *
 * Shapes:   x [n, c]; labels [n], i32; p [n, c]; loss [1].
 * Writes:   overwrites p and loss.
 * Requires: 0 <= labels < c, n > 0.
 * Adjoint:  `softmaxCrossEntropyAdjoint`.
 */
export function softmaxCrossEntropy(n: i32, c: i32, x: usize, labels: usize, p: usize, loss: usize): void {
  let total: f64 = 0;
  for (let i = 0; i < n; i++) {
    let largest = load<f32>(x);
    for (let j = 1; j < c; j++) {
      const v = load<f32>(x + (<usize>j << 2));
      // NaN wins, so that it reaches the loss.
      if (v > largest || v != v) largest = v;
    }
    let sum: f64 = 0;
    for (let j = 0; j < c; j++) {
      const e = Mathf.exp(load<f32>(x + (<usize>j << 2)) - largest);
      store<f32>(p + (<usize>j << 2), e);
      sum += e;
    }
    const scale = <f32>(1 / sum);
    for (let j = 0; j < c; j++) {
      const to = p + (<usize>j << 2);
      store<f32>(to, load<f32>(to) * scale);
    }
    const label = load<i32>(labels + (<usize>i << 2));
    total += <f64>(Mathf.log(<f32>sum) - (load<f32>(x + (<usize>label << 2)) - largest));
    x += <usize>c << 2;
    p += <usize>c << 2;
  }
  store<f32>(loss, <f32>(total / n));
}

/**
 * dx[i, j] = (p[i, j] - (j == label[i])) dy / n.
 *
 * Shapes:   p, labels as `softmaxCrossEntropy`; dy [1]; dx [n, c].
 * Writes:   overwrites dx.
 * Requires: no overlap.
 */
export function softmaxCrossEntropyAdjoint(n: i32, c: i32, p: usize, labels: usize, dy: usize, dx: usize): void {
  const scale = load<f32>(dy) / <f32>n;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < c; j++) {
      const at = <usize>j << 2;
      store<f32>(dx + at, load<f32>(p + at) * scale);
    }
    const at = <usize>load<i32>(labels + (<usize>i << 2)) << 2;
    store<f32>(dx + at, (load<f32>(p + at) - 1) * scale);
    p += <usize>c << 2;
    dx += <usize>c << 2;
  }
}
