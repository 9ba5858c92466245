// What an operator of a graph is: a function from values to values, written with the package's own operations. The same function
// plans (its kernel calls are captured), folds constants and computes what cannot be planned.

import { Unplanned } from "../runtime/capture.ts";
import { OutOfMemory } from "../runtime/memory.ts";
import { scope } from "../scope.ts";
import { format } from "../shape.ts";
import type { GraphNode } from "./graph.ts";
import type { Value } from "./value.ts";

/** One node together with the values that it reads. */
export interface Call {
  readonly node: GraphNode;
  /** Version of the operator set that the graph follows. */
  readonly opset: number;
  /** undefined where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
}

/**
 * Computes a node. Tensors that are made on the way are freed by the caller; the values returned own theirs. An input may be
 * returned as it is.
 *
 * @throws GraphError if attributes or shapes do not fit; Unplanned, by `Value.numbers`, while a plan is made
 */
export type Operator = (call: Call) => Value | Value[];

/** Operators by domain and name: `operators.get("")!.get("Conv")`. */
export type Operators = ReadonlyMap<string, ReadonlyMap<string, Operator>>;

/** A graph that cannot be read, planned or run. The message names node, operator, attribute or input, and the reason. */
export class GraphError extends Error {
  override name = "GraphError";
  /** The node at fault, where there is one. */
  readonly node: GraphNode | undefined;

  constructor(reason: string, node?: GraphNode, options?: ErrorOptions) {
    super(node ? `${node.op}${node.name ? ` "${node.name}"` : ""}: ${reason}` : reason, options);
    this.node = node;
  }
}


/** Computes one node: frees what its operator makes on the way, and names the node in what it throws for want of anything but memory. */
export function compute(operators: Operators, call: Call): Value[] {
  const { node, inputs } = call;
  const operator = operators.get(node.domain)?.get(node.op);
  if (!operator) throw new GraphError("the operator is not supported", node);
  try {
    let values: Value[] = [];
    scope(() => {
      values = [operator(call)].flat();
      const missing = node.outputs.find((name, i) => name !== "" && !values[i]);
      if (missing !== undefined) throw new GraphError(`output "${missing}" is more than the operator has`, node);
      return values.map(({ held }) => held);
    });
    return values;
  } catch (error) {
    if (error instanceof Unplanned || error instanceof GraphError || error instanceof OutOfMemory) throw error;
    const shapes = inputs.map((value) => (value ? format(value.shape) : "none")).join(", ");
    throw new GraphError(`${(error as Error).message} (inputs ${shapes})`, node, { cause: error });
  }
}
