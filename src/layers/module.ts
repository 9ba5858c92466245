import { scope } from "../scope.ts";
import { describe, format, sameShape, type Shape, ShapeError } from "../shape.ts";
import { type Tensor, toLayout } from "../tensor.ts";
import { kernels } from "../runtime/kernels.ts";
import { Parameter } from "./parameter.ts";
import { type Summary, summarise } from "./summary.ts";

/**
 * Base of all layers and of models made of them. A module's parameters and sub-modules are simply its fields, found by name
 * (arrays of modules too), so models are written by composition:
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
  /** Computes the module's output. */
  abstract forward(x: Tensor): Tensor;

  /** The direct sub-modules by field name; elements of arrays as `field.0`. */
  children(): Map<string, Module> {
    const children = new Map<string, Module>();
    for (const [field, value] of Object.entries(this)) {
      if (value instanceof Module) children.set(field, value);
      else if (Array.isArray(value)) value.forEach((item, i) => item instanceof Module && children.set(`${field}.${i}`, item));
    }
    return children;
  }

  /** All parameters by their path of field names, as in PyTorch: `features.0.weight`. Shared ones appear once. */
  namedParameters(): Map<string, Parameter> {
    const named = new Map<string, Parameter>();
    const seen = new Set<Parameter>();
    const visit = (module: Module, prefix: string): void => {
      for (const [field, value] of Object.entries(module)) {
        if (value instanceof Parameter && !seen.has(value)) {
          seen.add(value);
          named.set(prefix + field, value);
        }
      }
      for (const [name, child] of module.children()) visit(child, `${prefix}${name}.`);
    };
    visit(this, "");
    return named;
  }

  /** All parameters, each once: what `gradients` and optimisers take. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** What must be saved to restore the module, by PyTorch's names. The tensors are the module's own, not copies. */
  stateDict(): Map<string, Tensor> {
    return this.namedParameters();
  }

  /**
   * Copies values into the module's parameters. Nothing is changed unless everything fits.
   *
   * @param state tensors by name, as `stateDict` gives them
   * @throws ShapeError if a name is missing or unknown, or a shape differs
   * @example
   * model.loadStateDict(fromSafetensors(bytes));
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const own = this.stateDict();
    const missing = [...own.keys()].filter((name) => !state.has(name));
    const unknown = [...state.keys()].filter((name) => !own.has(name));
    if (missing.length > 0) throw new ShapeError(`loadStateDict: missing ${missing.join(", ")}`);
    if (unknown.length > 0) throw new ShapeError(`loadStateDict: unknown ${unknown.join(", ")}`);
    for (const [name, target] of own) {
      const { shape } = state.get(name)!;
      if (!sameShape(shape, target.shape)) {
        throw new ShapeError(`loadStateDict: ${name} has shape ${format(shape)}, the module expects ${format(target.shape)}`);
      }
    }
    for (const [name, target] of own) {
      const source = toLayout(state.get(name)!, target.layout);
      kernels().copy(target.size, source.ptr, target.ptr);
      source.dispose();
    }
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

  /** Frees the parameters. The garbage collector does it too, later. */
  dispose(): void {
    for (const parameter of this.parameters()) parameter.dispose();
  }
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
