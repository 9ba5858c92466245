import { Links, replaceNodes } from "../edit.ts";
import type { Attribute, Graph, GraphNode } from "../graph.ts";

/** Moves a border of zeros in front of a convolution into the convolution. */
export function placePadding(graph: Graph): Graph {
  const links = new Links(graph);
  const changes = new Map<GraphNode, GraphNode | undefined>();
  for (const conv of graph.nodes) {
    const pad = links.producer(conv.inputs[0]);
    const rank = graph.constants.get(conv.inputs[1] ?? "")?.shape.length;
    if (conv.domain !== "" || conv.op !== "Conv" || pad?.domain !== "" || pad.op !== "Pad" || rank === undefined) continue;
    if (links.onlyReader(pad.outputs[0]!) !== conv) continue;
    const border = zeroBorder(pad, graph, rank);
    if (!border || !["NOTSET", "VALID"].includes(String(conv.attributes.get("auto_pad") ?? "NOTSET"))) continue;
    const own = (conv.attributes.get("pads") as readonly number[] | undefined) ?? border.map(() => 0);
    const attributes = new Map<string, Attribute>(conv.attributes).set("pads", border.map((size, i) => size + own[i]!));
    attributes.delete("auto_pad");
    changes.set(pad, undefined);
    changes.set(conv, { ...conv, inputs: [pad.inputs[0]!, ...conv.inputs.slice(1)], attributes });
  }
  return changes.size === 0 ? graph : replaceNodes(graph, changes);
}

// The border on the spatial axes, as a convolution's pads have it; undefined if it is no border of zeros on those alone.
function zeroBorder(pad: GraphNode, graph: Graph, rank: number): number[] | undefined {
  const [, sizes = "", value = "", axes = ""] = pad.inputs;
  const pads = (graph.constants.get(sizes)?.data ?? pad.attributes.get("pads")) as ArrayLike<number> | undefined;
  const filler = value === "" ? Number(pad.attributes.get("value") ?? 0) : graph.constants.get(value)?.data[0];
  if (!pads || pads.length !== 2 * rank || filler !== 0 || axes !== "" || (pad.attributes.get("mode") ?? "constant") !== "constant") return undefined;
  const all = Array.from(pads);
  const outside = [0, 1, rank, rank + 1].some((i) => all[i] !== 0);
  return outside || all.some((size) => size < 0) ? undefined : all.filter((_, i) => i % rank > 1);
}
