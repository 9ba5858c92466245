import { type Call, GraphError } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { matmul } from "../../ops/matmul.ts";
import { permute } from "../../ops/permute.ts";
import { reshape } from "../../ops/reshape.ts";
import { sum } from "../../ops/sum.ts";
import { format, ShapeError, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { floats } from "./arguments.ts";

/** A tensor whose axes have names, one letter each. */
interface Named {
  readonly x: Tensor;
  readonly axes: string;
}

/**
 * Einstein's sums, two factors at a time: letters that both have and the result keeps are batches of one matrix product, those
 * that it drops are summed by it.
 */
export function einsum(call: Call): Value {
  const equation = String(call.node.attributes.get("equation") ?? "").replaceAll(" ", "");
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  // One letter for every axis, each once in a term: no diagonals and no "...".
  if (!/^[a-z,]*(->[a-z]*)?$/i.test(equation) || terms.some((term) => new Set(term).size < term.length)) {
    throw new GraphError(`attribute "equation" ${JSON.stringify(equation)} is not supported: letters, each once in a term`, call.node);
  }
  const letters = [...left.replaceAll(",", "")];
  const result = right ?? [...new Set(letters)].filter((one) => letters.indexOf(one) === letters.lastIndexOf(one)).sort().join("");
  if (terms.length !== call.inputs.length || [...result].some((one) => !letters.includes(one)) || new Set(result).size < result.length) {
    throw new GraphError(`attribute "equation" ${JSON.stringify(equation)} does not fit ${call.inputs.length} inputs`, call.node);
  }
  const lengths = new Map<string, number>();
  const factors = terms.map((axes, i): Named => {
    const x = floats(call, i).tensor();
    if (x.shape.length !== axes.length) throw new ShapeError(`input ${i} must have the axes ${axes}, its shape is ${format(x.shape)}`);
    [...axes].forEach((axis, k) => {
      if ((lengths.get(axis) ?? x.shape[k]) !== x.shape[k]) {
        throw new ShapeError(`axis ${axis} is ${lengths.get(axis)} and ${x.shape[k]} long`);
      }
      lengths.set(axis, x.shape[k]!);
    });
    return { x, axes };
  });
  const total = factors.reduce((product, factor, i) => {
    const later = factors.slice(i + 1).map(({ axes }) => axes).join("") + result;
    return times(product, factor, later, lengths);
  });
  return Value.of(arranged(without(total, (axis) => !result.includes(axis)), result).x, floats(call, 0).dtype);
}

function times(a: Named, b: Named, later: string, lengths: ReadonlyMap<string, number>): Named {
  // What only one of them has, and nobody asks for later, is summed first.
  a = without(a, (axis) => !b.axes.includes(axis) && !later.includes(axis));
  b = without(b, (axis) => !a.axes.includes(axis) && !later.includes(axis));
  const pick = (axes: string, keep: (axis: string) => boolean): string => [...axes].filter(keep).join("");
  const batch = pick(a.axes, (axis) => b.axes.includes(axis) && later.includes(axis));
  const inner = pick(a.axes, (axis) => b.axes.includes(axis) && !later.includes(axis));
  const rows = pick(a.axes, (axis) => !b.axes.includes(axis)), columns = pick(b.axes, (axis) => !a.axes.includes(axis));
  const size = (axes: string): number => sizeOf([...axes].map((axis) => lengths.get(axis)!));
  const left = reshape(arranged(a, batch + rows + inner).x, [size(batch), size(rows), size(inner)]);
  const right = reshape(arranged(b, batch + inner + columns).x, [size(batch), size(inner), size(columns)]);
  const axes = batch + rows + columns;
  return { x: reshape(matmul(left, right), [...axes].map((axis) => lengths.get(axis)!)), axes };
}

function without({ x, axes }: Named, drop: (axis: string) => boolean): Named {
  const dims = [...axes].flatMap((axis, k) => (drop(axis) ? [k] : []));
  return dims.length === 0 ? { x, axes } : { x: sum(x, dims), axes: [...axes].filter((axis) => !drop(axis)).join("") };
}

function arranged({ x, axes }: Named, order: string): Named {
  return { x: permute(x, [...order].map((axis) => axes.indexOf(axis))), axes: order };
}
