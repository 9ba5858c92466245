// What passes need to know of a graph, and how they change it.

import type { Constant, Graph, GraphNode } from "./graph.ts";

/** Who makes and who reads each value. */
export class Links {
  readonly #producers = new Map<string, GraphNode>();
  readonly #readers = new Map<string, GraphNode[]>();
  readonly #outputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.#outputs = new Set(graph.outputs.map(({ name }) => name));
    for (const node of graph.nodes) {
      for (const name of node.outputs) this.#producers.set(name, node);
      for (const name of node.inputs) this.#readers.set(name, [...(this.#readers.get(name) ?? []), node]);
    }
  }

  /** The node that makes a value; undefined for inputs and constants. */
  producer(name: string | undefined): GraphNode | undefined {
    return name === undefined ? undefined : this.#producers.get(name);
  }

  /** The only node that reads a value, once; undefined if there are more or none, or the caller reads it too. */
  onlyReader(name: string): GraphNode | undefined {
    const readers = this.#readers.get(name);
    return readers?.length === 1 && !this.#outputs.has(name) ? readers[0] : undefined;
  }

  /** All reads of a value by nodes. */
  readers(name: string): readonly GraphNode[] {
    return this.#readers.get(name) ?? [];
  }

  isOutput(name: string): boolean {
    return this.#outputs.has(name);
  }
}

/** The graph without some nodes, with others in the place of some, and with further constants. */
export function replaceNodes(graph: Graph, changes: ReadonlyMap<GraphNode, GraphNode | undefined>, constants: Iterable<[string, Constant]> = []): Graph {
  const nodes = graph.nodes.flatMap((node) => (changes.has(node) ? changes.get(node) ?? [] : node));
  return withoutUnread({ ...graph, nodes, constants: new Map([...graph.constants, ...constants]) });
}

/** The graph without the constants that nothing reads any more. */
function withoutUnread(graph: Graph): Graph {
  const read = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)]);
  return { ...graph, constants: new Map([...graph.constants].filter(([name]) => read.has(name))) };
}
