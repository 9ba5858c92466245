// Every operation, traced: what its graph computes must be what it computes itself, planned, optimised, and written to an ONNX
// file and read again.

import { describe, expect, it } from "vitest";
import { GraphError } from "../../src/graph/operator.ts";
import { optimise } from "../../src/graph/optimise.ts";
import { Session } from "../../src/graph/session.ts";
import { trace } from "../../src/graph/trace.ts";
import { scope, type Tensor } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { readOnnx } from "../../src/onnx/read.ts";
import { writeOnnx } from "../../src/onnx/write.ts";
import { randomArray } from "../array.ts";
import { checkClose, title, toTensor } from "../check.ts";
import type { Case, OpSpec } from "../specs/spec.ts";
import { specs } from "../specs/index.ts";

// Operations that have no form in ONNX, or in some of their cases none.
const without: Record<string, string> = {
  adaptiveAvgPool1d: "windows of unequal sizes",
  adaptiveAvgPool2d: "windows of unequal sizes",
  adaptiveAvgPool3d: "windows of unequal sizes",
  adaptiveMaxPool1d: "windows of unequal sizes",
  adaptiveMaxPool2d: "windows of unequal sizes",
  adaptiveMaxPool3d: "windows of unequal sizes",
  binaryCrossEntropy: "a loss",
  col2im: "an adjoint",
  conv1d: "paddingMode mean",
  conv2d: "paddingMode mean",
  conv3d: "paddingMode mean",
  convolve2d: "filters that are computed, to be turned",
  crossEntropy: "a loss",
  "crossEntropy of probabilities": "a loss",
  dropout: "training",
  flipFilters: "an adjoint's part",
  im2col: "an adjoint's part",
  localResponseNorm: "windows of even size",
  maxUnpool2d: "indices that are computed",
  nllLoss: "a loss",
  softmaxCrossEntropy: "a loss",
  softplus: "a threshold below 20",
};

/** With all arguments as inputs, or with those behind the first as constants, as a model's weights are. */
function check<O>(spec: OpSpec<O>, { shapes, options }: Case<O>, constant: boolean): void {
  scope(() => {
    const tensors = shapes.map((shape, i) => toTensor(randomArray(shape, i + 1)));
    const expected = spec.run(tensors, options);
    const feeds = Object.fromEntries(tensors.slice(0, constant ? 1 : undefined).map((x, i) => [`x${i}`, x]));
    const graph = trace("trace", () => spec.run(tensors, options), new Map(Object.entries(feeds)));
    const terms = spec.terms(shapes, options);
    const files = { traced: graph, optimised: optimise(graph, onnxOperators).graph, read: readOnnx(writeOnnx(graph)) };
    for (const [name, one] of Object.entries(files)) {
      const session = new Session(one, onnxOperators);
      const y = session.run(feeds)["output"] as Tensor;
      expect(y.shape, name).toEqual(expected.shape);
      checkClose(`${spec.name}, ${name}`, y.data(), expected.data(), terms);
      session.dispose();
    }
  });
}

describe("traced operations", () => {
  for (const spec of specs) {
    const cases = spec.cases.filter(({ shapes }) => shapes.every((shape) => shape.every((length) => length > 0)));
    it(spec.name, () => {
      let traced = 0;
      for (const one of cases) {
        try {
          check(spec, one, false);
          if (one.shapes.length > 1) check(spec, one, true);
          traced++;
        } catch (error) {
          if (!(error instanceof GraphError && error.message.includes("no form in ONNX") && spec.name in without)) {
            throw new Error(`${title(one)}: ${(error as Error).message}`, { cause: error });
          }
        }
      }
      if (!(spec.name in without)) expect(traced).toBe(cases.length);
    });
  }
});
