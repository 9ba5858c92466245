// Graphs inside of nodes. What such a graph reads of the one around it, and its constants, the reader has added to the node's inputs.

import type { Graph } from "../../graph/graph.ts";
import { type Call, compute, GraphError, type Operators } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { isCapturing } from "../../runtime/capture.ts";
import { AROUND } from "../read.ts";
import { type Family, input, int, scalar } from "./arguments.ts";
import { reshaped } from "./moving.ts";
import { joined } from "./selection.ts";

// Each iteration that is planned adds its calls to the plan.
const MOST_ITERATIONS = 2 ** 16;

function evaluate(graph: Graph, inputs: readonly Value[], operators: Operators): Value[] {
  const values = new Map(graph.inputs.map(({ name }, i) => [name, inputs[i]!]));
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => (name === "" ? undefined : values.get(name)));
    compute(operators, { node, opset: graph.opset, inputs: read }).forEach((value, i) => values.set(node.outputs[i]!, value));
  }
  const outputs = graph.outputs.map(({ name }) => values.get(name)!);
  // Numbers that were asked for as tensors belong to no scope; in a plan the calls go on reading them.
  const lasting = new Set([...inputs, ...outputs]);
  if (!isCapturing()) for (const value of values.values()) if (!lasting.has(value)) value.dispose();
  return outputs;
}

function graphOf({ node }: Call, name: string): Graph {
  const graph = node.attributes.get(name);
  if (typeof graph !== "object" || !("nodes" in graph)) throw new GraphError(`attribute "${name}" must be a graph`, node);
  return graph;
}

function values(call: Call, from: number, count: number): Value[] {
  return Array.from({ length: count }, (_, i) => input(call, from + i));
}

/** The operators whose nodes hold graphs, which are made of `operators`. */
export function controlFlow(operators: Operators): Family {
  const choice = (call: Call): Value[] => {
    const yes = graphOf(call, "then_branch"), no = graphOf(call, "else_branch");
    const chosen = scalar(call, 0) ? yes : no;
    return evaluate(chosen, values(call, chosen === yes ? 1 : 1 + yes.inputs.length, chosen.inputs.length), operators);
  };

  const loop = (call: Call): Value[] => {
    const body = graphOf(call, "body");
    const captured = int(call, AROUND, 0), carried = call.inputs.length - 2 - captured;
    if (carried < 0 || body.inputs.length !== 2 + carried + captured || body.outputs.length < 1 + carried) {
      throw new GraphError("its body does not fit its inputs", call.node);
    }
    const around = values(call, 2 + carried, captured);
    const most = scalar(call, 0) ?? Infinity;
    let going = scalar(call, 1) ?? 1, state = values(call, 2, carried);
    const collected: Value[][] = [];
    for (let i = 0; i < most && going; i++) {
      if (i >= MOST_ITERATIONS) throw new GraphError(`it goes on beyond ${MOST_ITERATIONS} iterations`, call.node);
      const counters = [Value.known("int64", [], [i]), Value.known("bool", [], [going])];
      const [next, ...outputs] = evaluate(body, [...counters, ...state, ...around], operators);
      going = next!.numbers()[0]!;
      state = outputs.slice(0, carried);
      collected.push(outputs.slice(carried));
    }
    const stacks = body.outputs.slice(1 + carried).map((info, k) => {
      if (collected.length === 0) return Value.known(info.dtype, [0], []);
      return joined(collected.map((outputs) => reshaped(outputs[k]!, [1, ...outputs[k]!.shape])), 0);
    });
    return [...state, ...stacks];
  };

  return { If: choice, Loop: loop };
}
