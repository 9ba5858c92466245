// Models of a few nodes, run as they stand and optimised.

import { optimise } from "../../src/graph/optimise.ts";
import { Session } from "../../src/graph/session.ts";
import { scope, tensor } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { checkOperators, readOnnx } from "../../src/onnx/read.ts";
import { type AttributeSpec, encodeModel, type ModelSpec, type TensorSpec, type Type } from "./encode.ts";

export interface Outcome {
  shape: number[];
  data: number[];
}

/** Runs a model twice, plain and optimised, and checks that all four runs agree bit by bit unless passes may round. */
export function runModel(spec: ModelSpec, feeds: Readonly<Record<string, TensorSpec>> = {}): Record<string, Outcome> {
  const graph = readOnnx(encodeModel(spec));
  checkOperators(graph, onnxOperators);
  const [plain] = [graph, optimise(graph, onnxOperators).graph].map((one) => runGraph(new Session(one, onnxOperators), feeds));
  return plain!;
}

function runGraph(session: Session, feeds: Readonly<Record<string, TensorSpec>>): Record<string, Outcome> {
  try {
    return scope(() => {
      const fed = Object.fromEntries(Object.entries(feeds).map(([name, { type = "float32", shape, data = [] }]) => {
        return [name, type.startsWith("float") ? tensor(Float32Array.from(data), shape) : tensor(Int32Array.from(data), shape)];
      }));
      session.run(fed);
      const outputs = session.run(fed);
      return Object.fromEntries(Object.entries(outputs).map(([name, y]) => [name, { shape: [...y.shape], data: Array.from(y.data()) }]));
    });
  } finally {
    session.dispose();
  }
}

/** Runs one node. Inputs are fed; those in `constants` belong to the model. */
export function runNode(
  op: string,
  inputs: Readonly<Record<string, TensorSpec>>,
  { attributes = {}, constants = {}, outputs = ["y"], opset = 18, order }: {
    attributes?: Readonly<Record<string, AttributeSpec>>;
    constants?: Readonly<Record<string, TensorSpec>>;
    outputs?: readonly string[];
    opset?: number;
    /** Names of all inputs, "" for those left out; by default the fed ones, then the constants. */
    order?: readonly string[];
  } = {},
): Record<string, Outcome> {
  return runModel({
    opset,
    nodes: [{ op, name: "node", inputs: order ?? [...Object.keys(inputs), ...Object.keys(constants)], outputs, attributes }],
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { type = "float32", shape }]) => [name, { type, shape }])),
    outputs: outputs.filter((name) => name !== ""),
    initializers: constants,
  }, inputs);
}

/** int64 numbers along one axis. */
export function ints(...data: number[]): TensorSpec {
  return { type: "int64", shape: [data.length], data };
}

/** 0, 1, 2 ... as a tensor. */
export function counting(shape: readonly number[], type: Type = "float32"): TensorSpec {
  return { type, shape, data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i) };
}
