// Shapes, and the words in which every operation refuses what does not fit.

/** Shapes that do not fit together or an operation. The message names operation, argument, both numbers and the shapes. */
export class ShapeError extends RangeError {
  override name = "ShapeError";
}

/** Lengths of the axes, outermost first. Maps are [N, C, H, W], filters [O, I, KH, KW]. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** As it stands in messages: [8, 3, 32, 32]. */
export function format(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** True if both have the same lengths in the same order. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Checks that a shape is a list of non-negative integers whose product can be addressed. */
export function checkShape(op: string, shape: Shape): void {
  if (!Array.isArray(shape)) throw new TypeError(`${op}: shape must be an array of lengths, got ${describe(shape)}`);
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(`${op}: shape must hold non-negative integers, got ${describe(length)} (shape ${format(shape)})`);
    }
  }
  if (sizeOf(shape) > MAX_ELEMENTS) {
    throw new RangeError(`${op}: ${sizeOf(shape)} elements are more than the memory can hold, ${MAX_ELEMENTS} (shape ${format(shape)})`);
  }
}

// 4 GiB of float32.
const MAX_ELEMENTS = 2 ** 30;

/** Checks an integer option against a smallest value. */
export function checkInteger(op: string, name: string, value: unknown, least: number): void {
  if (typeof value !== "number") throw new TypeError(`${op}: ${name} must be a number, got ${describe(value)}`);
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${op}: ${name} must be ${integersFrom(least)}, got ${value}`);
  }
}

function integersFrom(least: number): string {
  return least === 1 ? "a positive integer" : least === -Infinity ? "an integer" : `an integer of at least ${least}`;
}

/** Checks a finite number against an allowed range, ends included. */
export function checkNumber(op: string, name: string, value: unknown, least: number, most: number = Infinity): void {
  if (typeof value !== "number") throw new TypeError(`${op}: ${name} must be a number, got ${describe(value)}`);
  if (!Number.isFinite(value) || value < least || value > most) {
    const range = most === Infinity ? (least === -Infinity ? "finite" : `a finite number of at least ${least}`) : `a number from ${least} to ${most}`;
    throw new RangeError(`${op}: ${name} must be ${range}, got ${value}`);
  }
}

/** Checks an option that is true or false. */
export function checkBoolean(op: string, name: string, value: unknown): void {
  if (typeof value !== "boolean") throw new TypeError(`${op}: ${name} must be true or false, got ${describe(value)}`);
}

/**
 * Checks that options are a plain object. PyTorch takes many of them by position: a number or a tensor in their place would be
 * overlooked.
 */
export function checkOptions(op: string, options: unknown): void {
  if (typeof options === "object" && options !== null) {
    const prototype: unknown = Object.getPrototypeOf(options);
    if (prototype === null || Object.getPrototypeOf(prototype) === null) return;
  }
  throw new TypeError(`${op}: options must be an object, got ${describe(options)}`);
}

/** A short name for any value, for messages. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  return `a value of type ${(value as object).constructor?.name ?? "object"}`;
}

/**
 * Checks the number of an axis, and gives it counted from the front: negative ones count from the end.
 *
 * @param rank one more than the last axis that there may be; that of the shape, unless the operation makes an axis
 */
export function checkDim(op: string, name: string, dim: unknown, shape: Shape, rank: number = shape.length): number {
  if (typeof dim !== "number") throw new TypeError(`${op}: ${name} must be a number, got ${describe(dim)}`);
  if (!Number.isInteger(dim) || dim < -rank || dim >= rank) {
    const range = rank === 0 ? "the tensor has no axes" : `${name} must be an integer from ${-rank} to ${rank - 1}`;
    throw new RangeError(`${op}: ${range}, got ${dim} (x ${format(shape)})`);
  }
  return dim < 0 ? dim + rank : dim;
}
