import { Links } from "../edit.ts";
import type { Graph, GraphNode } from "../graph.ts";

/**
 * Drops nodes that hand their input on: Identity, and Dropout where it is not training. Readers of the output read the input.
 */
export function removeIdentities(graph: Graph): Graph {
  const links = new Links(graph);
  const names = new Map<string, string>();
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => names.get(name) ?? name);
    const [input = "", output = ""] = [inputs[0], node.outputs[0]];
    // The name of a graph's output must stay.
    if (isIdentity(node, links, graph) && !links.isOutput(output)) names.set(output, input);
    else nodes.push(inputs.every((name, i) => name === node.inputs[i]) ? node : { ...node, inputs });
  }
  return { ...graph, nodes };
}

function isIdentity(node: GraphNode, links: Links, graph: Graph): boolean {
  if (node.domain !== "" || node.inputs[0] === undefined) return false;
  if (node.op === "Identity") return true;
  if (node.op !== "Dropout") return false;
  const [, mask = ""] = node.outputs, [, , training = ""] = node.inputs;
  const maskRead = links.isOutput(mask) || links.readers(mask).length > 0;
  return !maskRead && (training === "" || graph.constants.get(training)?.data[0] === 0);
}
