// Lists of tensors, as PyTorch's exporter writes for `split`, `unbind` and `stack`, are resolved while a file is read: whoever takes
// an element reads the tensor that it is, or a part of the one that was split. A list that nobody resolves stays, and is refused.

import type { Constant, GraphNode } from "../graph/graph.ts";

/** A list: of named values, or the parts of one. */
type Sequence = readonly string[] | GraphNode;

/**
 * The nodes without the lists between them.
 *
 * @param nodes in order
 * @param isOutput tells what the graph hands out: its lists stay
 */
export function withoutSequences(
  nodes: readonly GraphNode[], constants: ReadonlyMap<string, Constant>, isOutput: (name: string) => boolean,
): GraphNode[] {
  const sequences = new Map<string, Sequence>();
  const position = (name: string | undefined, length: number): number | undefined => {
    const at = constants.get(name ?? "")?.data[0];
    return at === undefined ? undefined : at < 0 ? at + length : at;
  };
  const rewritten = nodes.map((node): GraphNode => {
    if (node.domain !== "") return node;
    const [first = "", second = ""] = node.inputs, [output = ""] = node.outputs;
    const sequence = sequences.get(first);
    const list = Array.isArray(sequence) ? sequence as readonly string[] : undefined;
    switch (node.op) {
      case "SplitToSequence": sequences.set(output, node); break;
      case "SequenceEmpty": sequences.set(output, []); break;
      case "SequenceConstruct": sequences.set(output, node.inputs); break;
      case "Identity": if (sequence) sequences.set(output, sequence); break;
      case "SequenceInsert": {
        const at = node.inputs[2] ? position(node.inputs[2], list?.length ?? 0) : list?.length;
        if (list && at !== undefined) sequences.set(output, [...list.slice(0, at), second, ...list.slice(at)]);
        break;
      }
      case "SequenceAt": {
        const at = position(second, list?.length ?? 0);
        const element = list && at !== undefined ? list[at] : undefined;
        if (element !== undefined) return { ...node, op: "Identity", inputs: [element] };
        if (!sequence || list) break;
        const { inputs: [x = "", split = ""], attributes } = sequence as GraphNode;
        return { ...node, domain: "adjoint", inputs: [x, second, split], attributes };
      }
      case "ConcatFromSequence": if (list) return { ...node, domain: "adjoint", inputs: list };
    }
    return node;
  });
  const read = new Set(rewritten.filter(({ outputs }) => !sequences.has(outputs[0] ?? "")).flatMap(({ inputs }) => inputs));
  return rewritten.filter(({ outputs: [output = ""] }) => !sequences.has(output) || read.has(output) || isOutput(output));
}
