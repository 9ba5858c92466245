// Small graphs for tests.

import type { Attribute, Constant, Graph, GraphNode, ValueInfo } from "../../src/graph/graph.ts";
import { randomArray } from "../array.ts";

let count = 0;

/** `op(inputs) -> outputs`, with attributes. */
export function node(op: string, inputs: string[], outputs: string[], attributes: Record<string, Attribute> = {}): GraphNode {
  return { op, domain: "", name: `${op}_${count++}`, inputs, outputs, attributes: new Map(Object.entries(attributes)) };
}

/** Random numbers of a shape. */
export function floats(shape: number[], seed: number = 1): Constant {
  return { dtype: "float32", shape, data: Float32Array.from(randomArray(shape, seed).data) };
}

/** Random numbers between 1/2 and 3/2. */
export function positive(shape: number[], seed: number = 1): Constant {
  const { data, ...rest } = floats(shape, seed);
  const least = Math.min(...data), most = Math.max(...data);
  return { ...rest, data: Float32Array.from(data, (one) => 0.5 + (one - least) / (most - least || 1)) };
}

/** One number. */
export function value(number: number): Constant {
  return { dtype: "float32", shape: [], data: Float32Array.of(number) };
}

export function integers(values: number[]): Constant {
  return { dtype: "int64", shape: [values.length], data: Float64Array.from(values) };
}

/** The graph with other outputs, floats. */
export function withOutputs(graph: Graph, ...names: string[]): Graph {
  return { ...graph, outputs: names.map((name) => ({ name, dtype: "float32", shape: undefined })) };
}

/** A graph from its nodes; the input "x" and the output "y" are floats. */
export function graphOf(nodes: GraphNode[], constants: Record<string, Constant>, shape: (number | string)[] | undefined = undefined): Graph {
  const info = (name: string, shape: ValueInfo["shape"]): ValueInfo => ({ name, dtype: "float32", shape });
  return { name: "test", opset: 17, nodes, inputs: [info("x", shape)], outputs: [info("y", undefined)], constants: new Map(Object.entries(constants)) };
}
