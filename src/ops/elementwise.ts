// What elementwise operations of several operands share: checks, the result's shape and layout, and how gradients find back
// through the repetition.

import { broadcastPtr, broadcastShape, numberPtr } from "../broadcast.ts";
import { describe, sameShape, type Shape } from "../shape.ts";
import { checkTensor, defaultLayout, type DType, empty, Tensor, toLayout } from "../tensor.ts";
import type { Edge } from "../tape.ts";
import { sumTo } from "./expand.ts";

/** A tensor, or a number that stands for a tensor of any shape with this value everywhere. */
export type Operand = Tensor | number;

/** A tensor of any kind, or a number, by its name in messages. */
type Operands = Record<string, Tensor<DType> | number>;

/** Computes a dense y from the geometry of a broadcast and the operands' addresses. */
type Kernel = (geometry: number, ...ptrs: number[]) => void;

/** y = f(operands), elementwise with broadcasting, not recorded. At least one operand must be a tensor. */
export function elementwise(op: string, kernel: Kernel, operands: Operands): Tensor {
  return compute(kernel, Object.values(operands), commonShape(op, operands, "float32"), "float32");
}

/** Checks operands of one kind and gives the shape that they have in common. */
export function commonShape(op: string, operands: Operands, dtype: DType): Shape {
  const entries = Object.entries(operands);
  const tensors = entries.filter((entry): entry is [string, Tensor<DType>] => typeof entry[1] !== "number");
  if (tensors.length === 0) throw new TypeError(`${op}: ${entries.map(([name]) => name).join(" or ")} must be a tensor, all are numbers`);
  for (const [name, x] of tensors) {
    if (!((x as unknown) instanceof Tensor)) throw new TypeError(`${op}: ${name} must be a tensor or a number, got ${describe(x)}`);
    checkTensor(op, name, x, dtype);
  }
  return broadcastShape(op, tensors);
}

/** y = f(operands) for a shape from `commonShape`. The result has the layout of the first operand that is as large as itself. */
export function compute(kernel: Kernel, operands: readonly (Tensor<DType> | number)[], shape: Shape, dtype: DType): Tensor {
  const full = operands.find((x) => typeof x !== "number" && sameShape(x.shape, shape)) as Tensor<DType> | undefined;
  const layout = full?.layout ?? defaultLayout(shape);
  const y = empty(shape, layout);
  if (y.size === 0) return y;
  // As large as the result but in another order: turning it as a whole is cheaper than gathering it element by element.
  const ready = operands.map((x) => (typeof x !== "number" && x.layout !== layout && sameShape(x.shape, shape) ? toLayout(x, layout) : x));
  const geometry = broadcastPtr(y, ready);
  kernel(geometry, ...ready.map((x, i) => (typeof x === "number" ? numberPtr(geometry, i, x, dtype) : x.ptr)), y.ptr);
  ready.forEach((x, i) => {
    if (typeof x !== "number" && x !== operands[i]) x.dispose();
  });
  return y;
}

/** The edge towards an operand: what reaches it is summed over the axes along which it was repeated. A number has none. */
export function toward(x: Operand, adjoint: (dy: Tensor) => Tensor): Edge[] {
  return typeof x === "number" ? [] : [[x, (dy) => sumTo(adjoint(dy), x.shape)]];
}
