// A plan: the kernel calls of a graph for inputs of given shapes, in one arena. Nodes whose shapes or calls depend on what a run
// computes, and those behind them, are not planned: a run computes them as they come.

import { type Captured, captured, callsNoted, overwriting, uncaptured, Unplanned } from "../runtime/capture.ts";
import { kernels } from "../runtime/kernels.ts";
import { keep, scope, unheld } from "../scope.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { borrowed, type DType, empty, type Layout, type Tensor, tensor, toLayout } from "../tensor.ts";
import type { ElementType, Graph, GraphNode } from "./graph.ts";
import { compute, type Operators } from "./operator.ts";
import { isFloat, Value } from "./value.ts";
import type { Weights } from "./weights.ts";

/** What is known of an input before it is fed. */
export interface Feed {
  readonly dtype: ElementType;
  readonly shape: Shape;
  readonly layout: Layout;
}

/** Time of one node in one run. */
export interface NodeProfile {
  /** The node's name, or its first output's where it has none. */
  name: string;
  op: string;
  outputShapes: readonly Shape[];
  ms: number;
  /** 10^9 floating-point operations per second, a multiply-add counting twice; 0 where the operator is not made of products. */
  gflops: number;
}

/** Where in the arena a run leaves a value. */
interface Place {
  readonly dtype: ElementType;
  readonly type: DType;
  readonly ptr: number;
  readonly shape: Shape;
  readonly layout: Layout;
}

/** A planned node and its share of the calls, from the first to before the last. */
export interface PlannedNode {
  readonly node: GraphNode;
  readonly first: number;
  readonly last: number;
  readonly inputShapes: readonly (Shape | undefined)[];
  readonly outputShapes: readonly Shape[];
}

// Elementwise operators whose first kernel call reads all operands: the result may lie where one lay that nobody reads any more.
const inPlace = new Set([
  "Abs", "Add", "Ceil", "Clip", "Div", "Elu", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Max", "Min",
  "Mul", "Neg", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Softplus", "Sqrt", "Sub", "Tanh",
]);

/** Everything that is made once for inputs of given shapes and kinds. */
export class Plan {
  readonly nodes: PlannedNode[] = [];
  /** Nodes that a run computes as they come. */
  readonly late: Set<GraphNode> = new Set();
  readonly #graph: Graph;
  readonly #operators: Operators;
  readonly #weights: Weights;
  readonly #captured: Captured;
  /** What is known of the values that are read behind the plan: by the late nodes and by the caller. */
  readonly #places: ReadonlyMap<string, Place | Value>;
  readonly #folded = new Map<GraphNode, Value[]>();
  /** What nodes made that is the same in every run: calls may read it where it lies. */
  readonly #known = new Set<Value>();
  readonly #views = new Map<string, Tensor<DType>>();
  #disposed = false;

  /**
   * @param plain the outputs lie in row-major order; otherwise as their operators leave them
   * @throws GraphError if a node's operator refuses its inputs
   */
  constructor(graph: Graph, operators: Operators, weights: Weights, feeds: ReadonlyMap<string, Feed>, plain: boolean) {
    this.#graph = graph;
    this.#operators = operators;
    this.#weights = weights;
    try {
      // What is captured lies on no heap: a scope around, which an open tape leaves it to, could not free it.
      const { captured: calls, result } = captured(() => unheld(() => scope(() => this.#walk(feeds, plain))), weights);
      this.#captured = calls;
      this.#places = result;
    } catch (error) {
      this.#releaseKnown();
      throw error;
    }
    // What went into a prepared form, or shaped the plan, is not needed any more.
    const kept = new Set(this.#places.values());
    for (const value of this.#known) if (!kept.has(value) && !this.reads(value)) value.dispose();
  }

  /** Bytes in which everything lies that a run computes. */
  get arenaBytes(): number {
    return this.#captured.arenaBytes;
  }

  /** True if a run reads the value's tensor where it lies now. */
  reads(value: Value): boolean {
    return value.held !== undefined && this.#captured.reads(value.held.ptr, Math.max(1, value.held.size * 4));
  }

  /** The memory of a planned float input or output. @throws Error after `dispose` */
  view(name: string): Tensor<DType> {
    this.#checkAlive();
    const made = this.#views.get(name);
    if (made) return made;
    const place = this.#places.get(name)!;
    const view = place instanceof Value ? keep(place.tensor().alias()) : keep(borrowed(place.ptr, place.shape, place.layout, place.type));
    this.#views.set(name, view);
    return view;
  }

  /** Makes all planned calls. @throws Error after `dispose`: the memory belongs to others then */
  execute(): void {
    this.#checkAlive();
    for (const call of this.#captured.calls) call();
  }

  /** Makes all planned calls, and measures each node's. */
  profile(): NodeProfile[] {
    return this.nodes.filter(({ first, last }) => last > first).map((planned) => {
      const start = performance.now();
      for (let i = planned.first; i < planned.last; i++) this.#captured.calls[i]!();
      const ms = performance.now() - start;
      const { node, outputShapes } = planned;
      return { name: node.name || node.outputs[0]!, op: node.op, outputShapes, ms, gflops: flops(planned) / ms / 1e6 };
    });
  }

  /** Computes what is not planned, and copies the graph's outputs out; the caller owns them. */
  finish(fed: ReadonlyMap<string, Value>): Tensor<DType>[] {
    const values = new Map(fed);
    try {
      return scope(() => {
        for (const [name, place] of this.#places) {
          values.set(name, place instanceof Value ? place : Value.of(borrowed(place.ptr, place.shape, place.layout, place.type), place.dtype));
        }
        for (const node of this.late) {
          const inputs = node.inputs.map((name) => (name === "" ? undefined : values.get(name) ?? this.#weights.values.get(name)!));
          this.#compute(node, inputs).forEach((value, i) => values.set(node.outputs[i]!, value));
        }
        return this.#graph.outputs.map(({ name }) => copyOut(values.get(name) ?? this.#weights.values.get(name)!));
      });
    } finally {
      // Numbers of this run that were asked for as tensors belong to no scope.
      const lasting = new Set<Value | Place>([...this.#places.values(), ...this.#weights.values.values()]);
      for (const value of values.values()) if (!lasting.has(value)) value.dispose();
    }
  }

  dispose(): void {
    this.#disposed = true;
    for (const view of this.#views.values()) view.dispose();
    this.#captured.dispose();
    this.#releaseKnown();
  }

  #checkAlive(): void {
    if (this.#disposed) throw new Error("the session's memory is used after it was disposed");
  }

  #releaseKnown(): void {
    for (const value of this.#known) this.#weights.release(value);
  }

  // The program that is captured.
  #walk(feeds: ReadonlyMap<string, Feed>, plain: boolean): Map<string, Place | Value> {
    this.nodes.length = 0;
    const readers = this.#countReaders();
    const uses = new Map<Value, number>();
    const values = new Map<string, Value>();
    const set = (name: string, value: Value, more = 0): void => {
      values.set(name, value);
      uses.set(value, (uses.get(value) ?? 0) + (readers.get(name) ?? 0) + more);
    };
    for (const [name, value] of this.#weights.values) set(name, value, 1);
    // An input stays as it was fed: a caller who feeds it once may run many times.
    for (const [name, { dtype, shape, layout }] of feeds) set(name, isFloat(dtype) ? Value.of(empty(shape, layout), dtype) : Value.fed(dtype, shape), 1);

    for (const node of this.#graph.nodes) {
      // What was computed early is fed.
      if (node.outputs.length > 0 && node.outputs.every((name) => name === "" || feeds.has(name))) continue;
      const inputs = node.inputs.map((name) => (name === "" ? undefined : values.get(name)));
      const first = callsNoted();
      const outputs = inputs.some((value, i) => !value && node.inputs[i] !== "") || this.late.has(node) ? undefined : this.#plan(node, inputs, uses);
      if (!outputs) {
        this.late.add(node);
        continue;
      }
      outputs.forEach((value, i) => set(node.outputs[i] ?? "", value));
      for (const value of [...inputs, ...outputs.filter((value) => uses.get(value) === 0)]) {
        if (!value) continue;
        const left = Math.max(0, uses.get(value)! - 1);
        uses.set(value, left);
        if (left === 0 && !value.constant) value.dispose();
      }
      this.nodes.push({ node, first, last: callsNoted(), inputShapes: inputs.map((value) => value?.shape), outputShapes: outputs.map(({ shape }) => shape) });
    }
    return this.#keep(values, feeds, plain);
  }

  // The outputs of a node, or nothing where they depend on numbers that only a run brings.
  #plan(node: GraphNode, inputs: readonly (Value | undefined)[], uses: ReadonlyMap<Value, number>): Value[] | undefined {
    if (inputs.every((value) => !value || value.constant)) {
      const folded = this.#folded.get(node) ?? uncaptured(() => this.#compute(node, inputs));
      for (const { held } of folded) if (held) keep(held);
      this.#folded.set(node, folded);
      this.#own(folded, inputs);
      return folded;
    }
    this.#weights.reading = inputs.filter((value) => value?.constant) as Value[];
    // Of three operands the last is read after the first result is written, unless they are limits that are known.
    const atOnce = inputs.length <= 2 || (node.op === "Clip" && inputs.slice(1).every((value) => !value || value.constant));
    const dying = inPlace.has(node.op) && atOnce ? inputs.find((value) => value && !value.constant && value.held?.dtype === "float32"
      && !value.held.shared && uses.get(value) === inputs.filter((other) => other === value).length)?.held : undefined;
    const run = (): Value[] => this.#compute(node, inputs);
    try {
      const outputs = dying ? overwriting(dying.ptr, dying.size * 4, run) : run();
      this.#own(outputs, inputs);
      // Integers that are fed may be handed on as they are.
      return outputs.every((value) => value.constant || value.held) ? outputs : undefined;
    } catch (error) {
      if (error instanceof Unplanned) return undefined;
      throw error;
    } finally {
      this.#weights.reading = [];
    }
  }

  // An operator may hand a constant on: that belongs to whoever made it.
  #own(outputs: readonly Value[], inputs: readonly (Value | undefined)[]): void {
    for (const value of outputs) if (value.constant && !inputs.includes(value)) this.#known.add(value);
  }

  #compute(node: GraphNode, inputs: readonly (Value | undefined)[]): Value[] {
    return compute(this.#operators, { node, opset: this.#graph.opset, inputs });
  }

  // How often each value is read, by nodes and by the caller.
  #countReaders(): Map<string, number> {
    const readers = new Map<string, number>();
    const names = [...this.#graph.nodes.flatMap(({ inputs }) => inputs), ...this.#graph.outputs.map(({ name }) => name)];
    for (const name of names) readers.set(name, (readers.get(name) ?? 0) + 1);
    return readers;
  }

  // The places of what is read behind the plan.
  #keep(values: ReadonlyMap<string, Value>, feeds: ReadonlyMap<string, Feed>, plain: boolean): Map<string, Place | Value> {
    const outputs = new Set(this.#graph.outputs.map(({ name }) => name));
    const names = [...outputs, ...[...this.late].flatMap(({ inputs }) => inputs), ...feeds.keys()];
    const kept = new Map<string, Place | Value>();
    for (const name of names) {
      const value = values.get(name);
      if (!value || this.#weights.values.has(name)) continue;
      if (value.constant) kept.set(name, value);
      if (value.constant || !value.held) continue;
      const held = plain && outputs.has(name) ? toLayout(value.held, "rowMajor") : value.held;
      kept.set(name, { dtype: value.dtype, type: held.dtype, ptr: held.ptr, shape: held.shape, layout: held.layout });
    }
    return kept;
  }
}

/** Floating-point operations of a node that is made of products, a multiply-add counting twice; 0 for others. */
export function flops({ node, inputShapes: [x, w], outputShapes: [y] }: PlannedNode): number {
  if (!x || !w || !y) return 0;
  switch (node.op) {
    case "Conv": return 2 * sizeOf(y) * sizeOf(w.slice(1));
    case "ConvTranspose": return 2 * sizeOf(x) * sizeOf(w.slice(1));
    case "MatMul": return 2 * sizeOf(y) * x.at(-1)!;
    case "Gemm": return 2 * sizeOf(y) * (sizeOf(x) / Math.max(1, y[0]!));
    default: return 0;
  }
}

// A tensor of the caller's own: float32 for floats, uint8 for conditions, int32 for integers.
function copyOut(value: Value): Tensor<DType> {
  const { held, shape, dtype } = value;
  if (isFloat(dtype) && held) {
    const y = empty(shape, held.layout);
    kernels().copy(sizeOf(shape), held.ptr, y.ptr);
    return y;
  }
  const numbers = value.numbers();
  if (isFloat(dtype)) return tensor(Float32Array.from(numbers), shape);
  return dtype === "bool" || dtype === "uint8" ? tensor(Uint8Array.from(numbers), shape) : tensor(Int32Array.from(numbers), shape);
}
