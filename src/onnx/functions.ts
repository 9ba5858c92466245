// Functions that a model brings along: every call is replaced by the nodes of its body.

import { GraphError } from "../graph/operator.ts";
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto } from "./proto.ts";

// A few functions that call each other several times can stand for any number of nodes.
const MOST_NODES = 2 ** 16;
const MOST_LEVELS = 32;

/** Replaces calls of a model's functions, for each graph of it. */
export class Functions {
  readonly #definitions = new Map<string, FunctionProto>();
  readonly #opset: number;
  #nodes = 0;
  #calls = 0;

  constructor({ functions, opsets }: ModelProto, opset: number) {
    for (const definition of functions) this.#definitions.set(key(definition.domain, definition.name, definition.overload), definition);
    this.#opset = opsets.get("") ?? opset;
  }

  /** The nodes with all calls replaced. @throws GraphError if functions call themselves, or grow beyond all bounds */
  inline(nodes: readonly NodeProto[], level: number = 0): NodeProto[] {
    return nodes.flatMap((node) => {
      if (++this.#nodes > MOST_NODES) throw new GraphError(`the graph has more than ${MOST_NODES} nodes`);
      const definition = this.#definitions.get(key(node.domain, node.op, node.overload));
      if (!definition) return node;
      const title = `function ${node.op}${node.name ? ` "${node.name}"` : ""}`;
      if (level > MOST_LEVELS) throw new GraphError(`${title}: functions call each other more than ${MOST_LEVELS} levels deep`);
      if (node.inputs.length > definition.inputs.length || node.outputs.length > definition.outputs.length) {
        throw new GraphError(
          `${title}: called with ${node.inputs.length} inputs and ${node.outputs.length} outputs, ` +
            `it has ${definition.inputs.length} and ${definition.outputs.length}`,
        );
      }
      const version = definition.opsets.get("");
      if (version !== undefined && version !== this.#opset) {
        throw new GraphError(`${title}: it follows operator set ${version}, the model ${this.#opset}; one for all is supported`);
      }
      return this.inline(body(node, definition, `${node.name || node.op}#${++this.#calls}/`), level + 1);
    });
  }
}

function key(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}

/** The nodes of a function, between the values of the node that calls it; what is inside gets the prefix. */
function body(call: NodeProto, { inputs, outputs, defaults, nodes }: FunctionProto, prefix: string): NodeProto[] {
  const names = new Map([["", ""], ...outputs.map((name, i) => [name, call.outputs[i] || prefix + name] as const)]);
  inputs.forEach((name, i) => names.set(name, call.inputs[i] ?? ""));
  const rename = (name: string): string => names.get(name) ?? prefix + name;
  const renamed = <T extends { name: string }>(named: T): T => ({ ...named, name: rename(named.name) });

  const given = new Map([...defaults, ...call.attributes].map((attribute) => [attribute.name, attribute]));
  const inAttribute = (own: AttributeProto): AttributeProto[] => {
    if (own.graph) return [{ ...own, graph: inGraph(own.graph) }];
    if (!own.reference) return [own];
    const value = given.get(own.reference);
    return value ? [{ ...value, name: own.name }] : [];
  };
  const inNode = (node: NodeProto): NodeProto => ({
    ...node,
    name: prefix + (node.name || node.op),
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: node.attributes.flatMap(inAttribute),
  });
  const inGraph = (graph: GraphProto): GraphProto => ({
    ...graph,
    nodes: graph.nodes.map(inNode),
    inputs: graph.inputs.map(renamed),
    outputs: graph.outputs.map(renamed),
    initializers: graph.initializers.map(renamed),
    sparseInitializers: graph.sparseInitializers.map((sparse) => ({ ...sparse, values: renamed(sparse.values) })),
  });
  // An output that is an input as it came: a value has one name, so it takes a node to give it another.
  const passed = outputs.flatMap((name, i): NodeProto[] => {
    const to = call.outputs[i];
    if (!to || !inputs.includes(name)) return [];
    return [{ op: "Identity", domain: "", overload: "", name: prefix + name, inputs: [rename(name)], outputs: [to], attributes: [] }];
  });
  return [...nodes.map(inNode), ...passed];
}
