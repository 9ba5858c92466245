import { sizeOf } from "../../shape.ts";
import { Links, replaceNodes } from "../edit.ts";
import type { Constant, Graph, GraphNode } from "../graph.ts";

/**
 * Folds what stands behind a convolution and acts on each channel alike into its filters and bias: batch normalisation with known
 * statistics, and constant factors and terms.
 *
 *   y = s (w * x + b) + t  =  (s w) * x + (s b + t),   for batch normalisation s = gamma / sqrt(var + eps), t = beta - s mean
 *
 * Source: Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", 2018, 3.2.
 */
export function foldScale(graph: Graph): Graph {
  // A fold may uncover the next: convolution, normalisation, factor.
  for (;;) {
    const folded = foldOnce(graph);
    if (folded === graph) return graph;
    graph = folded;
  }
}

function foldOnce(graph: Graph): Graph {
  const links = new Links(graph);
  const changes = new Map<GraphNode, GraphNode | undefined>();
  const constants = new Map<string, Constant>();
  for (const conv of graph.nodes) {
    const next = links.onlyReader(conv.outputs[0]!);
    const w = graph.constants.get(conv.inputs[1]!), b = conv.inputs[2] ? graph.constants.get(conv.inputs[2]) : undefined;
    if (conv.domain !== "" || !next || next.domain !== "" || !w || (conv.inputs[2] && !b)) continue;
    const axis = outputAxis(conv, w);
    if (axis === undefined) continue;
    const groups = conv.op === "ConvTranspose" ? Number(conv.attributes.get("group") ?? 1) : 1;
    // What is malformed stays as it is, to be refused by its own name.
    if (w.data.length === 0 || !(groups >= 1) || !Number.isInteger(w.shape[0]! / groups) || !Number.isInteger(groups)) continue;
    const channels = w.shape[axis]! * groups;
    const affine = affineOf(next, conv.outputs[0]!, graph, channels, w.shape.length);
    const own = b ? biasOf(conv, b, channels) : new Float64Array(channels);
    if (!affine || !own) continue;
    const [filters, bias] = [`${next.outputs[0]!}:filters`, `${next.outputs[0]!}:bias`];
    constants.set(filters, scaled(w, axis, groups, affine.scale));
    const data = Float32Array.from(own, (one, o) => affine.scale[o]! * one + affine.shift[o]!);
    constants.set(bias, { dtype: "float32", shape: [channels], data });
    changes.set(conv, undefined);
    changes.set(next, { ...conv, inputs: [conv.inputs[0]!, filters, bias], outputs: next.outputs.slice(0, 1) });
  }
  return changes.size === 0 ? graph : replaceNodes(graph, changes, constants);
}

// The axis of the filters that runs along output channels.
function outputAxis({ op, attributes }: GraphNode, w: Constant): number | undefined {
  if (op === "Conv") return 0;
  if (op === "ConvTranspose") return 1;
  if (op !== "Gemm" || (attributes.get("alpha") ?? 1) !== 1 || (attributes.get("beta") ?? 1) !== 1 || w.shape.length !== 2) return undefined;
  return attributes.get("transB") ? 0 : 1;
}

// A matrix product broadcasts its bias, which must be the same for all rows.
function biasOf({ op }: GraphNode, bias: Constant, channels: number): Float64Array | undefined {
  if (op === "Gemm") return perChannel(bias, channels, 2);
  return bias.data.length === channels ? Float64Array.from(bias.data) : undefined;
}

/** y = scale x + shift, for each channel. */
export interface Affine {
  scale: Float64Array;
  shift: Float64Array;
}

// What a node does to each channel of its input, in double precision: the folded weights are rounded once.
function affineOf(node: GraphNode, input: string, graph: Graph, channels: number, rank: number): Affine | undefined {
  if (node.op === "BatchNormalization") return normalisation(node, graph, channels);
  const other = node.inputs[0] === input ? node.inputs[1] : node.inputs[0];
  const constant = graph.constants.get(other ?? "");
  if (!constant || node.inputs.length !== 2) return undefined;
  const values = perChannel(constant, channels, rank);
  if (!values) return undefined;
  const ones = new Float64Array(channels).fill(1), zeros = new Float64Array(channels);
  const first = node.inputs[0] === input;
  switch (node.op) {
    case "Mul": return { scale: values, shift: zeros };
    case "Div": return first ? { scale: values.map((value) => 1 / value), shift: zeros } : undefined;
    case "Add": return { scale: ones, shift: values };
    case "Sub": return first ? { scale: ones, shift: values.map((value) => -value) } : { scale: ones.map(() => -1), shift: values };
    default: return undefined;
  }
}

/** What batch normalisation with known statistics does to each channel; undefined where it is another. */
export function normalisation(node: GraphNode, graph: Graph, channels: number): Affine | undefined {
  const [gamma, beta, mean, variance] = node.inputs.slice(1).map((name) => graph.constants.get(name)?.data);
  if (!gamma || !beta || !mean || !variance || node.outputs.slice(1).some(Boolean)) return undefined;
  if (Number(node.attributes.get("training_mode") ?? 0) !== 0 || Number(node.attributes.get("spatial") ?? 1) !== 1 || gamma.length !== channels) return undefined;
  const epsilon = Number(node.attributes.get("epsilon") ?? 1e-5);
  const scale = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c]! + epsilon));
  return { scale, shift: scale.map((s, c) => beta[c]! - s * mean[c]!) };
}

// A constant that is one number, or one number per channel (axis 1 of `rank` axes), broadcast over everything else.
function perChannel({ shape, data }: Constant, channels: number, rank: number): Float64Array | undefined {
  if (shape.length > rank) return undefined;
  if (data.length === 1) return new Float64Array(channels).fill(data[0]!);
  const along = shape.findIndex((length) => length !== 1);
  return data.length === channels && shape[along] === channels && along === shape.length - rank + 1 ? Float64Array.from(data) : undefined;
}

// In a transposed convolution the input channels of a group are contiguous, and each has the output channels of its group.
function scaled({ shape, data }: Constant, axis: number, groups: number, scale: Float64Array): Constant {
  const inner = sizeOf(shape.slice(axis + 1)), along = shape[axis]!, perGroup = data.length / groups;
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += inner) {
    const factor = scale[Math.floor(start / perGroup) * (groups > 1 ? along : 0) + ((start / inner) % along)]!;
    for (let i = start; i < start + inner; i++) result[i] = data[i]! * factor;
  }
  return { dtype: "float32", shape, data: result };
}
