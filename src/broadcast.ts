// The geometry of elementwise operations whose operands have several shapes: which shape they have in common, and how each of
// them is walked through along it. NumPy's rules, which are PyTorch's: shapes are aligned at their last axes, and an axis of
// length 1, or one that is missing in front, is repeated.

import { BROADCAST_PTR, floats, ints, structPtr } from "./runtime/memory.ts";
import { format, sameShape, type Shape, ShapeError } from "./shape.ts";
import { stridesOf } from "./strides.ts";
import type { DType, Layout, Tensor } from "./tensor.ts";

/**
 * The shape that several shapes have in common.
 *
 * @param operands the tensors by name, for messages
 * @throws ShapeError if two lengths of an axis differ and neither is 1, or there are more than 8 axes
 */
export function broadcastShape(op: string, operands: readonly (readonly [name: string, x: { readonly shape: Shape }])[]): Shape {
  const first = operands[0]![1].shape;
  if (first.length <= MAX_RANK && operands.every(([, { shape }]) => sameShape(shape, first))) return first;
  const rank = Math.max(...operands.map(([, { shape }]) => shape.length));
  const shapes = () => `(${operands.map(([name, { shape }]) => `${name} ${format(shape)}`).join(", ")})`;
  if (rank > MAX_RANK) throw new ShapeError(`${op}: at most ${MAX_RANK} axes, got ${rank} ${shapes()}`);
  const common = new Array<number>(rank).fill(1);
  const from = new Array<string>(rank);
  for (const [name, { shape }] of operands) {
    const missing = rank - shape.length;
    shape.forEach((length, i) => {
      const axis = missing + i;
      if (length === 1 || length === common[axis]) return;
      if (common[axis] !== 1) {
        throw new ShapeError(`${op}: ${from[axis]} has ${common[axis]} along axis ${axis - rank}, ${name} has ${length} ${shapes()}`);
      }
      common[axis] = length;
      from[axis] = name;
    });
  }
  return common;
}

/**
 * Writes the geometry where the next kernel call reads it (`assembly/broadcast.ts`, same order) and returns the address.
 *
 * @param y the result; its axes are not empty
 * @param operands at most three, whose shapes broadcast to that of y
 */
export function broadcastPtr(y: Tensor<DType>, operands: readonly (Tensor<DType> | number)[]): number {
  const ptr = structPtr(BROADCAST_PTR, 3328);
  const fields = ints(ptr, 1 + 4 * MAX_RANK);
  // Mostly all operands lie as y does, or are single numbers: then there is one axis.
  const plain = operands.every((x) => typeof x === "number" || x.size === 1 || (x.layout === y.layout && sameShape(x.shape, y.shape)));
  if (plain) {
    fields[0] = 1;
    fields[1] = y.size;
    for (let i = 1; i <= 3; i++) {
      const x = operands[i - 1];
      fields[1 + MAX_RANK * i] = typeof x === "object" && x.size !== 1 ? 1 : 0;
    }
    return ptr;
  }
  const standing = new Array<number>(y.shape.length).fill(0);
  const along = operands.map((x) => (typeof x === "number" || x.size === 1 ? standing : stepsAlong(x, y.shape)));
  fields.fill(0);
  let rank = 0, last = 1;
  for (const axis of storageOrder(y.shape.length, y.layout)) {
    const length = y.shape[axis]!;
    if (length === 1) continue;
    // An axis joins the one around it where every operand goes on evenly from one to the other.
    const joins = rank > 0 && along.every((steps, i) => fields[rank + MAX_RANK * (i + 1)] === steps[axis]! * length);
    if (!joins) rank++;
    last = joins ? last * length : length;
    fields[rank] = last;
    along.forEach((steps, i) => (fields[rank + MAX_RANK * (i + 1)] = steps[axis]!));
  }
  fields[0] = rank;
  return ptr;
}

/** Writes an operand that is a number into the geometry, where the next kernel call reads it, and returns its address. */
export function numberPtr(geometry: number, operand: number, value: number, dtype: DType): number {
  const ptr = geometry + 132 + 4 * operand;
  if (dtype === "int32") ints(ptr, 1)[0] = value;
  else floats(ptr, 1)[0] = value;
  return ptr;
}

const MAX_RANK = 8;

/** The axes in the order in which they lie in memory, outermost first. */
export function storageOrder(rank: number, layout: Layout): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return layout === "rowMajor" ? axes : [0, ...axes.slice(2), 1];
}

// From one element of x to the next along each axis of a shape: 0 where x is repeated.
function stepsAlong(x: Tensor<DType>, shape: Shape): number[] {
  const missing = shape.length - x.shape.length;
  const steps = stridesOf(x.shape, x.layout).map((step, axis) => (x.shape[axis] === 1 ? 0 : step));
  return [...new Array<number>(missing).fill(0), ...steps];
}
