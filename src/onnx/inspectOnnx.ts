import type { Bytes } from "../bytes.ts";
import type { Graph, ValueInfo } from "../graph/graph.ts";
import { onnxOperators } from "./operators/index.ts";
import { missingOperators, readOnnx, type ReadOptions } from "./read.ts";

/** What is in a model. */
export interface OnnxReport {
  opset: number;
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  /** Numbers among the model's weights. */
  parameters: number;
  /** How many nodes there are of each operator, most frequent first. */
  operators: Map<string, number>;
  /** The nodes whose operators do not run here, by operator. */
  unsupported: Map<string, string[]>;
}

/**
 * Tells what is in an ONNX model, without preparing it to run.
 *
 * @param bytes the file
 * @param options external, a function that reads weights from files beside the model
 * @throws TypeError if bytes are no bytes; GraphError if they are no valid model
 * @example
 * const { operators, unsupported } = inspectOnnx(bytes);
 */
export function inspectOnnx(bytes: Bytes, options: ReadOptions = {}): OnnxReport {
  const graph: Graph = readOnnx(bytes, options);
  const counts = new Map<string, number>();
  for (const { op, domain } of graph.nodes) {
    const name = domain === "" ? op : `${domain}.${op}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const floats = [...graph.constants.values()].filter(({ data }) => data instanceof Float32Array);
  return {
    opset: graph.opset,
    inputs: graph.inputs,
    outputs: graph.outputs,
    parameters: floats.reduce((sum, { data }) => sum + data.length, 0),
    operators: new Map([...counts].sort((a, b) => b[1] - a[1])),
    unsupported: missingOperators(graph, onnxOperators),
  };
}
