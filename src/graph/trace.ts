// From a model of layers to a graph: the model runs once, and its operations tell what they compute.

import type { Module } from "../layers/module.ts";
import { hold, scope } from "../scope.ts";
import { checkShape, describe, format } from "../shape.ts";
import { defaultLayout, type DType, empty, Tensor } from "../tensor.ts";
import { type Between, type TracedAttributes, type TracedInput, type Tracer, tracing } from "../trace.ts";
import type { Attribute, Constant, Graph, GraphNode } from "./graph.ts";
import { GraphError } from "./operator.ts";

/** The version of ONNX's operator set in which operations tell what they compute. */
export const TRACED_OPSET = 21;

/**
 * Traces a model for one input.
 *
 * @param op who asks, for messages
 * @param model in evaluation: what it does in training is no graph
 * @param input shape of the input, batch included; a name in the place of a length leaves it free, where the model allows it
 */
export function trace(op: string, model: Module, inputShape: readonly (number | string)[]): Graph {
  // A free length is traced as 1.
  const shape = inputShape.map((length) => (typeof length === "string" ? 1 : length));
  checkShape(op, shape);
  if (typeof model?.forward !== "function") throw new TypeError(`${op}: model must be a module, got ${describe(model)}`);
  const modes = new Map([...model.namedModules().values()].map((module) => [module, module.training]));
  model.eval();
  try {
    return scope(() => hold(() => {
      const names = parameterNames(model);
      const x = empty(shape, defaultLayout(shape));
      x.view().fill(0);
      const listener = new Listener(x, names);
      const y = tracing(listener, () => model.forward(x));
      if (!(y instanceof Tensor)) throw new TypeError(`${op}: forward must return a tensor, got ${describe(y)}`);
      return listener.graph(y, inputShape);
    }));
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

function parameterNames(model: Module): Map<Tensor<DType>, string> {
  const names = new Map<Tensor<DType>, string>();
  for (const [name, tensor] of model.stateDict()) if (!names.has(tensor)) names.set(tensor, name);
  return names;
}

class Listener implements Tracer {
  readonly #nodes: GraphNode[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #names = new Map<Tensor<DType> | Between, string>();
  /** What was computed from the input. */
  readonly #dependent = new Set<Tensor<DType> | Between>();
  readonly #parameters: ReadonlyMap<Tensor<DType>, string>;

  constructor(input: Tensor, parameters: ReadonlyMap<Tensor<DType>, string>) {
    this.#parameters = parameters;
    this.#names.set(input, "input");
    this.#dependent.add(input);
  }

  node(op: string, inputs: readonly TracedInput[], outputs: readonly (Tensor<DType> | Between)[], attributes: TracedAttributes): void {
    // What is made of constants alone is a constant.
    if (!inputs.some((x) => typeof x === "object" && this.#dependent.has(x as Tensor))) return;
    const name = `${op}_${this.#nodes.length}`;
    const node: GraphNode = {
      op, domain: "", name,
      inputs: inputs.map((x, i) => this.#nameOf(x, op, i)),
      outputs: outputs.map((_, i) => (i === 0 ? name : `${name}_${i}`)),
      attributes: new Map<string, Attribute>(Object.entries(attributes)),
    };
    while (node.inputs.at(-1) === "") (node.inputs as string[]).pop();
    this.#nodes.push(node);
    outputs.forEach((y, i) => {
      this.#names.set(y, node.outputs[i]!);
      this.#dependent.add(y);
    });
  }

  computed(y: Tensor<DType>, edges: readonly (readonly [Tensor<DType>, unknown])[]): void {
    if (edges.some(([x]) => this.#dependent.has(x))) this.#dependent.add(y);
  }

  graph(y: Tensor, inputShape: readonly (number | string)[]): Graph {
    const last = this.#nameOf(y, "the model's output", 0);
    const nodes = [...this.#nodes, { op: "Identity", domain: "", name: "output", inputs: [last], outputs: ["output"], attributes: new Map() }];
    const free = inputShape.length > 0 && typeof inputShape[0] === "string";
    return {
      name: "adjoint", opset: TRACED_OPSET, nodes,
      inputs: [{ name: "input", dtype: "float32", shape: inputShape }],
      outputs: [{ name: "output", dtype: "float32", shape: free ? [inputShape[0]!, ...y.shape.slice(1)] : y.shape }],
      constants: this.#constants,
    };
  }

  #nameOf(x: TracedInput, op: string, index: number): string {
    if (x === undefined) return "";
    if (typeof x === "number") return this.#constant({ dtype: "float32", shape: [], data: Float32Array.of(x) });
    if (Array.isArray(x)) return this.#constant({ dtype: "int64", shape: [x.length], data: Float64Array.from(x as number[]) });
    const value = x as Tensor<DType> | Between;
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    if ("between" in value || this.#dependent.has(value)) {
      throw new GraphError(`input ${index} of ${op} was computed by an operation that has no form in ONNX here (shape ${"shape" in value ? format(value.shape) : "?"})`);
    }
    const name = this.#parameters.get(value) ?? `constant_${this.#constants.size}`;
    const float = value.dtype === "float32";
    const constant: Constant = { dtype: float ? "float32" : "int64", shape: value.shape, data: float ? (value.data() as Float32Array) : Float64Array.from(value.data()) };
    this.#constants.set(name, constant);
    this.#names.set(value, name);
    return name;
  }

  #constant(constant: Constant): string {
    const name = `constant_${this.#constants.size}`;
    this.#constants.set(name, constant);
    return name;
  }
}
