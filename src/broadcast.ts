// The geometry of elementwise operations whose operands have several shapes: which shape they have in common, and how each of
// them is walked through along it. NumPy's rules, which are PyTorch's: shapes are aligned at their last axes, and an axis of
// length 1, or one that is missing in front, is repeated.

import { BROADCAST_PTR, floats, ints } from "./runtime/memory.ts";
import { format, type Shape, ShapeError } from "./shape.ts";
import { stridesOf } from "./strides.ts";
import type { DType, Layout, Tensor } from "./tensor.ts";

/**
 * The shape that several shapes have in common.
 *
 * @param operands the tensors by name, for messages
 * @throws ShapeError if two lengths of an axis differ and neither is 1, or there are more than 8 axes
 */
export function broadcastShape(op: string, operands: readonly (readonly [name: string, x: { readonly shape: Shape }])[]): Shape {
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
  const lengths: number[] = [];
  const steps: number[][] = operands.map(() => []);
  const all = operands.map((x) => (typeof x === "number" || x.size === 1 ? undefined : stepsAlong(x, y.shape)));
  for (const axis of storageOrder(y.shape.length, y.layout)) {
    const length = y.shape[axis]!;
    if (length === 1) continue;
    const last = lengths.length - 1;
    // An axis joins the one around it where every operand goes on evenly from one to the other.
    const joins = last >= 0 && all.every((along, i) => steps[i]![last] === (along ? along[axis]! * length : 0));
    if (joins) lengths[last]! *= length;
    else lengths.push(length);
    const to = joins ? last : last + 1;
    all.forEach((along, i) => (steps[i]![to] = along ? along[axis]! : 0));
  }
  if (lengths.length === 0) lengths.push(1);
  const fields = new Int32Array(1 + 4 * MAX_RANK);
  fields[0] = lengths.length;
  fields.set(lengths, 1);
  steps.forEach((list, i) => fields.set(list, 1 + MAX_RANK * (i + 1)));
  ints(BROADCAST_PTR, fields.length).set(fields);
  return BROADCAST_PTR;
}

/** Writes an operand that is a number where the next kernel call reads it, and returns its address. */
export function numberPtr(operand: number, value: number, dtype: DType): number {
  const ptr = BROADCAST_PTR + 132 + 4 * operand;
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
