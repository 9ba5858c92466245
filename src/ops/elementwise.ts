// What elementwise operations of several operands share: checks, the result's shape and layout, and how gradients find back
// through the repetition.

import { broadcastPtr, broadcastShape, numberPtr } from "../broadcast.ts";
import { describe, sameShape } from "../shape.ts";
import { checkTensor, defaultLayout, type DType, empty, Tensor, toLayout } from "../tensor.ts";
import type { Edge } from "../tape.ts";
import { sumTo } from "./expand.ts";

/** A tensor, or a number that stands for a tensor of any shape with this value everywhere. */
export type Operand = Tensor | number;

/**
 * y = f(operands), elementwise, not recorded. The result has the layout of the first operand that is as large as itself.
 *
 * @param kernel computes y from the geometry of a broadcast and the operands' addresses
 * @param operands by name, for messages; at least one must be a tensor, at most one may be a number
 */
export function elementwise(
  op: string, kernel: (geometry: number, ...ptrs: number[]) => void, operands: Record<string, Tensor<DType> | number>, dtype: DType = "float32",
): Tensor {
  const entries = Object.entries(operands);
  const tensors = entries.filter((entry): entry is [string, Tensor<DType>] => typeof entry[1] !== "number");
  if (tensors.length === 0) throw new TypeError(`${op}: ${entries.map(([name]) => name).join(" or ")} must be a tensor, all are numbers`);
  for (const [name, x] of tensors) {
    if (!((x as unknown) instanceof Tensor)) throw new TypeError(`${op}: ${name} must be a tensor or a number, got ${describe(x)}`);
    checkTensor(op, name, x, dtype);
  }
  const shape = broadcastShape(op, tensors);
  const full = tensors.find(([, x]) => sameShape(x.shape, shape));
  const layout = full?.[1].layout ?? defaultLayout(shape);
  const y = empty(shape, layout);
  if (y.size === 0) return y;
  // As large as the result but in another order: turning it as a whole is cheaper than gathering it element by element.
  const ready = entries.map(([, x]) => (typeof x !== "number" && x.layout !== layout && x.size === y.size ? toLayout(x, layout) : x));
  const geometry = broadcastPtr(y, ready);
  kernel(geometry, ...ready.map((x) => (typeof x === "number" ? numberPtr(x, dtype) : x.ptr)), y.ptr);
  ready.forEach((x, i) => {
    if (x !== entries[i]![1]) (x as Tensor).dispose();
  });
  return y;
}

/** The edge towards an operand: what reaches it is summed over the axes along which it was repeated. A number has none. */
export function toward(x: Operand, adjoint: (dy: Tensor) => Tensor): Edge[] {
  return typeof x === "number" ? [] : [[x, (dy) => sumTo(adjoint(dy), x.shape)]];
}
