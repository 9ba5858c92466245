// From the bytes of an ONNX file to a graph: names resolved, functions replaced by their bodies, constants decoded, nodes in
// order. What the operators mean is not looked at here.

import { type Bytes, toBytes } from "../bytes.ts";
import type { Attribute, Constant, Graph, GraphNode, ValueInfo } from "../graph/graph.ts";
import { GraphError, type Operators } from "../graph/operator.ts";
import { elementType, type External, readConstant, readSparse } from "./constants.ts";
import { Functions } from "./functions.ts";
import { inOrder } from "./order.ts";
import { type AttributeProto, type GraphProto, type NodeProto, readModel, type ValueInfoProto } from "./proto.ts";
import { withoutSequences } from "./sequences.ts";

/** Options of `readOnnx`. */
export interface ReadOptions {
  /** Reads numbers that lie in files beside the model. */
  external?: External;
}

/**
 * Reads an ONNX model.
 *
 * @param bytes the file; numbers of float32 stay where they lie in it, where they are aligned
 * @throws GraphError if the bytes are no model, are cut off or contradict themselves; TypeError if they are no bytes
 * @example
 * const graph = readOnnx(await readFile("model.onnx"));
 */
export function readOnnx(bytes: Bytes, options: ReadOptions = {}): Graph {
  const model = readModel(toBytes("readOnnx", bytes));
  if (!model.graph) throw new GraphError("the file holds no graph: it is no ONNX model");
  // Files from before operator sets were numbered follow the first.
  const opset = model.opsets.get("") ?? model.functions.find(({ opsets }) => opsets.has(""))?.opsets.get("") ?? 1;
  const reader: Reader = { opset, external: options.external, functions: new Functions(model, opset) };
  const { graph, outer } = readGraph(model.graph, reader, 0);
  for (const [name, by] of outer) throw new GraphError(`input "${name}" is made by no node`, by);
  return graph;
}

/**
 * Checks that all operators of a graph, and of the graphs in its nodes, are there.
 *
 * @throws GraphError that names all which are missing, and the nodes that need them
 */
export function checkOperators(graph: Graph, operators: Operators): void {
  const missing = missingOperators(graph, operators);
  if (missing.size === 0) return;
  const list = [...missing].map(([op, nodes]) => {
    const named = nodes.slice(0, 3).map((name) => `"${name}"`).join(", ");
    return `${op} (${named}${nodes.length > 3 ? ` and ${nodes.length - 3} more` : ""})`;
  });
  throw new GraphError(`the model needs operators that are not supported: ${list.join(", ")}`);
}

/** The nodes whose operators are not supported, by operator. */
export function missingOperators(graph: Graph, operators: Operators): Map<string, string[]> {
  const missing = new Map<string, string[]>();
  const visit = ({ nodes }: Graph): void => {
    for (const { op, domain, name, outputs, attributes } of nodes) {
      if (!operators.get(domain)?.has(op)) {
        const title = domain === "" ? op : `${domain}.${op}`;
        missing.set(title, [...(missing.get(title) ?? []), name || outputs[0] || ""]);
      }
      for (const value of attributes.values()) if (isGraph(value)) visit(value);
    }
  };
  visit(graph);
  return missing;
}

function isGraph(value: Attribute): value is Graph {
  return typeof value === "object" && "nodes" in value;
}

/** Adds a constant to the graph around. */
type Lift = (name: string, constant: Constant) => void;

interface Reader {
  readonly opset: number;
  readonly external: External | undefined;
  readonly functions: Functions;
}

/** A graph, and the values around it that it reads, each with a node that does. */
interface ReadGraph {
  readonly graph: Graph;
  readonly outer: ReadonlyMap<string, GraphNode | undefined>;
}

// Functions that call themselves in a subgraph nest without end.
const MOST_LEVELS = 32;

function readGraph(proto: GraphProto, reader: Reader, level: number): ReadGraph {
  if (level > MOST_LEVELS) throw new GraphError(`graphs are nested more than ${MOST_LEVELS} levels deep`);
  const constants = new Map<string, Constant>();
  // Constants of kinds that nobody can read are refused where they are used.
  const refused = new Map<string, string>();
  const define = (name: string, read: () => Constant): void => {
    if (constants.has(name) || refused.has(name)) throw new GraphError(`the initializer "${name}" is there twice`);
    try {
      constants.set(name, read());
    } catch (error) {
      if (!(error instanceof GraphError && error.message.endsWith("not supported"))) throw error;
      refused.set(name, error.message);
    }
  };
  for (const tensor of proto.initializers) define(tensor.name, () => readConstant(tensor, `initializer "${tensor.name}"`, reader.external));
  for (const sparse of proto.sparseInitializers) {
    define(sparse.values.name, () => readSparse(sparse, `initializer "${sparse.values.name}"`, reader.external));
  }
  // Old files list initializers among the inputs too.
  const inputs = proto.inputs.filter(({ name }) => !constants.has(name) && !refused.has(name)).map((info) => readInfo(info, "input"));
  const given = new Set(inputs.map(({ name }) => name));
  if (given.size < inputs.length) throw new GraphError("two inputs of the graph have one name");
  for (const name of [...constants.keys(), ...refused.keys()]) given.add(name);

  // Constants of inner graphs are this one's: a session keeps them for all runs.
  const lift: Lift = (name, constant) => {
    define(name, () => constant);
    given.add(name);
  };
  const nodes: GraphNode[] = [];
  const made = new Set<string>();
  for (const node of reader.functions.inline(proto.nodes)) {
    const [output = ""] = node.outputs;
    if (node.op === "Constant" && node.domain === "" && output !== "" && !given.has(output)) {
      define(output, () => constantOf(node, reader, level, lift));
      given.add(output);
    } else {
      nodes.push(readNode(node, reader, level, lift));
    }
  }
  for (const { outputs } of nodes) for (const name of outputs) made.add(name);
  const outer = new Map<string, GraphNode | undefined>();
  for (const node of nodes) {
    for (const name of node.inputs) {
      if (refused.has(name)) throw new GraphError(refused.get(name)!, node);
      if (name !== "" && !made.has(name) && !given.has(name) && !outer.has(name)) outer.set(name, node);
    }
  }
  for (const { name } of proto.outputs) {
    if (refused.has(name)) throw new GraphError(refused.get(name)!);
    if (!made.has(name) && !given.has(name) && !outer.has(name)) outer.set(name, undefined);
  }
  const graph: Graph = {
    name: proto.name,
    opset: reader.opset,
    nodes: withoutSequences(inOrder(nodes, given), constants, (name) => proto.outputs.some((output) => output.name === name)),
    // What a subgraph reads of the graph around it, it is handed as further inputs.
    inputs: [...inputs, ...[...outer.keys()].map((name): ValueInfo => ({ name, dtype: "float32", shape: undefined }))],
    outputs: proto.outputs.map((info) => readInfo(info, "output")),
    constants,
  };
  return { graph, outer };
}

function readInfo({ name, type, shape }: ValueInfoProto, what: "input" | "output"): ValueInfo {
  if (type === undefined || type === 0) {
    // Outputs, and the inputs of subgraphs, need not be described.
    return { name, dtype: "float32", shape: undefined };
  }
  return {
    name,
    dtype: elementType(type, `${what} "${name}"`),
    shape: shape?.map((length) => (typeof length === "number" && length < 0 ? "?" : length)),
  };
}

/** The attribute that tells how many of a node's last inputs are read by the graphs inside of it. */
export const AROUND = "adjoint:around";

function readNode(proto: NodeProto, reader: Reader, level: number, lift: Lift): GraphNode {
  const { op, domain, name, inputs, outputs } = proto;
  const attributes = new Map<string, Attribute>();
  const around: string[] = [];
  const node = { op, domain, name, inputs, outputs, attributes };
  for (const attribute of proto.attributes) {
    const value = readAttribute(attribute, node, reader, level, lift, around);
    if (value !== undefined) attributes.set(attribute.name, value);
  }
  if (around.length === 0) return node;
  attributes.set(AROUND, around.length);
  return { ...node, inputs: [...inputs, ...around] };
}

// Kinds of attributes, by the numbers of AttributeProto.AttributeType.
const FLOAT = 1, INT = 2, STRING = 3, TENSOR = 4, GRAPH = 5, FLOATS = 6, INTS = 7, STRINGS = 8, SPARSE = 11;

function readAttribute(
  proto: AttributeProto, node: GraphNode, reader: Reader, level: number, lift: Lift, around: string[],
): Attribute | undefined {
  const { name, tensor, sparse, graph } = proto;
  const what = `attribute "${name}"`;
  if (proto.reference) throw new GraphError(`${what} refers to a function's "${proto.reference}", but stands in none`, node);
  try {
    switch (proto.type || guessType(proto)) {
      case FLOAT: return proto.f ?? 0;
      case INT: return proto.i ?? 0;
      case STRING: return proto.s ?? "";
      case TENSOR: return tensor && readConstant(tensor, what, reader.external);
      case FLOATS: return proto.floats;
      case INTS: return proto.ints;
      case STRINGS: return proto.strings;
      case SPARSE: return sparse && readSparse(sparse, what, reader.external);
      case GRAPH: {
        if (!graph) return undefined;
        const read = readGraph(graph, reader, level + 1);
        around.push(...read.outer.keys());
        const inputs = [...read.graph.inputs];
        for (const [inner, constant] of read.graph.constants) {
          const outer = `${node.outputs[0] ?? ""}/${name}/${inner}`;
          lift(outer, constant);
          around.push(outer);
          inputs.push({ name: inner, dtype: constant.dtype, shape: constant.shape });
        }
        return { ...read.graph, inputs, constants: new Map() };
      }
      // Others occur in no operator that is read.
      default: return undefined;
    }
  } catch (error) {
    if (error instanceof GraphError && !error.node) throw new GraphError(error.message, node, { cause: error });
    throw error;
  }
}

// Old files do not tell.
function guessType({ f, i, s, tensor, graph, floats, ints, strings }: AttributeProto): number {
  if (f !== undefined) return FLOAT;
  if (i !== undefined) return INT;
  if (s !== undefined) return STRING;
  if (tensor) return TENSOR;
  if (graph) return GRAPH;
  return floats.length > 0 ? FLOATS : strings.length > 0 ? STRINGS : ints.length > 0 ? INTS : 0;
}

/** The value of a Constant node. */
function constantOf(proto: NodeProto, reader: Reader, level: number, lift: Lift): Constant {
  const { attributes, ...node } = readNode(proto, reader, level, lift);
  for (const [name, value] of attributes) {
    if ((name === "value" || name === "sparse_value") && typeof value === "object" && "data" in value) return value;
    if (name === "value_float") return { dtype: "float32", shape: [], data: Float32Array.of(value as number) };
    if (name === "value_int") return { dtype: "int64", shape: [], data: Float64Array.of(value as number) };
    const list = value as readonly number[];
    if (name === "value_floats") return { dtype: "float32", shape: [list.length], data: Float32Array.from(list) };
    if (name === "value_ints") return { dtype: "int64", shape: [list.length], data: Float64Array.from(list) };
    if (name === "value_string" || name === "value_strings") throw new GraphError(`attribute "${name}" is text, which is not supported`);
  }
  throw new GraphError("it has no value", { ...node, attributes });
}
