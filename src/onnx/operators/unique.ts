import type { Call } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { sizeOf } from "../../shape.ts";
import { axisOf, input, int } from "./arguments.ts";
import { reshaped, selected } from "./moving.ts";
import { rowMajor } from "./numbers.ts";

/** Each number, or each slice along an axis, once: in ascending order, or as they come. */
export function unique(call: Call): Value[] {
  const x = input(call, 0), flat = call.node.attributes.has("axis") ? x : reshaped(x, [sizeOf(x.shape)]);
  const axis = axisOf(call, 0, flat.shape), length = flat.shape[axis]!, data = flat.numbers(), inner = rowMajor(flat.shape)[axis]!;
  const outer = length === 0 ? 0 : data.length / length / inner;
  const slices = Array.from({ length }, (_, at) => {
    return Array.from({ length: outer * inner }, (_, i) => data[(Math.floor(i / inner) * length + at) * inner + (i % inner)]!);
  });
  const places = new Map<string, number[]>();
  slices.forEach((slice, at) => {
    const key = slice.join();
    places.set(key, [...(places.get(key) ?? []), at]);
  });
  const groups = [...places.values()];
  const compare = (a: readonly number[], b: readonly number[]): number => {
    const i = a.findIndex((value, k) => value !== b[k]);
    return i < 0 ? 0 : a[i]! - b[i]!;
  };
  if (int(call, "sorted", 1) !== 0) groups.sort(([a], [b]) => compare(slices[a!]!, slices[b!]!));
  const inverse = new Float64Array(length);
  groups.forEach((group, i) => group.forEach((at) => (inverse[at] = i)));
  const list = (numbers: ArrayLike<number>): Value => Value.known("int64", [numbers.length], numbers);
  const first = groups.map(([at]) => at!);
  return [selected(flat, axis, first), list(first), list(inverse), list(groups.map((group) => group.length))];
}
