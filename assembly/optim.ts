// One step of an optimiser over one parameter, in place. Four lanes, then the rest; both loops round alike.

/**
 * Stochastic gradient descent: h = g + weightDecay p;  v = momentum v + h;  p -= lr v. With v the null pointer, p -= lr h.
 *
 * Shapes:   g, v, p [n].
 * Writes:   updates v and p.
 * Requires: no overlap.
 * Source:   PyTorch, torch.optim.SGD with dampening 0; Sutskever et al., "On the importance of initialization and momentum
 *           in deep learning", 2013.
 */
export function sgd(n: i32, lr: f32, momentum: f32, weightDecay: f32, g: usize, v: usize, p: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const rate = f32x4.splat(lr), keep = f32x4.splat(momentum), decay = f32x4.splat(weightDecay);
    for (; i <= n - 4; i += 4, g += 16, p += 16) {
      const old = v128.load(p);
      let step = f32x4.add(v128.load(g), f32x4.mul(decay, old));
      if (v != 0) {
        step = f32x4.add(f32x4.mul(keep, v128.load(v)), step);
        v128.store(v, step);
        v += 16;
      }
      v128.store(p, f32x4.sub(old, f32x4.mul(rate, step)));
    }
  }
  for (; i < n; i++, g += 4, p += 4) {
    const old = load<f32>(p);
    let step = load<f32>(g) + weightDecay * old;
    if (v != 0) {
      step = momentum * load<f32>(v) + step;
      store<f32>(v, step);
      v += 4;
    }
    store<f32>(p, old - lr * step);
  }
}

/**
 * Adam: h = g + weightDecay p;  m += (1 - beta1) (h - m);  v = beta2 v + (1 - beta2) h^2;
 *       p -= stepSize m / (sqrt(v) scale + eps).
 * The host folds the bias corrections into stepSize = lr / (1 - beta1^t) and scale = 1 / sqrt(1 - beta2^t).
 *
 * Shapes:   g, m, v, p [n].
 * Writes:   updates m, v and p.
 * Requires: no overlap.
 * Source:   Kingma, Ba, "Adam: a method for stochastic optimization", 2015; PyTorch, torch.optim.Adam.
 */
export function adam(
  n: i32, stepSize: f32, rest1: f32, beta2: f32, rest2: f32, scale: f32, eps: f32, weightDecay: f32, g: usize, m: usize, v: usize, p: usize,
): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    const rate = f32x4.splat(stepSize), r1 = f32x4.splat(rest1), b2 = f32x4.splat(beta2), r2 = f32x4.splat(rest2);
    const s = f32x4.splat(scale), e = f32x4.splat(eps), decay = f32x4.splat(weightDecay);
    for (; i <= n - 4; i += 4, g += 16, m += 16, v += 16, p += 16) {
      const old = v128.load(p);
      const h = f32x4.add(v128.load(g), f32x4.mul(decay, old));
      let m1 = v128.load(m);
      m1 = f32x4.add(m1, f32x4.mul(r1, f32x4.sub(h, m1)));
      const v1 = f32x4.add(f32x4.mul(b2, v128.load(v)), f32x4.mul(r2, f32x4.mul(h, h)));
      v128.store(m, m1);
      v128.store(v, v1);
      v128.store(p, f32x4.sub(old, f32x4.div(f32x4.mul(rate, m1), f32x4.add(f32x4.mul(f32x4.sqrt(v1), s), e))));
    }
  }
  for (; i < n; i++, g += 4, m += 4, v += 4, p += 4) {
    const old = load<f32>(p);
    const h = load<f32>(g) + weightDecay * old;
    let m1 = load<f32>(m);
    m1 = m1 + rest1 * (h - m1);
    const v1 = beta2 * load<f32>(v) + rest2 * (h * h);
    store<f32>(m, m1);
    store<f32>(v, v1);
    store<f32>(p, old - stepSize * m1 / (sqrt<f32>(v1) * scale + eps));
  }
}
