import { scope } from "../scope.ts";
import { checkBoolean, describe, format, sameShape, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, type DType, type Tensor, toLayout } from "../tensor.ts";
import { kernels } from "../runtime/kernels.ts";
import { Buffer } from "./buffer.ts";
import { Parameter } from "./parameter.ts";
import { type Summary, summarise } from "./summary.ts";

/** What a state dictionary and a module do not share. */
export interface LoadResult {
  /** Names that the module has and the dictionary lacks. */
  missing: string[];
  /** Names that the dictionary has and the module lacks. */
  unexpected: string[];
}

/**
 * Base of all layers and of models made of them. A module's parameters, buffers and sub-modules are simply its fields, found by
 * name (arrays of modules too), so models are written by composition:
 *
 * @example
 * class Residual extends Module {
 *   conv1 = new Conv2d(16, 16, 3, { padding: 1 });
 *   conv2 = new Conv2d(16, 16, 3, { padding: 1 });
 *   forward(x: Tensor): Tensor {
 *     return relu(add(x, this.conv2.forward(relu(this.conv1.forward(x)))));
 *   }
 * }
 */
export abstract class Module {
  /** True in training, where dropout drops and batch normalisation takes the batch's own statistics. Set by `train` and `eval`. */
  training: boolean = true;

  /** Computes the module's output. */
  abstract forward(x: Tensor): Tensor;

  /** Sets this module and all below it to training (or, with false, to evaluation), and returns it. */
  train(mode: boolean = true): this {
    checkBoolean("train", "mode", mode);
    return this.apply((module) => (module.training = mode));
  }

  /** Sets this module and all below it to evaluation, and returns it: no dropout, running statistics. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Calls `fn` with every module below this one, inner ones first, then with itself, and returns it.
   *
   * @example
   * model.apply((module) => module instanceof Conv2d && module.bias?.view().fill(0));
   */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children().values()) child.apply(fn);
    fn(this);
    return this;
  }

  /** The direct sub-modules by field name; elements of arrays as `field.0`. */
  children(): Map<string, Module> {
    const children = new Map<string, Module>();
    for (const [field, value] of Object.entries(this)) {
      if (value instanceof Module) children.set(field, value);
      else if (Array.isArray(value)) value.forEach((item, i) => item instanceof Module && children.set(`${field}.${i}`, item));
    }
    return children;
  }

  /** This module under "" and all below it by their path of field names, outer ones first. Shared ones appear once. */
  namedModules(): Map<string, Module> {
    const paths = new Map<Module, string>();
    const visit = (module: Module, path: string): void => {
      if (paths.has(module)) return;
      paths.set(module, path);
      for (const [name, child] of module.children()) visit(child, path ? `${path}.${name}` : name);
    };
    visit(this, "");
    return new Map([...paths].map(([module, path]) => [path, module]));
  }

  /** All parameters by their path of field names, as in PyTorch: `features.0.weight`. Shared ones appear once. */
  namedParameters(): Map<string, Parameter> {
    return unique(this.stateDict(), Parameter);
  }

  /** All parameters, each once: what `gradients` and optimisers take. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** All buffers by name: running statistics and their like. Shared ones appear once. */
  namedBuffers(): Map<string, Buffer<"float32" | "int32">> {
    return unique(this.stateDict(), Buffer);
  }

  /**
   * What must be saved to restore the module: parameters and buffers, by name and in order as in PyTorch. The tensors are the
   * module's own, not copies.
   *
   * A name is the path of field names, exactly as they are written: to read a PyTorch file, name the fields as the model there
   * does (`layer1`, `conv_stem`). Only a buffer may have another name than its field: the layers' `runningMean`, `runningVar` and
   * `numBatchesTracked` are `running_mean`, `running_var` and `num_batches_tracked`.
   */
  stateDict(): Map<string, Tensor<DType>> {
    const state = new Map<string, Tensor<DType>>();
    const visit = (module: Module, prefix: string): void => {
      const fields = Object.entries(module);
      for (const [field, value] of fields) if (value instanceof Parameter) state.set(prefix + field, value);
      for (const [field, value] of fields) if (value instanceof Buffer) state.set(prefix + (value.stateName ?? field), value);
      for (const [name, child] of module.children()) visit(child, `${prefix}${name}.`);
    };
    visit(this, "");
    return state;
  }

  /**
   * Copies values into the module's parameters and buffers. Nothing is changed unless everything fits.
   *
   * @param state tensors by name, as `stateDict` gives them. `num_batches_tracked` may be missing, as PyTorch allows: older files
   *   have none.
   * @param options `strict`: refuse missing and unexpected names, default true; otherwise what both have is copied
   * @returns the names that are missing or unexpected
   * @throws ShapeError if a shape differs, or with `strict` a name is missing or unexpected; TypeError if a dtype differs
   * @example
   * model.loadStateDict(fromSafetensors(bytes));
   */
  loadStateDict(state: ReadonlyMap<string, Tensor<DType>>, { strict = true }: { strict?: boolean } = {}): LoadResult {
    if (!(state instanceof Map)) throw new TypeError(`loadStateDict: state must be a map of tensors by name, got ${describe(state)}`);
    checkBoolean("loadStateDict", "strict", strict);
    const own = this.stateDict();
    const missing = [...own.keys()].filter((name) => !state.has(name));
    const unexpected = [...state.keys()].filter((name) => !own.has(name));
    const needed = missing.filter((name) => !/(^|\.)num_batches_tracked$/.test(name));
    if (strict && needed.length > 0) throw new ShapeError(`loadStateDict: missing ${needed.join(", ")}`);
    if (strict && unexpected.length > 0) throw new ShapeError(`loadStateDict: unexpected ${unexpected.join(", ")}`);
    const shared = [...own].filter(([name]) => state.has(name)).map(([name, target]) => [name, state.get(name)!, target] as const);
    for (const [name, source, target] of shared) {
      checkTensor("loadStateDict", name, source, target.dtype);
      if (!sameShape(source.shape, target.shape)) {
        throw new ShapeError(`loadStateDict: ${name} has shape ${format(source.shape)}, the module expects ${format(target.shape)}`);
      }
    }
    scope(() => {
      // All memory is taken before anything is changed.
      const copies = shared.map(([, source, target]) => [target.size, toLayout(source, target.layout).ptr, target.ptr] as const);
      for (const copy of copies) kernels().copy(...copy);
    });
    return { missing, unexpected };
  }

  /**
   * Describes the layers for an input of the given shape, batch included: output shapes and numbers of parameters. Computes
   * shapes only; no memory is taken for weights or maps.
   *
   * @throws ShapeError as the layers themselves would
   * @example
   * console.log(String(model.summary([1, 1, 28, 28])));
   */
  summary(inputShape: Shape): Summary {
    return summarise(this, inputShape);
  }

  /** Frees the parameters and buffers. The garbage collector does it too, later. */
  dispose(): void {
    for (const tensor of this.stateDict().values()) tensor.dispose();
  }
}

/** The tensors of one class, each under the first of its names. */
function unique<T extends Tensor<DType>>(
  state: ReadonlyMap<string, Tensor<DType>>, kind: abstract new (...args: never[]) => T,
): Map<string, T> {
  const seen = new Set<Tensor<DType>>();
  const all = [...state].filter((entry): entry is [string, T] => {
    const [, tensor] = entry;
    const first = tensor instanceof kind && !seen.has(tensor);
    seen.add(tensor);
    return first;
  });
  return new Map(all);
}

/** Modules applied one after the other; the state dictionary names them by number. */
export class Sequential extends Module {
  readonly modules: readonly Module[];

  constructor(...modules: Module[]) {
    super();
    modules.forEach((module, i) => {
      if (!(module instanceof Module)) throw new TypeError(`Sequential: modules[${i}] must be a module, got ${describe(module)}`);
    });
    this.modules = modules;
  }

  override children(): Map<string, Module> {
    return new Map(this.modules.map((module, i) => [String(i), module]));
  }

  /** Outside of `gradients`, what the modules make in between is freed; `keep` a tensor to look at it later. */
  forward(x: Tensor): Tensor {
    return scope(() => this.modules.reduce((y, module) => module.forward(y), x));
  }
}
