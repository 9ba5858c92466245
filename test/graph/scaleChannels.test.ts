import { describe, expect, it } from "vitest";
import type { Graph, GraphNode } from "../../src/graph/graph.ts";
import { optimise } from "../../src/graph/optimise.ts";
import { scaleChannels } from "../../src/graph/passes/scaleChannels.ts";
import { Session } from "../../src/graph/session.ts";
import { scope } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { randomArray } from "../array.ts";
import { checkClose, toTensor } from "../check.ts";
import { floats, graphOf, node } from "./build.ts";

const c = 5;
const variance = { ...floats([c], 4), data: floats([c], 4).data.map((value) => Math.abs(value) + 0.1) };
const constants = { gamma: floats([c], 1), beta: floats([c], 2), mean: floats([c], 3), variance, w: floats([c, c, 1, 1], 5) };

// A densely connected layer's beginning: the normalisation stands behind a concatenation and before its activation.
function graph(activation: GraphNode, shape: number[] = [2, c, 6, 7]): Graph {
  return graphOf([
    node("BatchNormalization", ["x", "gamma", "beta", "mean", "variance"], ["a"], { epsilon: 1e-3 }),
    activation,
  ], constants, shape);
}

function run(one: Graph, shape: number[]): Float32Array {
  return scope(() => {
    const session = new Session(one, onnxOperators);
    const y = session.run({ x: toTensor(randomArray(shape, 6)) })["y"]!.data() as Float32Array;
    session.dispose();
    return y;
  });
}

describe("scaleChannels", () => {
  it.each([[2, c, 9], [2, c, 6, 7], [1, c, 3, 4, 5]])("makes one pass of normalisation and activation: [%i, %i, %i, ...]", (...shape) => {
    for (const activation of [node("Relu", ["a"], ["y"]), node("LeakyRelu", ["a"], ["y"], { alpha: 0.2 }), node("HardSwish", ["a"], ["y"])]) {
      const plain = graph(activation, shape);
      const fused = optimise(plain, onnxOperators).graph;
      expect(fused.nodes.map(({ domain, op }) => `${domain}.${op}`)).toEqual(["adjoint.Conv"]);
      checkClose("y", run(fused, shape), run(plain, shape), 8);
    }
  });

  it("finds the number of axes behind concatenations and poolings", () => {
    const plain = graphOf([
      node("Conv", ["x", "w"], ["p"]),
      node("MaxPool", ["p"], ["q"], { kernel_shape: [2, 2] }),
      node("Concat", ["q"], ["r"], { axis: 1 }),
      node("BatchNormalization", ["r", "gamma", "beta", "mean", "variance"], ["a"]),
      node("Relu", ["a"], ["y"]),
    ], constants);
    const fused = optimise(plain, onnxOperators).graph;
    expect(fused.nodes.map(({ op }) => op)).toEqual(["Conv", "MaxPool", "Concat", "Conv"]);
    checkClose("y", run(fused, [2, c, 6, 7]), run(plain, [2, c, 6, 7]), 4 * c);
  });

  it("leaves normalisations of unknown rank or of rows, and those without an activation", () => {
    const relu = node("Relu", ["a"], ["y"]);
    for (const plain of [graphOf([...graph(relu).nodes], constants), graph(relu, [2, c]), graph(node("Softmax", ["a"], ["y"]))]) {
      expect(scaleChannels(plain)).toBe(plain);
    }
  });
});
