import { storeLanes } from "./lanes";
import { four, ZERO } from "./numbers";
import { dotRun } from "./reduce";

// One step of an optimiser over one parameter, in place, and the norm by which gradients are clipped. Four lanes at a time, the last
// of which are computed whole and stored in part, or one by one in the scalar build; both round alike.

/**
 * Stochastic gradient descent: h = g + weightDecay p;  v = momentum v + share h;  p -= lr v, or with `nesterov`
 * p -= lr (h + momentum v). With v the null pointer, p -= lr h.
 *
 * Shapes:   g, v, p [n].
 * Writes:   updates v and p.
 * Requires: no overlap.
 * Source:   PyTorch, torch.optim.SGD, share being 1 - dampening; Sutskever et al., "On the importance of initialization and
 *           momentum in deep learning", 2013.
 */
export function sgd(
  n: i32, lr: f32, momentum: f32, share: f32, weightDecay: f32, nesterov: bool, g: usize, v: usize, p: usize,
): void {
  if (ASC_FEATURE_SIMD) {
    const rate = f32x4.splat(lr), keep = f32x4.splat(momentum), part = f32x4.splat(share), decay = f32x4.splat(weightDecay);
    for (; ; g += 16, p += 16) {
      const old = v128.load(p);
      let step = f32x4.add(v128.load(g), f32x4.mul(decay, old));
      let v1 = step;
      if (v != 0) {
        v1 = f32x4.add(f32x4.mul(keep, v128.load(v)), f32x4.mul(part, step));
        step = nesterov ? f32x4.add(step, f32x4.mul(keep, v1)) : v1;
      }
      const p1 = f32x4.sub(old, f32x4.mul(rate, step));
      if ((n -= 4) <= 0) {
        if (v != 0) storeLanes(n, v1, v);
        return storeLanes(n, p1, p);
      }
      if (v != 0) {
        v128.store(v, v1);
        v += 16;
      }
      v128.store(p, p1);
    }
  } else {
    for (; n > 0; n--, g += 4, p += 4) {
      const old = load<f32>(p);
      let step = load<f32>(g) + weightDecay * old;
      if (v != 0) {
        const v1 = momentum * load<f32>(v) + share * step;
        store<f32>(v, v1);
        v += 4;
        step = nesterov ? step + momentum * v1 : v1;
      }
      store<f32>(p, old - lr * step);
    }
  }
}

/**
 * Adam: h = g + weightDecay p;  m += (1 - beta1) (h - m);  v = beta2 v + (1 - beta2) h^2;
 *       p = shrink p - stepSize m / (sqrt(v) scale + eps).
 * The host folds the bias corrections into stepSize = lr / (1 - beta1^t) and scale = 1 / sqrt(1 - beta2^t). Decoupled decay
 * (AdamW) is shrink = 1 - lr decay, with weightDecay 0. With `top` not null (AMSGrad), top = max(top, v) takes the place of v.
 *
 * Shapes:   g, m, v, top, p [n].
 * Writes:   updates m, v, top and p.
 * Requires: no overlap.
 * Source:   Kingma, Ba, "Adam: a method for stochastic optimization", 2015; Loshchilov, Hutter, "Decoupled weight decay
 *           regularization", 2019; Reddi et al., "On the convergence of Adam and beyond", 2018; PyTorch, torch.optim.Adam.
 */
export function adam(
  n: i32, stepSize: f32, rest1: f32, beta2: f32, rest2: f32, scale: f32, eps: f32, weightDecay: f32, shrink: f32,
  g: usize, m: usize, v: usize, top: usize, p: usize,
): void {
  if (ASC_FEATURE_SIMD) {
    const rate = f32x4.splat(stepSize), r1 = f32x4.splat(rest1), b2 = f32x4.splat(beta2), r2 = f32x4.splat(rest2);
    const s = f32x4.splat(scale), e = f32x4.splat(eps), decay = f32x4.splat(weightDecay), keep = f32x4.splat(shrink);
    for (; ; g += 16, m += 16, v += 16, p += 16) {
      const old = v128.load(p);
      const h = f32x4.add(v128.load(g), f32x4.mul(decay, old));
      let m1 = v128.load(m);
      m1 = f32x4.add(m1, f32x4.mul(r1, f32x4.sub(h, m1)));
      const v1 = f32x4.add(f32x4.mul(b2, v128.load(v)), f32x4.mul(r2, f32x4.mul(h, h)));
      let most = v1;
      // pmax(a, b) is a < b ? b : a.
      if (top != 0) most = f32x4.pmax(v1, v128.load(top));
      const step = f32x4.div(f32x4.mul(rate, m1), f32x4.add(f32x4.mul(f32x4.sqrt(most), s), e));
      const p1 = f32x4.sub(f32x4.mul(keep, old), step);
      if ((n -= 4) <= 0) {
        storeLanes(n, m1, m);
        storeLanes(n, v1, v);
        if (top != 0) storeLanes(n, most, top);
        return storeLanes(n, p1, p);
      }
      v128.store(m, m1);
      v128.store(v, v1);
      if (top != 0) {
        v128.store(top, most);
        top += 16;
      }
      v128.store(p, p1);
    }
  } else {
    for (; n > 0; n--, g += 4, m += 4, v += 4, p += 4) {
      const old = load<f32>(p);
      const h = load<f32>(g) + weightDecay * old;
      let m1 = load<f32>(m);
      m1 = m1 + rest1 * (h - m1);
      let v1 = beta2 * load<f32>(v) + rest2 * (h * h);
      store<f32>(m, m1);
      store<f32>(v, v1);
      if (top != 0) {
        const most = load<f32>(top);
        v1 = v1 < most ? most : v1;
        store<f32>(top, v1);
        top += 4;
      }
      store<f32>(p, shrink * old - stepSize * m1 / (sqrt<f32>(v1) * scale + eps));
    }
  }
}

/**
 * RMSprop: h = g + weightDecay p;  v = alpha v + (1 - alpha) h^2;  step = h / (sqrt(v) + eps);  p -= lr step.
 * With `mean` not null (centered), mean = alpha mean + (1 - alpha) h, and v - mean^2 takes the place of v; rounding may make it
 * negative where the gradient hardly changes: it is 0 then. With `b` not null (momentum), b = momentum b + step takes the
 * place of step.
 *
 * Shapes:   g, v, mean, b, p [n].
 * Writes:   updates v, mean, b and p.
 * Requires: no overlap.
 * Source:   PyTorch, torch.optim.RMSprop; Hinton's course; Graves, "Generating sequences with recurrent neural networks", 2013.
 */
export function rmsprop(
  n: i32, lr: f32, alpha: f32, rest: f32, eps: f32, momentum: f32, weightDecay: f32, g: usize, v: usize, mean: usize, b: usize, p: usize,
): void {
  if (ASC_FEATURE_SIMD) {
    const rate = f32x4.splat(lr), a = f32x4.splat(alpha), r = f32x4.splat(rest), e = f32x4.splat(eps);
    const keep = f32x4.splat(momentum), decay = f32x4.splat(weightDecay);
    for (; ; g += 16, v += 16, p += 16) {
      const old = v128.load(p);
      const h = f32x4.add(v128.load(g), f32x4.mul(decay, old));
      const v1 = f32x4.add(f32x4.mul(a, v128.load(v)), f32x4.mul(r, f32x4.mul(h, h)));
      let spread = v1, mean1 = v1;
      if (mean != 0) {
        mean1 = f32x4.add(f32x4.mul(a, v128.load(mean)), f32x4.mul(r, h));
        spread = f32x4.pmax(f32x4.sub(v1, f32x4.mul(mean1, mean1)), four(ZERO));
      }
      let step = f32x4.div(h, f32x4.add(f32x4.sqrt(spread), e));
      if (b != 0) step = f32x4.add(f32x4.mul(keep, v128.load(b)), step);
      const p1 = f32x4.sub(old, f32x4.mul(rate, step));
      if ((n -= 4) <= 0) {
        storeLanes(n, v1, v);
        if (mean != 0) storeLanes(n, mean1, mean);
        if (b != 0) storeLanes(n, step, b);
        return storeLanes(n, p1, p);
      }
      v128.store(v, v1);
      if (mean != 0) {
        v128.store(mean, mean1);
        mean += 16;
      }
      if (b != 0) {
        v128.store(b, step);
        b += 16;
      }
      v128.store(p, p1);
    }
  } else {
    for (; n > 0; n--, g += 4, v += 4, p += 4) {
      const old = load<f32>(p);
      const h = load<f32>(g) + weightDecay * old;
      let v1 = alpha * load<f32>(v) + rest * (h * h);
      store<f32>(v, v1);
      if (mean != 0) {
        const mean1 = alpha * load<f32>(mean) + rest * h;
        store<f32>(mean, mean1);
        mean += 4;
        v1 = v1 - mean1 * mean1;
        v1 = v1 < 0 ? 0 : v1;
      }
      let step = h / (sqrt<f32>(v1) + eps);
      if (b != 0) {
        step = momentum * load<f32>(b) + step;
        store<f32>(b, step);
        b += 4;
      }
      store<f32>(p, old - lr * step);
    }
  }
}

/**
 * y[0] = sqrt(sum over i of x[i]^2), in double precision, rounded once at the end: no square overflows.
 *
 * Shapes:   x [n], y [1].
 * Writes:   overwrites y.
 */
export function euclideanNorm(n: i32, x: usize, y: usize): void {
  store<f32>(y, <f32>sqrt<f64>(dotRun(n, x, x)));
}
