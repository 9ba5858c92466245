// From a model of layers to a graph: the model runs once, and its operations tell what they compute.

import type { Module } from "../layers/module.ts";
import { hold, scope } from "../scope.ts";
import { checkShape, describe, format } from "../shape.ts";
import { defaultLayout, type DType, empty, Tensor } from "../tensor.ts";
import { type Between, type TracedAttributes, type TracedInput, type Tracer, tracing, type TracedWindow } from "../trace.ts";
import type { Window } from "../window.ts";
import type { Attribute, Constant, Graph, GraphNode } from "./graph.ts";
import { GraphError } from "./operator.ts";
import { traceWindow } from "./tracedWindows.ts";

/** The version of ONNX's operator set in which operations tell what they compute. */
export const TRACED_OPSET = 21;

/**
 * Traces a model for one input, in evaluation: what it does in training is no graph.
 *
 * @param op who asks, for messages
 * @param inputShape shape of the input; a name in the place of the batch's length leaves it free
 */
export function traceModel(op: string, model: Module, inputShape: readonly (number | string)[]): Graph {
  if (typeof model?.forward !== "function") throw new TypeError(`${op}: model must be a module, got ${describe(model)}`);
  if (!Array.isArray(inputShape)) throw new TypeError(`${op}: input must be a shape, got ${describe(inputShape)}`);
  const named = inputShape.findIndex((length: number | string, axis: number) => axis > 0 && typeof length === "string");
  if (named > 0) {
    const shape = inputShape.join(", ");
    throw new TypeError(`${op}: only the batch's length may have a name, axis ${named} has "${inputShape[named]}" (input [${shape}])`);
  }
  // A free batch is traced as 1.
  const shape = inputShape.map((length: number | string) => (typeof length === "string" ? 1 : length));
  checkShape(op, shape);
  const modes = new Map([...model.namedModules().values()].map((module) => [module, module.training]));
  model.eval();
  try {
    return scope(() => {
      const x = empty(shape, defaultLayout(shape));
      x.view().fill(0);
      const graph = trace(op, () => model.forward(x), new Map([["input", x]]), model.stateDict());
      const [output] = graph.outputs;
      const free = (length: number, axis: number): number | string => (axis === 0 && typeof inputShape[0] === "string" ? inputShape[0] : length);
      return {
        ...graph,
        inputs: [{ ...graph.inputs[0]!, shape: inputShape }],
        outputs: [{ ...output!, shape: output!.shape!.map((length, axis) => free(length as number, axis)) }],
      };
    });
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

/**
 * Traces what `fn` makes of some tensors; other tensors that it reads become constants.
 *
 * @param names of tensors that become constants
 * @throws GraphError if an operation on the way has no form in ONNX here
 */
export function trace(op: string, fn: () => Tensor, inputs: ReadonlyMap<string, Tensor>, names: ReadonlyMap<string, Tensor<DType>> = new Map()): Graph {
  return scope(() => {
    const listener = new Listener(inputs, new Map([...names].reverse().map(([name, x]) => [x, name])));
    // Held: what is made on the way stays, so that no address is used twice.
    const y = hold(() => tracing(listener, fn));
    if (!(y instanceof Tensor)) throw new TypeError(`${op}: one tensor must be returned, got ${describe(y)}`);
    return listener.graph(y);
  });
}

// Names that a graph gives itself.
const taken = /^(input|output|constant_\d+|[A-Z][A-Za-z]*_\d+)$/;

class Listener implements Tracer {
  readonly #nodes: GraphNode[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #names = new Map<Tensor<DType> | Between, string>();
  /** What was computed from the input. */
  readonly #dependent = new Set<Tensor<DType> | Between>();
  /** Nodes that nothing has read yet, made of constants. */
  readonly #unread = new Map<Between, () => void>();
  readonly #parameters: ReadonlyMap<Tensor<DType>, string>;
  readonly #inputs: ReadonlyMap<string, Tensor>;

  constructor(inputs: ReadonlyMap<string, Tensor>, parameters: ReadonlyMap<Tensor<DType>, string>) {
    this.#inputs = inputs;
    this.#parameters = parameters;
    for (const [name, x] of inputs) {
      this.#names.set(x, name);
      this.#dependent.add(x);
    }
  }

  node(op: string, inputs: readonly TracedInput[], outputs: readonly (Tensor<DType> | Between)[], attributes: TracedAttributes): void {
    // What is made of constants alone is a constant; where there is no tensor of it, whoever reads it needs the node.
    if (!inputs.some((x) => typeof x === "object" && this.#dependent.has(x as Tensor))) {
      for (const y of outputs) if ("between" in y) this.#unread.set(y, () => this.#add(op, inputs, outputs, attributes));
      return;
    }
    this.#add(op, inputs, outputs, attributes);
    for (const y of outputs) this.#dependent.add(y);
  }

  window(kind: TracedWindow, y: Tensor<DType>, inputs: readonly TracedInput[], win: Window): void {
    traceWindow(kind, y, inputs, win);
  }

  #add(op: string, inputs: readonly TracedInput[], outputs: readonly (Tensor<DType> | Between)[], attributes: TracedAttributes): void {
    const inputNames = inputs.map((x, i) => this.#nameOf(x, op, i));
    while (inputNames.at(-1) === "") inputNames.pop();
    const name = `${op}_${this.#nodes.length}`;
    const node: GraphNode = {
      op, domain: "", name,
      inputs: inputNames,
      outputs: outputs.map((_, i) => (i === 0 ? name : `${name}_${i}`)),
      attributes: new Map<string, Attribute>(Object.entries(attributes)),
    };
    this.#nodes.push(node);
    outputs.forEach((y, i) => this.#names.set(y, node.outputs[i]!));
  }

  computed(y: Tensor<DType>, edges: readonly (readonly [Tensor<DType>, unknown])[]): void {
    if (edges.some(([x]) => this.#dependent.has(x))) this.#dependent.add(y);
  }

  graph(y: Tensor): Graph {
    const last = this.#nameOf(y, "the output", 0);
    return {
      name: "adjoint",
      opset: TRACED_OPSET,
      nodes: [...this.#nodes, { op: "Identity", domain: "", name: "output", inputs: [last], outputs: ["output"], attributes: new Map() }],
      inputs: [...this.#inputs].map(([name, x]) => ({ name, dtype: "float32", shape: x.shape })),
      outputs: [{ name: "output", dtype: y.dtype === "float32" ? "float32" : "int64", shape: y.shape }],
      constants: this.#constants,
    };
  }

  #nameOf(x: TracedInput, op: string, index: number): string {
    if (x === undefined) return "";
    if (typeof x === "number") return this.#constant({ dtype: "float32", shape: [], data: Float32Array.of(x) });
    if (Array.isArray(x)) return this.#constant({ dtype: "int64", shape: [x.length], data: Float64Array.from(x as number[]) });
    if (x instanceof Float32Array) return this.#constant({ dtype: "float32", shape: [x.length], data: x });
    if ("data" in x && x.data instanceof Float32Array) return this.#constant({ dtype: "float32", shape: x.shape as number[], data: x.data });
    const value = x as Tensor<DType> | Between;
    if ("between" in value && !this.#names.has(value)) this.#unread.get(value)?.();
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    if ("between" in value || this.#dependent.has(value) || this.#aliases(value)) {
      throw new GraphError(`input ${index} of ${op} was computed by an operation that has no form in ONNX here (shape ${"shape" in value ? format(value.shape) : "?"})`);
    }
    const parameter = this.#parameters.get(value);
    const name = parameter !== undefined && !taken.test(parameter) ? parameter : `constant_${this.#constants.size}`;
    const float = value.dtype === "float32";
    const constant: Constant = { dtype: float ? "float32" : "int64", shape: value.shape, data: float ? (value.data() as Float32Array) : Float64Array.from(value.data()) };
    this.#constants.set(name, constant);
    this.#names.set(value, name);
    return name;
  }

  // A view of something computed, of which no operation told.
  #aliases(x: Tensor<DType>): boolean {
    return x.shared && [...this.#dependent].some((y) => "ptr" in y && y.ptr === x.ptr);
  }

  #constant(constant: Constant): string {
    const name = `constant_${this.#constants.size}`;
    this.#constants.set(name, constant);
    return name;
  }
}
