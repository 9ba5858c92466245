// The passes, in the order in which each prepares for the next.

import type { Graph } from "./graph.ts";
import type { Operators } from "./operator.ts";
import { foldConstants } from "./passes/foldConstants.ts";
import { foldScale } from "./passes/foldScale.ts";
import { fuseEpilogue } from "./passes/fuseEpilogue.ts";
import { placePadding } from "./passes/placePadding.ts";
import { poolFirst } from "./passes/poolFirst.ts";
import { removeIdentities } from "./passes/removeIdentities.ts";
import { scaleChannels } from "./passes/scaleChannels.ts";

/** A graph that computes the same with fewer nodes, and what each pass did. */
export function optimise(graph: Graph, operators: Operators): { graph: Graph; notes: string[] } {
  const notes: string[] = [];
  const passes = { removeIdentities, foldConstants, foldScale, placePadding, poolFirst, scaleChannels, fuseEpilogue };
  for (const [name, pass] of Object.entries(passes)) {
    const before = graph.nodes.length;
    graph = pass(graph, operators);
    notes.push(`${name}: ${before} nodes -> ${graph.nodes.length}`);
  }
  return { graph, notes };
}
