import { Links, replaceNodes } from "../edit.ts";
import type { Attribute, Graph, GraphNode } from "../graph.ts";

// Operators of domain "adjoint" have the inputs x, w, bias, residual, the attributes of ONNX's operator of the same name, and
// "activation" with its parameters: what the kernel does to y before it leaves the registers or the cache.
const producers = new Set(["Conv", "Gemm", "MatMul"]);

interface Match {
  /** Nodes that go, in topological order; the fused one takes the last one's place and output. */
  readonly nodes: readonly GraphNode[];
  readonly attributes: readonly (readonly [string, Attribute])[];
}

/**
 * Fuses what follows a convolution or a matrix product element by element into it: a bias, the sum with another map (the residual
 * connection), and an activation.
 *
 *   y = activation(conv(x, w) + bias + residual)
 */
export function fuseEpilogue(graph: Graph): Graph {
  const links = new Links(graph);
  const taken = new Set<GraphNode>();
  const changes = new Map<GraphNode, GraphNode | undefined>();
  // Backwards: of two convolutions that meet in a sum, the later one takes it and the other stays as it is.
  for (const node of [...graph.nodes].reverse()) {
    if (node.domain !== "" || !producers.has(node.op)) continue;
    const inputs = [...node.inputs];
    const nodes: GraphNode[] = [];
    let y = node.outputs[0]!;
    if (node.op === "MatMul") {
      const add = reader(links, y, "Add");
      const bias = add && otherInput(add, y);
      if (add && !taken.has(add) && graph.constants.get(bias!)?.shape.length === 1) {
        nodes.push(add);
        inputs[2] = bias!;
        y = add.outputs[0]!;
      }
    }
    const sum = reader(links, y, "Add");
    const residual = sum && otherInput(sum, y);
    if (sum && !taken.has(sum) && residual !== y && !graph.constants.has(residual!)) {
      nodes.push(sum);
      inputs[2] ??= "";
      inputs[3] = residual!;
      y = sum.outputs[0]!;
    }
    const activation = activationOf(y, links, graph);
    if (activation && !activation.nodes.some((one) => taken.has(one))) nodes.push(...activation.nodes);
    const last = nodes.at(-1);
    if (!last) continue;
    for (const one of [node, ...nodes]) {
      taken.add(one);
      changes.set(one, undefined);
    }
    const attributes = new Map<string, Attribute>([...node.attributes, ...(activation?.attributes ?? [])]);
    changes.set(last, { op: node.op, domain: "adjoint", name: node.name, inputs, outputs: last.outputs, attributes });
  }
  return changes.size === 0 ? graph : replaceNodes(graph, changes);
}

function activationOf(y: string, links: Links, graph: Graph): Match | undefined {
  const node = links.onlyReader(y);
  const number = (name: string, fallback: number): number => Number(node!.attributes.get(name) ?? fallback);
  if (node?.domain === "") {
    switch (node.op) {
      case "Relu": return { nodes: [node], attributes: clamp(0, Infinity) };
      case "Clip": {
        const [lower, upper] = limits(node, graph);
        return lower === undefined || upper === undefined ? undefined : { nodes: [node], attributes: clamp(lower, upper) };
      }
      case "LeakyRelu": return { nodes: [node], attributes: [["activation", "leakyRelu"], ["slope", number("alpha", 0.01)]] };
      case "Sigmoid": return { nodes: [node], attributes: [["activation", "sigmoid"]] };
      case "HardSigmoid": return isSixth(node) ? { nodes: [node], attributes: [["activation", "hardsigmoid"]] } : undefined;
      case "HardSwish": return { nodes: [node], attributes: [["activation", "hardswish"]] };
    }
    return undefined;
  }
  return gateOf(y, links, graph);
}

// y times a function of y: SiLU, and hardswish in the forms that exporters write.
function gateOf(y: string, links: Links, graph: Graph): Match | undefined {
  const readers = links.readers(y);
  const mul = readers.find(({ op, domain }) => op === "Mul" && domain === ""), gate = readers.find((node) => node !== mul);
  if (readers.length !== 2 || !mul || gate?.domain !== "" || links.isOutput(y)) return undefined;
  const constant = (name: string | undefined): number | undefined => {
    const value = graph.constants.get(name ?? "");
    return value?.data.length === 1 ? value.data[0] : undefined;
  };
  const closes = (node: GraphNode | undefined): boolean => node !== undefined && links.onlyReader(node.outputs[0]!) === mul;
  if (gate.op === "Sigmoid" && closes(gate)) return { nodes: [gate, mul], attributes: [["activation", "silu"]] };
  if (gate.op === "HardSigmoid" && closes(gate)) {
    return isSixth(gate) ? { nodes: [gate, mul], attributes: [["activation", "hardswish"]] } : undefined;
  }
  if (gate.op !== "Add" || constant(otherInput(gate, y)) !== 3) return undefined;
  const clip = reader(links, gate.outputs[0]!, "Clip");
  if (!clip || limits(clip, graph).join() !== "0,6") return undefined;
  // The sixth comes behind the product, or in the gate.
  const isSixthOf = (node: GraphNode | undefined, name: string): boolean => {
    const factor = node?.domain === "" ? constant(otherInput(node, name)) : undefined;
    if (node?.op === "Div") return factor === 6 && node.inputs[0] === name;
    return node?.op === "Mul" && factor !== undefined && Math.abs(factor - 1 / 6) < 1e-6;
  };
  const attributes: Match["attributes"] = [["activation", "hardswish"]];
  if (!closes(clip)) {
    const sixth = links.onlyReader(clip.outputs[0]!);
    return sixth && closes(sixth) && isSixthOf(sixth, clip.outputs[0]!) ? { nodes: [gate, clip, sixth, mul], attributes } : undefined;
  }
  const last = links.onlyReader(mul.outputs[0]!);
  return last && isSixthOf(last, mul.outputs[0]!) ? { nodes: [gate, clip, mul, last], attributes } : undefined;
}

// PyTorch's slope; ONNX's default is another.
function isSixth({ attributes }: GraphNode): boolean {
  return Math.abs(Number(attributes.get("alpha") ?? 0.2) - 1 / 6) < 1e-6 && Number(attributes.get("beta") ?? 0.5) === 0.5;
}

function clamp(lower: number, upper: number): Match["attributes"] {
  return [["activation", "clamp"], ["lower", lower], ["upper", upper]];
}

// The limits of a Clip: attributes before version 11 of the operator set, inputs since; undefined where they are not known.
function limits({ inputs, attributes }: GraphNode, graph: Graph): (number | undefined)[] {
  return ["min", "max"].map((name, i) => {
    const input = inputs[i + 1] ?? "";
    if (input !== "") return graph.constants.get(input)?.data[0];
    return Number(attributes.get(name) ?? (i === 0 ? -Infinity : Infinity));
  });
}

function reader(links: Links, name: string, op: string): GraphNode | undefined {
  const node = links.onlyReader(name);
  return node?.op === op && node.domain === "" ? node : undefined;
}

function otherInput(node: GraphNode, name: string): string | undefined {
  return node.inputs[0] === name ? node.inputs[1] : node.inputs[0];
}
