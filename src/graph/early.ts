// What hangs on nothing but inputs of integers: pictures of bytes, tokens, masks. The host computes it before a plan, so that the
// plan begins with the first floats: those of a cast, or the rows of an embedding.

import type { Graph, GraphNode } from "./graph.ts";
import { compute, type Operators } from "./operator.ts";
import { isFloat, type Value } from "./value.ts";

// They read the shape of their input, which a plan knows.
const ofShapes = new Set(["Shape", "Size"]);

/**
 * Computes the nodes that read integer inputs, constants, shapes of such inputs and what other nodes of this kind make of them, up to
 * the first floats.
 *
 * @param fed the integer inputs by name
 * @returns what the nodes made, by name, without the integer inputs themselves; the caller frees it
 * @throws GraphError if a node's operator refuses its inputs
 */
export function computeEarly(
  graph: Graph, operators: Operators, constants: ReadonlyMap<string, Value>, fed: ReadonlyMap<string, Value>,
): Map<string, Value> {
  const made = new Map<string, Value>();
  if (fed.size === 0) return made;
  // The same in every run for inputs of these shapes: computed only where a node asks for it.
  const steady = new Map<string, GraphNode>(), known = new Map<string, Value>();
  const integers = new Map(fed);
  const valueOf = (name: string): Value | undefined => {
    if (name === "") return undefined;
    const value = integers.get(name) ?? constants.get(name) ?? known.get(name);
    if (value) return value;
    run(steady.get(name)!).forEach((one, i) => known.set(steady.get(name)!.outputs[i] ?? "", one));
    return known.get(name);
  };
  const run = (node: GraphNode): Value[] => compute(operators, { node, opset: graph.opset, inputs: node.inputs.map(valueOf) });
  const isSteady = (name: string): boolean => name === "" || constants.has(name) || steady.has(name);

  try {
    for (const node of graph.nodes) {
      if (node.inputs.every(isSteady) || (ofShapes.has(node.op) && integers.has(node.inputs[0] ?? ""))) {
        for (const name of node.outputs) steady.set(name, node);
      } else if (node.inputs.every((name) => isSteady(name) || integers.has(name))) {
        run(node).forEach((value, i) => {
          const name = node.outputs[i];
          if (!name) return;
          made.set(name, value);
          if (!isFloat(value.dtype)) integers.set(name, value);
        });
      }
    }
    return made;
  } catch (error) {
    for (const [name, value] of made) known.set(name, value);
    made.clear();
    throw error;
  } finally {
    // A constant may be handed on.
    const given = new Set([...constants.values(), ...made.values()]);
    for (const value of known.values()) if (!given.has(value)) value.dispose();
  }
}
