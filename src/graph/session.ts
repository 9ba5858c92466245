// A graph ready to run: `loadOnnx` and `compile` return one.

import { kernels, withExact } from "../runtime/kernels.ts";
import { keep, scope } from "../scope.ts";
import { checkBoolean, checkOptions, describe, format, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { defaultLayout, type DType, type Layout, Tensor } from "../tensor.ts";
import { computeEarly } from "./early.ts";
import type { Graph, ValueInfo } from "./graph.ts";
import type { Operators } from "./operator.ts";
import { type Feed, type NodeProfile, Plan } from "./plan.ts";
import { isFloat, Value } from "./value.ts";
import { Weights } from "./weights.ts";

/** How a session computes. */
export interface SessionOptions {
  /**
   * Convolutions without Winograd, default false: sums in one order, and weights that take no more memory than in the file
   * (transformed filters take up to four times as much). About a third of the speed on 3x3 layers.
   */
  exact?: boolean;
}

/** What a session keeps in the kernels' memory. */
export interface SessionMemory {
  /** Weights, in the forms in which kernels read them. */
  weights: number;
  /** Everything that a run computes, for the input shapes at hand. */
  maps: number;
}

/** Inputs and outputs as they lie in memory, for runs that copy nothing. */
export interface Binding {
  /** The memory of an input: write it before a run. A view is valid until the memory grows; ask anew where other code runs. */
  input(name: string): Float32Array;
  /** The memory of an output: read it after a run. */
  output(name: string): Float32Array;
  run(): void;
}

// Plans of the last few input shapes are kept.
const MOST_PLANS = 4;

/**
 * Runs a graph. The first run with inputs of given shapes makes a plan: shapes are computed, weights packed, memory laid out and
 * the kernel calls noted. Every further run makes these calls and nothing else.
 */
export class Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly #graph: Graph;
  readonly #operators: Operators;
  /** What the passes did. */
  readonly #notes: readonly string[];
  readonly #exact: boolean;
  readonly #weights: Weights;
  /** The latest last. */
  readonly #plans = new Map<string, Plan>();
  /** Those whose memory a caller has. */
  readonly #bound = new Set<Plan>();

  /** @internal */
  constructor(graph: Graph, operators: Operators, { exact = false }: SessionOptions = {}, notes: readonly string[] = []) {
    checkBoolean("Session", "exact", exact);
    this.#exact = exact;
    this.#notes = notes;
    this.#graph = graph;
    this.#operators = operators;
    this.#weights = new Weights(graph);
    this.inputs = graph.inputs;
    this.outputs = graph.outputs;
    this.inputNames = graph.inputs.map(({ name }) => name);
    this.outputNames = graph.outputs.map(({ name }) => name);
  }

  /**
   * Computes the outputs.
   *
   * @param feeds a tensor for every input, by name: float32 for floats, int32 or uint8 for integers and conditions
   * @returns a tensor for every output, by name: the caller's own, freed by a scope around or by `dispose`
   * @throws TypeError if an input is missing, unknown or of another kind; ShapeError if its shape does not fit the model;
   *   GraphError if an operator refuses what reaches it
   * @example
   * const { logits } = session.run({ image: tensor(pixels, [1, 3, 224, 224]) });
   */
  run(feeds: Readonly<Record<string, Tensor<DType>>>): Record<string, Tensor<DType>> {
    const outputs = this.#fed(feeds, (plan, integers) => {
      plan.execute();
      return withExact(this.#exact, () => plan.finish(integers));
    });
    return Object.fromEntries(this.outputNames.map((name, i) => [name, outputs[i]!]));
  }

  /**
   * Gives the memory of inputs and outputs for inputs of the given shapes, to run without copying.
   *
   * @param shapes by input name; may leave out inputs whose shape the model fixes
   * @param options layout: order of the elements of maps and volumes, "rowMajor" (default: [N, C, H, W]), or "channelsLast", [N, H, W, C],
   *   which is the kernels' own and saves turning them
   * @throws as `run`, and TypeError if the model has inputs of integers or parts that cannot be planned
   * @example
   * const bound = session.bind();
   * bound.input("image").set(pixels);
   * bound.run();
   * const label = argmax(bound.output("logits"));
   */
  bind(shapes: Readonly<Record<string, Shape>> = {}, options: { layout?: Layout } = {}): Binding {
    checkOptions("bind", options);
    const { layout = "rowMajor" } = options;
    if (layout !== "rowMajor" && layout !== "channelsLast") throw new TypeError(`bind: layout must be rowMajor or channelsLast, got ${describe(layout)}`);
    const feeds = this.inputs.map((info): Feed => {
      const shape = shapes[info.name] ?? fixedShape(info);
      if (!shape) throw new ShapeError(`bind: the shape of input "${info.name}" is free (${describeShape(info)}): give one`);
      if (!isFloat(info.dtype)) throw new TypeError(`bind: input "${info.name}" is ${info.dtype}; only floats are bound, use run`);
      checkFits("bind", info, shape);
      return { dtype: info.dtype, shape, layout: defaultLayout(shape) === "rowMajor" ? "rowMajor" : layout };
    });
    const plan = this.#planFor(new Map(feeds.map((feed, i) => [this.inputNames[i]!, feed])), layout === "rowMajor");
    if (plan.late.size > 0) {
      throw new TypeError(`bind: ${[...plan.late].map(({ op }) => op).join(", ")} depend on what a run computes; use run`);
    }
    this.#bound.add(plan);
    const view = (names: readonly string[], name: string): Float32Array => {
      if (!names.includes(name)) throw new TypeError(`bind: no "${name}" among ${names.join(", ")}`);
      return plan.view(name).view() as Float32Array;
    };
    return {
      input: (name) => view(this.inputNames, name),
      output: (name) => view(this.outputNames, name),
      run: () => plan.execute(),
    };
  }

  /**
   * Runs once and tells how long each node took. Fused nodes appear as one, nodes that cannot be planned do not.
   *
   * @param feeds as for `run`
   * @throws as `run`
   * @example
   * for (const { op, name, ms, gflops } of session.profile({ image })) console.log(op, name, ms, gflops);
   */
  profile(feeds: Readonly<Record<string, Tensor<DType>>>): NodeProfile[] {
    return this.#fed(feeds, (plan) => plan.profile());
  }

  /**
   * What the passes did; then the nodes that run, one a line: operator, name, output shapes of the plan that ran last, inputs and
   * outputs, attributes.
   *
   * @example
   * console.log(session.explain()); // adjoint.Conv  conv1  [1, 64, 112, 112]  image, conv1:filters, conv1:bias -> relu1 ...
   */
  explain(): string {
    const plan = [...this.#plans.values()].at(-1);
    const planned = new Map(plan?.nodes.map((one) => [one.node, one]));
    const lines = this.#graph.nodes.map((node) => {
      const op = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
      const shapes = planned.get(node)?.outputShapes.map(format).join(" ") ?? (plan ? "as it comes" : "");
      const attributes = [...node.attributes].map(([name, value]) => (typeof value === "object" && !Array.isArray(value) ? name : `${name}=${String(value)}`));
      return [op, node.name, shapes, `${node.inputs.join(", ")} -> ${node.outputs.join(", ")}`, attributes.join(" ")].filter(Boolean).join("  ");
    });
    return [...this.#notes, ...lines].join("\n");
  }

  /** Bytes in the kernels' memory, of the plan that ran last. */
  memory(): SessionMemory {
    return { weights: this.#weights.bytes, maps: [...this.#plans.values()].at(-1)?.arenaBytes ?? 0 };
  }

  /** Frees weights and plans. */
  dispose(): void {
    for (const plan of this.#plans.values()) plan.dispose();
    this.#plans.clear();
    this.#bound.clear();
    this.#weights.dispose();
  }

  #check(feeds: Readonly<Record<string, Tensor<DType>>>): Tensor<DType>[] {
    if (typeof feeds !== "object" || feeds === null) throw new TypeError(`run: feeds must be an object of tensors by input name, got ${describe(feeds)}`);
    for (const name of Object.keys(feeds)) {
      if (!this.inputNames.includes(name)) throw new TypeError(`run: the model has no input "${name}"; it has ${this.inputNames.join(", ")}`);
    }
    return this.inputs.map((info) => {
      const x = Object.hasOwn(feeds, info.name) ? feeds[info.name] : undefined;
      if (!(x instanceof Tensor)) throw new TypeError(`run: input "${info.name}" must be a tensor, got ${describe(x)}`);
      if (isFloat(info.dtype) !== (x.dtype === "float32")) {
        throw new TypeError(`run: input "${info.name}" is ${info.dtype}, got a tensor of ${x.dtype}`);
      }
      checkFits("run", info, x.shape);
      return x;
    });
  }

  // A plan for the inputs, which has the floats among them; `use` gets the integers.
  #fed<T>(feeds: Readonly<Record<string, Tensor<DType>>>, use: (plan: Plan, integers: ReadonlyMap<string, Value>) => T): T {
    const tensors = this.#check(feeds);
    const given = this.inputs.map(({ name, dtype }, i) => {
      const x = tensors[i]!;
      return [name, isFloat(dtype) ? Value.of(x, dtype) : Value.known(dtype, x.shape, x.data())] as const;
    });
    const integers = new Map(given.filter(([, { dtype }]) => !isFloat(dtype)));
    let early: ReadonlyMap<string, Value> = new Map();
    try {
      early = scope(() => {
        const made = computeEarly(this.#graph, this.#operators, this.#weights.values, integers);
        for (const { held } of made.values()) if (held) keep(held);
        return made;
      });
      for (const value of early.values()) if (isFloat(value.dtype)) value.tensor();
      const all = new Map([...given, ...early]);
      const kinds = [...all].map(([name, { dtype, shape, held }]) => [name, { dtype, shape, layout: held?.layout ?? "rowMajor" }] as const);
      const plan = this.#planFor(new Map(kinds), false), rest = new Map<string, Value>();
      for (const [name, value] of all) {
        if (isFloat(value.dtype)) kernels().copy(sizeOf(value.shape), value.tensor().ptr, plan.view(name).ptr);
        else rest.set(name, value);
      }
      return use(plan, rest);
    } finally {
      // A constant that a node handed on is read by plans too.
      for (const value of [...integers.values(), ...early.values()]) if (!this.#weights.owns(value)) value.dispose();
    }
  }

  #planFor(feeds: ReadonlyMap<string, Feed>, plain: boolean): Plan {
    const key = JSON.stringify([plain, [...feeds.values()].map(({ shape, layout }) => [shape, layout])]);
    const made = this.#plans.get(key);
    this.#plans.delete(key);
    try {
      const plan = made ?? withExact(this.#exact, () => new Plan(this.#graph, this.#operators, this.#weights, feeds, plain));
      this.#plans.set(key, plan);
      return plan;
    } finally {
      if (!made) this.#tidy();
    }
  }

  // Plans that were not used for long go, and constants that no plan reads as they are.
  #tidy(): void {
    const [oldest] = [...this.#plans].filter(([, one]) => !this.#bound.has(one));
    if (oldest && this.#plans.size > MOST_PLANS + this.#bound.size) {
      this.#plans.delete(oldest[0]);
      oldest[1].dispose();
    }
    for (const value of this.#weights.values.values()) if (![...this.#plans.values()].some((one) => one.reads(value))) value.dispose();
  }
}

function checkFits(op: string, info: ValueInfo, shape: Shape): void {
  const expected = info.shape;
  if (!expected) return;
  const fits = shape.length === expected.length && shape.every((length, axis) => typeof expected[axis] === "string" || expected[axis] === length);
  if (!fits) throw new ShapeError(`${op}: input "${info.name}" must have shape ${describeShape(info)}, it has ${format(shape)}`);
}

function fixedShape({ shape }: ValueInfo): Shape | undefined {
  return shape?.every((length) => typeof length === "number") ? shape as Shape : undefined;
}

function describeShape({ shape }: ValueInfo): string {
  return shape ? `[${shape.join(", ")}]` : "any";
}
