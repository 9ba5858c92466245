import { kernels } from "../runtime/kernels.ts";
import { checkBoolean, checkNumber, checkOptions, describe } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Optimizer, type ParameterState } from "./optimizer.ts";

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
  /** Divides by the largest running mean so far instead of the last one (AMSGrad), default false. */
  amsgrad?: boolean;
}

/** What Adam and AdamW share: the moments. They differ in where the decay of the weights goes. */
export abstract class AdamBase extends Optimizer {
  readonly eps: number;
  readonly weightDecay: number;
  readonly amsgrad: boolean;
  readonly #name: string;
  #betas: readonly [number, number] = [0, 0];

  protected constructor(name: string, parameters: Iterable<Tensor>, options: AdamOptions, defaultDecay: number) {
    checkOptions(name, options);
    super(name, parameters, options.lr ?? 0.001, ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]);
    const { betas = [0.9, 0.999], eps = 1e-8, weightDecay = defaultDecay, amsgrad = false } = options;
    checkNumber(name, "eps", eps, 0);
    checkNumber(name, "weightDecay", weightDecay, 0);
    checkBoolean(name, "amsgrad", amsgrad);
    this.#name = name;
    this.betas = betas;
    this.eps = eps;
    this.weightDecay = weightDecay;
    this.amsgrad = amsgrad;
  }

  /** May be changed between steps. @throws RangeError if one is not from 0 to below 1 */
  get betas(): readonly [number, number] {
    return this.#betas;
  }

  set betas(value: readonly [number, number]) {
    if (!Array.isArray(value)) throw new TypeError(`${this.#name}: betas must be a list of 2 numbers, got ${describe(value)}`);
    for (const i of [0, 1] as const) checkNumber(this.#name, `betas[${i}]`, value[i], 0, MOST_BETA);
    this.#betas = [value[0], value[1]];
  }

  /** One step with a penalty that goes into the gradient, and a factor for the weights themselves. */
  protected advance(p: Tensor, g: Tensor, state: ParameterState, penalty: number, shrink: number): () => void {
    const [beta1, beta2] = this.betas;
    const stepSize = this.lr / (1 - beta1 ** state.steps);
    const scale = 1 / Math.sqrt(1 - beta2 ** state.steps);
    const m = this.buffer(p, state, "exp_avg"), v = this.buffer(p, state, "exp_avg_sq");
    const top = this.amsgrad ? this.buffer(p, state, "max_exp_avg_sq") : 0;
    return () => kernels().adam(p.size, stepSize, 1 - beta1, beta2, 1 - beta2, scale, this.eps, penalty, shrink, g.ptr, m, v, top, p.ptr);
  }
}

/**
 * Adam (Kingma, Ba, 2015), as PyTorch defines it: p -= lr m^ / (sqrt(v^) + eps), with m^, v^ the bias-corrected running means of
 * the gradient and of its square.
 *
 * @throws RangeError if an option is out of its range
 * @example
 * const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
 */
export class Adam extends AdamBase {
  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    super("Adam", parameters, options, 0);
  }

  protected override prepare(p: Tensor, g: Tensor, state: ParameterState): () => void {
    return this.advance(p, g, state, this.weightDecay, 1);
  }
}

// The largest number below 1: at 1 the bias correction divides by zero.
const MOST_BETA = 1 - 2 ** -53;
