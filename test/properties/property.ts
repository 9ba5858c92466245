// Random calls of an operation, right and wrong ones. Each draw says for itself, from PyTorch's rules, whether the call is valid.

import { memory, type Random, scope, type Shape, type Tensor } from "../../src/index.ts";
import { randomArray } from "../array.ts";
import { checkClose, checkGradients, checkShape, toTensor } from "../check.ts";
import type { OpSpec } from "../specs/spec.ts";

export interface Draw {
  shapes: Shape[];
  options: any;
  valid: boolean;
}

export interface Property {
  spec: OpSpec<any>;
  draw: (random: Random) => Draw;
  /** True where tensors of any shape will do and there are no options. */
  alwaysValid?: boolean;
}

// Gradients cost several references: every so many draws they are checked as well.
const GRADIENTS_EVERY = 16;

/**
 * Valid calls give what the reference gives, with nothing in it that is no number; others throw a TypeError, RangeError or
 * ShapeError that begins with the operation's name. Memory is as it was, either way.
 */
export function checkDraw({ spec }: Property, one: Draw, index: number): void {
  const { shapes, options, valid } = one;
  const before = report();
  scope(() => {
    const inputs = shapes.map((shape, i) => randomArray(shape, i + 1));
    const tensors = inputs.map(toTensor);
    const y = attempt(spec, tensors, options, valid);
    if (!y) return;
    const expected = spec.reference(inputs, options);
    checkShape(spec.name, y.shape, expected.shape);
    checkClose(spec.name, y.data(), expected.data, spec.terms(shapes, options));
    if (expected.data.some((value) => Number.isNaN(value))) throw new Error(`${spec.name}: the reference is not a number`);
  });
  if (valid && index % GRADIENTS_EVERY === 0) checkGradients(spec, one);
  const after = report();
  if (after !== before) throw new Error(`${spec.name}: memory was ${before}, is ${after}`);
}

function attempt(spec: OpSpec<any>, tensors: Tensor[], options: unknown, valid: boolean): Tensor | undefined {
  let y: Tensor;
  try {
    y = spec.run(tensors, options);
  } catch (error) {
    if (valid) throw new Error(`${spec.name} refuses a valid call: ${error}`);
    const typed = error instanceof TypeError || error instanceof RangeError;
    if (!typed || !error.message.startsWith(`${spec.name}: `)) throw new Error(`${spec.name} refuses with ${error}`);
    return undefined;
  }
  if (!valid) throw new Error(`${spec.name} accepts an invalid call, and returns ${y}`);
  return y;
}

function report(): string {
  const { capacity: _, ...rest } = memory();
  return JSON.stringify(rest);
}

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(values.length)]!;
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return random.uniform() < probability;
}

export function between(random: Random, low: number, high: number): number {
  return low + random.integer(high - low + 1);
}

export function lengths(random: Random, rank: number, low: number, high: number): number[] {
  return Array.from({ length: rank }, () => between(random, low, high));
}

/** Leaves out some of the options, and may put one that is wrong; says whether it did. */
export function options(
  random: Random, good: Record<string, unknown>, bad: Record<string, readonly unknown[]>,
): { options: any; valid: boolean } {
  const all = Object.fromEntries(Object.entries(good).filter(([, value]) => value !== undefined));
  const names = Object.keys(bad);
  if (names.length === 0 || !chance(random, 0.2)) return { options: all, valid: true };
  const name = pick(random, names);
  return { options: { ...all, [name]: pick(random, bad[name]!) }, valid: false };
}

/** What is no list of sizes, of any length and least value. */
export const noSizes: readonly unknown[] = [
  -1, 1.5, NaN, Infinity, -Infinity, "1", true, {}, [], [1, 1, 1, 1, 1], ["1", "1"], 2 ** 40, () => 1,
];

/** What is neither true nor false. */
export const noBoolean: readonly unknown[] = [0, 1, "true", [], {}];

/** One size for all axes, one each, or none. */
export function sizes(random: Random, rank: number, low: number, high: number): number | number[] | undefined {
  const kind = random.integer(3);
  return kind === 0 ? undefined : kind === 1 ? between(random, low, high) : lengths(random, rank, low, high);
}

/** One size for each axis. */
export function each(value: number | readonly number[], rank: number): readonly number[] {
  return typeof value === "number" ? new Array<number>(rank).fill(value) : value;
}
