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
  return writeOnnx(traceModel("toOnnx", model, options.input));
}
