import { Links, replaceNodes } from "../graph/edit.ts";
import type { Constant, Graph, GraphNode } from "../graph/graph.ts";
import { removeIdentities } from "../graph/passes/removeIdentities.ts";
import { traceModel } from "../graph/trace.ts";
import { checkOptions } from "../shape.ts";
import type { Module } from "../layers/module.ts";
import { writeOnnx } from "./write.ts";

/** What a model is traced with. */
export interface TraceOptions {
  /** Shape of the input, batch included; a name instead of the batch's length leaves it free. */
  input: readonly (number | string)[];
}

/**
 * Writes a model as an ONNX file (operator set 21), to leave for any engine: ONNX Runtime, Triton, a phone. The model is traced
 * in evaluation for one input; parameters keep their names.
 *
 * @param model any module whose `forward` takes one tensor
 * @param options input, the shape, where a name instead of the batch's length leaves it free
 * @returns the file's bytes; the input is called "input", the output "output"
 * @throws TypeError if model is no module or input no shape; ShapeError if the model does not take it; GraphError if an operation
 *   in the model has no form in ONNX here
 * @example
 * await writeFile("model.onnx", toOnnx(model, { input: ["batch", 1, 28, 28] }));
 */
export function toOnnx(model: Module, options: TraceOptions): Uint8Array {
  checkOptions("toOnnx", options);
  return writeOnnx(nameAxes(removeIdentities(traceModel("toOnnx", model, options.input))));
}

// ONNX Runtime (1.30) merges a border of zeros into the max pooling behind it, whose own padding is less than any number, unless
// the border names its axes.
function nameAxes(graph: Graph): Graph {
  const links = new Links(graph);
  const changes = new Map<GraphNode, GraphNode>(), constants = new Map<string, Constant>();
  for (const pad of graph.nodes) {
    if (pad.op !== "Pad" || !links.readers(pad.outputs[0]!).some(({ op }) => op === "MaxPool")) continue;
    const rank = graph.constants.get(pad.inputs[1]!)!.data.length / 2, axes = `${pad.name}_axes`;
    constants.set(axes, { dtype: "int64", shape: [rank], data: Float64Array.from({ length: rank }, (_, axis) => axis) });
    changes.set(pad, { ...pad, inputs: [...pad.inputs, axes] });
  }
  return replaceNodes(graph, changes, constants);
}
