import { Links, replaceNodes } from "../edit.ts";
import type { Constant, Graph, GraphNode } from "../graph.ts";
import { normalisation } from "./foldScale.ts";

// Elementwise functions that a convolution takes up (`fuseEpilogue`).
const activations = new Set(["Clip", "HardSigmoid", "HardSwish", "LeakyRelu", "Relu", "Sigmoid"]);

// Operators whose output has as many axes as their first input.
const keepsRank = new Set(["AveragePool", "BatchNormalization", "Concat", "MaxPool", "Relu"]);

/**
 * Writes batch normalisation with known statistics as a convolution of every channel with one number, where no convolution stands
 * before it but an activation behind: the convolution takes that up, and both are one pass over memory.
 *
 *   y = s x + t,   s = gamma / sqrt(var + eps),   t = beta - s mean
 */
export function scaleChannels(graph: Graph): Graph {
  const links = new Links(graph);
  const changes = new Map<GraphNode, GraphNode | undefined>();
  const constants = new Map<string, Constant>();
  for (const node of graph.nodes) {
    const [y = ""] = node.outputs, [x = "", gamma = ""] = node.inputs;
    const next = links.onlyReader(y);
    if (node.op !== "BatchNormalization" || node.domain !== "" || next?.domain !== "" || !activations.has(next.op)) continue;
    const channels = graph.constants.get(gamma)?.data.length ?? 0;
    const rank = rankOf(x, graph, links) ?? 0;
    const affine = normalisation(node, graph, channels);
    if (!affine || rank < 3 || rank > 5) continue;
    const [filters, bias] = [`${y}:filters`, `${y}:bias`];
    const ones = Array.from({ length: rank - 1 }, () => 1);
    constants.set(filters, { dtype: "float32", shape: [channels, ...ones], data: Float32Array.from(affine.scale) });
    constants.set(bias, { dtype: "float32", shape: [channels], data: Float32Array.from(affine.shift) });
    changes.set(node, { op: "Conv", domain: "", name: node.name, inputs: [x, filters, bias], outputs: [y], attributes: new Map([["group", channels]]) });
  }
  return changes.size === 0 ? graph : replaceNodes(graph, changes, constants);
}

function rankOf(name: string, graph: Graph, links: Links): number | undefined {
  for (;;) {
    const node = links.producer(name);
    if (!node) return graph.inputs.find((input) => input.name === name)?.shape?.length;
    if (node.op === "Conv" && node.domain === "") return graph.constants.get(node.inputs[1]!)?.shape.length;
    if (node.domain !== "" || !keepsRank.has(node.op)) return undefined;
    name = node.inputs[0]!;
  }
}
