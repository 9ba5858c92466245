import { kernels } from "../runtime/kernels.ts";
import { discard, keep, scope } from "../scope.ts";
import { checkNumber, describe, format, sameShape, ShapeError } from "../shape.ts";
import type { Gradients } from "../tape.ts";
import { checkTensor, empty, full, Tensor, toLayout } from "../tensor.ts";

/** What an optimiser remembers of one parameter: the steps it took, and running sums that lie in memory as the parameter does. */
export interface ParameterState {
  steps: number;
  readonly buffers: Map<string, Tensor>;
}

/** Base of the optimisers: the parameters, the learning rate, what is remembered of each, and the walk over the gradients. */
export abstract class Optimizer {
  readonly #name: string;
  readonly #parameters: readonly Tensor[];
  readonly #bufferNames: readonly string[];
  readonly #states = new Map<Tensor, ParameterState>();
  #lr = 0;

  /** @param bufferNames PyTorch's names of the buffers that `update` asks for */
  protected constructor(name: string, parameters: Iterable<Tensor>, lr: number, bufferNames: readonly string[]) {
    this.#name = name;
    this.#parameters = [...new Set(parameters)];
    this.#bufferNames = bufferNames;
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
   * @throws TypeError if it is no map; ShapeError if a gradient has not its parameter's shape; RangeError if there is no memory for
   *   what must be remembered; nothing is changed then
   */
  step(grads: Gradients): void {
    if (!(grads instanceof Map)) {
      throw new TypeError(`${this.#name}.step: grads must be the map that gradients returns, got ${describe(grads)}`);
    }
    const pairs: [Tensor, Tensor][] = [];
    for (const parameter of this.#parameters) {
      const g = grads.get(parameter);
      if (!g) continue;
      if (!sameShape(g.shape, parameter.shape)) {
        throw new ShapeError(`${this.#name}.step: gradient has shape ${format(g.shape)}, its parameter ${format(parameter.shape)}`);
      }
      pairs.push([parameter, g]);
    }
    scope(() => {
      const next = pairs.map(([parameter, g]) => {
        const last = this.#states.get(parameter);
        const state = { steps: (last?.steps ?? 0) + 1, buffers: new Map(last?.buffers) };
        return { parameter, state, update: this.prepare(parameter, toLayout(g, parameter.layout), state) };
      });
      // All memory is there: from here on nothing fails.
      for (const { parameter, state, update } of next) {
        this.#remember(parameter, state);
        update();
      }
    });
    for (const g of grads.values()) discard(g);
  }

  /**
   * What must be saved to go on later where the optimiser is now, by PyTorch's names: `0.step` and, for instance,
   * `0.exp_avg` for the first parameter. Options and learning rate are not in it. The buffers are the optimiser's own, not
   * copies.
   *
   * @example
   * const bytes = toSafetensors(optimizer.stateDict());
   */
  stateDict(): Map<string, Tensor> {
    const named = new Map<string, Tensor>();
    this.#parameters.forEach((parameter, i) => {
      const state = this.#states.get(parameter);
      if (!state) return;
      named.set(`${i}.step`, full([], state.steps));
      for (const [name, buffer] of state.buffers) named.set(`${i}.${name}`, buffer);
    });
    return named;
  }

  /**
   * Goes on from a saved state, of an optimiser of the same kind over parameters of the same shapes in the same order. Nothing
   * is changed unless everything fits.
   *
   * @param state tensors by name, as `stateDict` gives them
   * @throws ShapeError if a name is unknown, `step` is missing, or a shape differs
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const op = `${this.#name}.loadStateDict`;
    const loaded = this.#parameters.map((parameter, i) => {
      const names = this.#bufferNames.filter((name) => state.has(`${i}.${name}`));
      for (const name of names) {
        const buffer = state.get(`${i}.${name}`);
        checkTensor(op, `${i}.${name}`, buffer);
        if (!sameShape(buffer!.shape, parameter.shape)) {
          throw new ShapeError(`${op}: ${i}.${name} has shape ${format(buffer!.shape)}, its parameter ${format(parameter.shape)}`);
        }
      }
      const step = state.get(`${i}.step`);
      if (!step && names.length > 0) throw new ShapeError(`${op}: missing ${i}.step`);
      if (step) checkTensor(op, `${i}.step`, step);
      return { parameter, names, steps: step?.item() };
    });
    const known = new Set(loaded.flatMap(({ names }, i) => ["step", ...names].map((name) => `${i}.${name}`)));
    const unknown = [...state.keys()].filter((name) => !known.has(name));
    if (unknown.length > 0) throw new ShapeError(`${op}: unknown ${unknown.join(", ")}`);
    const states = scope(() => loaded.map(({ parameter, names, steps }, i): [Tensor, ParameterState | undefined] => {
      if (steps === undefined) return [parameter, undefined];
      // Copied before anything is freed: the state may be this optimiser's own.
      return [parameter, { steps, buffers: new Map(names.map((name) => [name, copyOf(state.get(`${i}.${name}`)!, parameter)])) }];
    }));
    this.dispose();
    for (const [parameter, one] of states) if (one) this.#remember(parameter, one);
  }

  /**
   * Frees what is remembered of the parameters, not the parameters: a further step starts afresh. The garbage collector does it
   * too, later.
   */
  dispose(): void {
    for (const { buffers } of this.#states.values()) for (const buffer of buffers.values()) buffer.dispose();
    this.#states.clear();
  }

  #remember(parameter: Tensor, state: ParameterState): void {
    for (const buffer of state.buffers.values()) keep(buffer);
    this.#states.set(parameter, state);
  }

  /**
   * Takes the memory for the next step of one parameter.
   *
   * @param g its gradient, which lies in memory as the parameter does
   * @param state what is remembered after the step, which is counted already
   * @returns what makes the step
   */
  protected abstract prepare(parameter: Tensor, g: Tensor, state: ParameterState): () => void;

  /** Address of a buffer of as many elements as `parameter`, which outlives the step; zeros at first. */
  protected buffer(parameter: Tensor, state: ParameterState, name: string): number {
    let buffer = state.buffers.get(name);
    if (!buffer) {
      state.buffers.set(name, (buffer = empty(parameter.shape, parameter.layout)));
      kernels().fill(buffer.size, 0, buffer.ptr);
    }
    return buffer.ptr;
  }
}

function copyOf(x: Tensor, parameter: Tensor): Tensor {
  const from = toLayout(x, parameter.layout);
  const y = empty(parameter.shape, parameter.layout);
  kernels().copy(y.size, from.ptr, y.ptr);
  from.dispose();
  return y;
}
