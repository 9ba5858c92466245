import type { Tensor } from "../tensor.ts";
import { AdamBase, type AdamOptions } from "./adam.ts";
import type { ParameterState } from "./optimizer.ts";

/** Options of `AdamW`: those of `Adam`, with a `weightDecay` of 0.01 by default, which scales the weights themselves. */
export type AdamWOptions = AdamOptions;

/**
 * Adam with decoupled weight decay (Loshchilov, Hutter, 2019), as PyTorch defines it: p *= 1 - lr weightDecay, and then a step of
 * Adam whose moments know nothing of the decay.
 *
 * @throws RangeError if an option is out of its range
 * @example
 * const optimizer = new AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.05 });
 */
export class AdamW extends AdamBase {
  constructor(parameters: Iterable<Tensor>, options: AdamWOptions = {}) {
    super("AdamW", parameters, options, 0.01);
  }

  protected override prepare(p: Tensor, g: Tensor, state: ParameterState): () => void {
    return this.advance(p, g, state, 0, 1 - this.lr * this.weightDecay);
  }
}
