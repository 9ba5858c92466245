// Graphs before and after a pass.

import { expect } from "vitest";
import type { Graph } from "../../src/graph/graph.ts";
import type { Operators } from "../../src/graph/operator.ts";
import { Session } from "../../src/graph/session.ts";
import { memory, scope } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { randomArray } from "../array.ts";
import { checkClose, toTensor } from "../check.ts";

/** What rewrites a graph. */
export type Pass = (graph: Graph, operators: Operators) => Graph;

// The longest sum of the graphs below, in which a few roundings follow each other.
const TERMS = 300;

/** Runs a graph as it is and passed, checks that all outputs are equal, and returns the passed one. */
export function passed(pass: Pass, graph: Graph, shape: readonly number[] = [2, 4, 6, 5]): Graph {
  const after = pass(graph, onnxOperators);
  expect(after.outputs).toEqual(graph.outputs);
  expect(after.inputs).toEqual(graph.inputs);
  const alive = memory().bytes;
  const [expected, got] = [graph, after].map((one) => {
    const session = new Session(one, onnxOperators);
    const outputs = scope(() => {
      const x = toTensor(randomArray(shape, 17));
      return Object.values(session.run({ x })).map((y) => ({ shape: y.shape, data: y.data() }));
    });
    session.dispose();
    return outputs;
  });
  got!.forEach((y, i) => {
    expect(y.shape).toEqual(expected![i]!.shape);
    checkClose(graph.outputs[i]!.name, y.data, expected![i]!.data, TERMS);
  });
  expect(memory().bytes).toBe(alive);
  return after;
}

/** Operators of a graph's nodes in order, "+" for fused ones. */
export function ops(graph: Graph): string {
  return graph.nodes.map(({ op, domain }) => (domain === "" ? op : `+${op}`)).join(" ");
}
