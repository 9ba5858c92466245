import { kernels } from "../runtime/kernels.ts";
import { checkNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Optimizer } from "./optimizer.ts";

/** Options of `SGD`. */
export interface SGDOptions {
  /** Learning rate. */
  lr: number;
  /** Share of the previous step that goes into the next, default 0. */
  momentum?: number;
  /** L2 penalty, added to the gradient, default 0. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent, as PyTorch defines it: v = momentum v + g + weightDecay p; p -= lr v.
 *
 * @throws RangeError if an option is negative or no number
 * @example
 * const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 */
export class SGD extends Optimizer {
  readonly momentum: number;
  readonly weightDecay: number;
  readonly #velocities = new Map<Tensor, Tensor>();

  constructor(parameters: Iterable<Tensor>, options: SGDOptions) {
    super("SGD", parameters, options?.lr);
    const { momentum = 0, weightDecay = 0 } = options;
    checkNumber("SGD", "momentum", momentum, 0);
    checkNumber("SGD", "weightDecay", weightDecay, 0);
    this.momentum = momentum;
    this.weightDecay = weightDecay;
  }

  protected override update(p: Tensor, g: Tensor): void {
    let v = this.#velocities.get(p);
    if (!v && this.momentum > 0) this.#velocities.set(p, (v = this.state(p)));
    kernels().sgd(p.size, this.lr, this.momentum, this.weightDecay, g.ptr, v?.ptr ?? 0, p.ptr);
  }
}
