import { Links, replaceNodes } from "../edit.ts";
import type { Constant, Graph, GraphNode } from "../graph.ts";

/**
 * Averages before a convolution with 1x1 kernels instead of behind it: both are linear, one acts on channels and the other on
 * positions, so they commute, and fewer positions are left to multiply.
 *
 *   mean(w * x + b) = w * mean(x) + b
 */
export function poolFirst(graph: Graph): Graph {
  const links = new Links(graph);
  const changes = new Map<GraphNode, GraphNode | undefined>();
  for (const conv of graph.nodes) {
    const pool = links.onlyReader(conv.outputs[0]!);
    const w = graph.constants.get(conv.inputs[1] ?? "");
    if (!w || !pool || !isPointwise(conv, w) || !hasFewerPositions(pool)) continue;
    const pooled = `${conv.outputs[0]!}:pooled`;
    changes.set(conv, { ...pool, inputs: [conv.inputs[0]!], outputs: [pooled] });
    changes.set(pool, { ...conv, inputs: [pooled, ...conv.inputs.slice(1)], outputs: pool.outputs });
  }
  return changes.size === 0 ? graph : replaceNodes(graph, changes);
}

// A 1x1 convolution that visits every position once; "SAME" places no border around kernels of one tap.
function isPointwise({ op, domain, attributes }: GraphNode, { shape }: Constant): boolean {
  return op === "Conv" && domain === "" && shape.slice(2).every((length) => length === 1)
    && every(attributes.get("strides"), 1) && every(attributes.get("pads"), 0);
}

// A border would count in the mean of x, or not, but w * 0 + b is not 0; a window beyond the edge is such a border.
function hasFewerPositions({ op, domain, attributes }: GraphNode): boolean {
  if (domain !== "") return false;
  if (op === "GlobalAveragePool") return true;
  const inside = every(attributes.get("pads"), 0) && ["NOTSET", "VALID"].includes(String(attributes.get("auto_pad") ?? "NOTSET"));
  return op === "AveragePool" && inside && Number(attributes.get("ceil_mode") ?? 0) === 0 && !every(attributes.get("strides"), 1);
}

// True too where the attribute is left out: it has that value then.
function every(attribute: unknown, value: number): boolean {
  return attribute === undefined || (attribute as readonly number[]).every((one) => one === value);
}
