import { scope } from "../../scope.ts";
import type { Constant, Graph, GraphNode } from "../graph.ts";
import { compute, type Operators } from "../operator.ts";
import { Value } from "../value.ts";

// Operators whose results differ from run to run.
const random = new Set(["RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli", "Dropout"]);

/** Computes nodes that read nothing but constants, once and for all. */
export function foldConstants(graph: Graph, operators: Operators): Graph {
  const constants = new Map(graph.constants);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    const known = node.inputs.every((name) => name === "" || constants.has(name));
    const supported = operators.get(node.domain)?.has(node.op);
    if (!known || !supported || random.has(node.op)) {
      nodes.push(node);
      continue;
    }
    scope(() => {
      const inputs = node.inputs.map((name) => (name === "" ? undefined : Value.constant(constants.get(name)!)));
      const values = compute(operators, { node, opset: graph.opset, inputs });
      values.forEach((value, i) => node.outputs[i] && constants.set(node.outputs[i], toConstant(value)));
      for (const value of [...inputs, ...values]) value?.dispose();
    });
  }
  return { ...graph, nodes, constants };
}

function toConstant(value: Value): Constant {
  const numbers = value.numbers();
  const data = numbers instanceof Float32Array || numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
  return { dtype: value.dtype, shape: value.shape, data };
}
