// The order of a graph's nodes: every value is made once, and before it is read.

import type { GraphNode } from "../graph/graph.ts";
import { GraphError } from "../graph/operator.ts";

/**
 * Sorts nodes so that each follows those whose outputs it reads, and otherwise stays where it is.
 *
 * @param given values that are there from the start
 * @throws GraphError if a value is made twice, or nodes wait for each other in a circle
 */
export function inOrder(nodes: readonly GraphNode[], given: ReadonlySet<string>): GraphNode[] {
  const makers = new Map<string, GraphNode>();
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (makers.has(name) || given.has(name)) throw new GraphError(`output "${name}" is made a second time`, node);
      makers.set(name, node);
    }
  }
  // How many inputs each node waits for, and who waits for each node.
  const missing = new Map<GraphNode, number>();
  const readers = new Map<GraphNode, GraphNode[]>();
  for (const node of nodes) {
    const sources = new Set(node.inputs.flatMap((name) => makers.get(name) ?? []));
    missing.set(node, sources.size);
    for (const source of sources) {
      const list = readers.get(source);
      if (list) list.push(node);
      else readers.set(source, [node]);
    }
  }
  if (isOrdered(nodes, makers)) return [...nodes];
  const sorted = nodes.filter((node) => missing.get(node) === 0);
  for (const node of sorted) {
    for (const reader of readers.get(node) ?? []) {
      const left = missing.get(reader)! - 1;
      missing.set(reader, left);
      if (left === 0) sorted.push(reader);
    }
  }
  if (sorted.length < nodes.length) {
    throw new GraphError("its inputs depend on its own outputs: the graph has a cycle", nodes.find((node) => missing.get(node)! > 0));
  }
  return sorted;
}

function isOrdered(nodes: readonly GraphNode[], makers: ReadonlyMap<string, GraphNode>): boolean {
  const done = new Set<GraphNode>();
  return nodes.every((node) => {
    const ready = node.inputs.every((name) => !makers.has(name) || done.has(makers.get(name)!));
    done.add(node);
    return ready;
  });
}
