import { discard, keep } from "../scope.ts";
import { checkNumber, describe, format, sameShape, ShapeError } from "../shape.ts";
import type { Gradients } from "../tape.ts";
import { Tensor, toLayout, zeros } from "../tensor.ts";

/** Base of the optimisers: the parameters, the learning rate, and the walk over the gradients. */
export abstract class Optimizer {
  readonly #name: string;
  readonly #parameters: readonly Tensor[];
  #lr = 0;

  protected constructor(name: string, parameters: Iterable<Tensor>, lr: number) {
    this.#name = name;
    this.#parameters = [...new Set(parameters)];
    if (this.#parameters.length === 0) throw new RangeError(`${name}: there are no parameters to optimise`);
    for (const parameter of this.#parameters) {
      if (!(parameter instanceof Tensor)) throw new TypeError(`${name}: parameters must be tensors, got ${describe(parameter)}`);
    }
    this.lr = lr;
  }

  /** Learning rate; may be changed between steps. @throws RangeError if it is negative or no number */
  get lr(): number {
    return this.#lr;
  }

  set lr(value: number) {
    checkNumber(this.#name, "lr", value, 0);
    this.#lr = value;
  }

  /**
   * Updates the parameters in place and frees the gradients: they are consumed. Parameters without a gradient stay as they are.
   *
   * @param grads from `gradients`
   * @throws TypeError if it is no map; ShapeError if a gradient has not its parameter's shape; nothing is changed then
   */
  step(grads: Gradients): void {
    if (!(grads instanceof Map)) throw new TypeError(`${this.#name}.step: grads must be the map that gradients returns, got ${describe(grads)}`);
    const pairs: [Tensor, Tensor][] = [];
    for (const parameter of this.#parameters) {
      const g = grads.get(parameter);
      if (!g) continue;
      if (!sameShape(g.shape, parameter.shape)) {
        throw new ShapeError(`${this.#name}.step: gradient has shape ${format(g.shape)}, its parameter ${format(parameter.shape)}`);
      }
      pairs.push([parameter, g]);
    }
    this.begin();
    for (const [parameter, g] of pairs) {
      const aligned = toLayout(g, parameter.layout);
      this.update(parameter, aligned);
      aligned.dispose();
    }
    for (const g of grads.values()) discard(g);
  }

  /** Called once per step, before the updates. */
  protected begin(): void {}

  /** Updates one parameter from its gradient, which lies in memory as the parameter does. */
  protected abstract update(parameter: Tensor, g: Tensor): void;

  /** As many zeros as `parameter` has elements, in a tensor that outlives the step. */
  protected state(parameter: Tensor): Tensor {
    return keep(zeros([parameter.size]));
  }
}
