// What is left of lists of tensors when a file has been read (`sequences.ts`).

import { type Call, GraphError } from "../../graph/operator.ts";
import type { Value } from "../../graph/value.ts";
import { type Family, axisOf, input, int, numbers, scalar } from "./arguments.ts";
import { relabelled, reshaped } from "./moving.ts";
import { along, joined } from "./selection.ts";

/** One part of x: inputs are x, its number, and the parts' lengths: one for all, a list, or none for parts of length 1. */
function sequenceAt(call: Call): Value {
  const x = input(call, 0), axis = axisOf(call, 0, x.shape), length = x.shape[axis]!;
  const split = call.inputs[2], lengths = numbers(call, 2) ?? [1];
  const even = !split || split.shape.length === 0, step = lengths[0] ?? 0;
  const count = even ? Math.ceil(length / step) : lengths.length;
  const given = scalar(call, 1)!, at = given < 0 ? given + count : given;
  if (!(at >= 0 && at < count)) throw new GraphError(`element ${given} does not exist in a list of ${count}`, call.node);
  const start = even ? at * step : lengths.slice(0, at).reduce((a, b) => a + b, 0);
  const own = even ? Math.min(step, length - start) : lengths[at]!;
  if (start + own > length) {
    throw new GraphError(`parts of ${lengths.join(", ")} do not make up axis ${axis} of length ${length}`, call.node);
  }
  const part = along(x, axis, start, own, 1);
  return split || int(call, "keepdims", 1) !== 0 ? part : relabelled(part, x.shape.filter((_, k) => k !== axis));
}

/** The list's elements, its inputs, side by side along an axis, or along a new one. */
function concatFromSequence(call: Call): Value {
  const values = call.inputs.map((_, i) => input(call, i)), [first] = values;
  if (!first) throw new GraphError("its list is empty", call.node);
  if (int(call, "new_axis", 0) === 0) return joined(values, axisOf(call, 0, first.shape));
  const axis = axisOf(call, 0, [...first.shape, 1]);
  return joined(values.map((value) => reshaped(value, [...value.shape.slice(0, axis), 1, ...value.shape.slice(axis)])), axis);
}

export const sequences: Family = {
  SequenceAt: sequenceAt,
  ConcatFromSequence: concatFromSequence,
};
