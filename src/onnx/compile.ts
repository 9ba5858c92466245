import { optimise } from "../graph/optimise.ts";
import { Session, type SessionOptions } from "../graph/session.ts";
import { traceModel } from "../graph/trace.ts";
import type { Module } from "../layers/module.ts";
import { checkOptions } from "../shape.ts";
import { onnxOperators } from "./operators/index.ts";
import type { TraceOptions } from "./toOnnx.ts";

/**
 * Makes a model of layers ready to run as fast as it can: batch normalisation folded into convolutions, activations and residual
 * sums fused, weights packed once, memory laid out ahead. The session has copies of the weights: train first.
 *
 * @param model any module whose `forward` takes one tensor
 * @param options input, the shape, where a name instead of the batch's length leaves it free; exact, convolutions without Winograd
 * @returns a session with the input "input" and the output "output"
 * @throws TypeError if model is no module or input no shape; ShapeError if the model does not take it; GraphError if an operation
 *   in the model has no form in ONNX here
 * @example
 * const session = compile(model, { input: [1, 3, 224, 224] });
 * const { output } = session.run({ input: x });
 */
export function compile(model: Module, options: TraceOptions & SessionOptions): Session {
  checkOptions("compile", options);
  const { graph, notes } = optimise(traceModel("compile", model, options.input), onnxOperators);
  return new Session(graph, onnxOperators, options, notes);
}
