import { kernels } from "../runtime/kernels.ts";
import { checkNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Optimizer } from "./optimizer.ts";

/** Options of `Adam`; the defaults are PyTorch's. */
export interface AdamOptions {
  /** Learning rate, default 0.001. */
  lr?: number;
  /** Decay of the running means of the gradient and of its square, default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator, default 1e-8. */
  eps?: number;
  /** L2 penalty, added to the gradient, default 0. */
  weightDecay?: number;
}

/**
 * Adam (Kingma, Ba, 2015), as PyTorch defines it: p -= lr m^ / (sqrt(v^) + eps), with m^, v^ the bias-corrected running means of
 * the gradient and of its square.
 *
 * @throws RangeError if an option is out of its range
 * @example
 * const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
 */
export class Adam extends Optimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly #moments = new Map<Tensor, { m: Tensor; v: Tensor }>();
  #steps = 0;

  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    super("Adam", parameters, options.lr ?? 0.001);
    const { betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    betas.forEach((beta, i) => checkNumber("Adam", `betas[${i}]`, beta, 0, MOST_BETA));
    checkNumber("Adam", "eps", eps, 0);
    checkNumber("Adam", "weightDecay", weightDecay, 0);
    this.betas = [betas[0], betas[1]];
    this.eps = eps;
    this.weightDecay = weightDecay;
  }

  protected override begin(): void {
    this.#steps++;
  }

  protected override update(p: Tensor, g: Tensor): void {
    let moments = this.#moments.get(p);
    if (!moments) this.#moments.set(p, (moments = { m: this.state(p), v: this.state(p) }));
    const { m, v } = moments;
    const [beta1, beta2] = this.betas;
    const stepSize = this.lr / (1 - beta1 ** this.#steps);
    const scale = 1 / Math.sqrt(1 - beta2 ** this.#steps);
    kernels().adam(
      p.size, stepSize, 1 - beta1, beta2, 1 - beta2, scale, this.eps, this.weightDecay, g.ptr, m.ptr, v.ptr, p.ptr,
    );
  }
}

// The largest number below 1: at 1 the bias correction divides by zero.
const MOST_BETA = 1 - 2 ** -53;
