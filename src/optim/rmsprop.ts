import { kernels } from "../runtime/kernels.ts";
import { checkBoolean, checkNumber, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Optimizer, type ParameterState } from "./optimizer.ts";

/** Options of `RMSprop`; the defaults are PyTorch's. */
export interface RMSpropOptions {
  /** Learning rate, default 0.01. */
  lr?: number;
  /** Decay of the running mean of the gradient's square, default 0.99. */
  alpha?: number;
  /** Added to the denominator, default 1e-8. */
  eps?: number;
  /** L2 penalty, added to the gradient, default 0. */
  weightDecay?: number;
  /** Share of the previous step that goes into the next, default 0. */
  momentum?: number;
  /** Divides by the estimated variance of the gradient instead of its square, default false. */
  centered?: boolean;
}

/**
 * RMSprop, as PyTorch defines it: h = g + weightDecay p; v = alpha v + (1 - alpha) h^2; p -= lr h / (sqrt(v) + eps). With a
 * momentum, b = momentum b + h / (sqrt(v) + eps); p -= lr b.
 *
 * @throws RangeError if an option is out of its range
 * @example
 * const optimizer = new RMSprop(model.parameters(), { lr: 1e-3, momentum: 0.9 });
 */
export class RMSprop extends Optimizer {
  readonly alpha: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly centered: boolean;
  #momentum = 0;

  constructor(parameters: Iterable<Tensor>, options: RMSpropOptions = {}) {
    checkOptions("RMSprop", options);
    super("RMSprop", parameters, options.lr ?? 0.01, ["square_avg", "grad_avg", "momentum_buffer"]);
    const { alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false } = options;
    checkNumber("RMSprop", "alpha", alpha, 0);
    checkNumber("RMSprop", "eps", eps, 0);
    checkNumber("RMSprop", "weightDecay", weightDecay, 0);
    checkBoolean("RMSprop", "centered", centered);
    this.momentum = momentum;
    this.alpha = alpha;
    this.eps = eps;
    this.weightDecay = weightDecay;
    this.centered = centered;
  }

  /** May be changed between steps. @throws RangeError if it is negative or no number */
  get momentum(): number {
    return this.#momentum;
  }

  set momentum(value: number) {
    checkNumber("RMSprop", "momentum", value, 0);
    this.#momentum = value;
  }

  protected override prepare(p: Tensor, g: Tensor, state: ParameterState): () => void {
    const { alpha, momentum } = this;
    const v = this.buffer(p, state, "square_avg");
    const mean = this.centered ? this.buffer(p, state, "grad_avg") : 0;
    const b = momentum === 0 ? 0 : this.buffer(p, state, "momentum_buffer");
    return () => kernels().rmsprop(p.size, this.lr, alpha, 1 - alpha, this.eps, momentum, this.weightDecay, g.ptr, v, mean, b, p.ptr);
  }
}
