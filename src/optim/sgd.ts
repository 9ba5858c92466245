import { kernels } from "../runtime/kernels.ts";
import { checkBoolean, checkNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Optimizer, type ParameterState } from "./optimizer.ts";

/** Options of `SGD`; the defaults are PyTorch's. */
export interface SGDOptions {
  /** Learning rate. */
  lr: number;
  /** Share of the previous step that goes into the next, default 0. */
  momentum?: number;
  /** Share of the gradient that is left out of all but the first step of a momentum, default 0. */
  dampening?: number;
  /** L2 penalty, added to the gradient, default 0. */
  weightDecay?: number;
  /** Looks one step of the momentum ahead; needs a momentum and no dampening. Default false. */
  nesterov?: boolean;
}

/**
 * Stochastic gradient descent, as PyTorch defines it: h = g + weightDecay p; v = momentum v + (1 - dampening) h, or v = h at the
 * first step; p -= lr v, or with `nesterov` p -= lr (h + momentum v).
 *
 * @throws RangeError if an option is negative or no number, or if `nesterov` has no momentum or meets a dampening
 * @example
 * const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true });
 */
export class SGD extends Optimizer {
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  #momentum = 0;

  constructor(parameters: Iterable<Tensor>, options: SGDOptions) {
    super("SGD", parameters, options?.lr, ["momentum_buffer"]);
    const { momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    checkNumber("SGD", "dampening", dampening, -Infinity);
    checkNumber("SGD", "weightDecay", weightDecay, 0);
    checkBoolean("SGD", "nesterov", nesterov);
    this.momentum = momentum;
    this.dampening = dampening;
    this.weightDecay = weightDecay;
    this.nesterov = nesterov;
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new RangeError(`SGD: nesterov needs a momentum and no dampening, got momentum ${momentum} and dampening ${dampening}`);
    }
  }

  /** May be changed between steps. @throws RangeError if it is negative or no number */
  get momentum(): number {
    return this.#momentum;
  }

  set momentum(value: number) {
    checkNumber("SGD", "momentum", value, 0);
    this.#momentum = value;
  }

  protected override prepare(p: Tensor, g: Tensor, state: ParameterState): () => void {
    const { momentum, dampening } = this;
    const share = state.buffers.size === 0 ? 1 : 1 - dampening;
    const v = momentum === 0 ? 0 : this.buffer(p, state, "momentum_buffer");
    return () => kernels().sgd(p.size, this.lr, momentum, share, this.weightDecay, this.nesterov, g.ptr, v, p.ptr);
  }
}
