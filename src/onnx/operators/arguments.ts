// What operators read of their calls: inputs that must be there, attributes of the right kind.

import type { Attribute } from "../../graph/graph.ts";
import { type Call, GraphError, type Operator } from "../../graph/operator.ts";
import { isFloat, type Value } from "../../graph/value.ts";
import { format, type Shape } from "../../shape.ts";

/** Operators of one family by name. */
export type Family = Readonly<Record<string, Operator>>;

/** An input that must be there. */
export function input({ node, inputs }: Call, index: number): Value {
  const value = inputs[index];
  if (!value) throw new GraphError(`input ${index} is missing`, node);
  return value;
}

/** An input that must hold floats. */
export function floats(call: Call, index: number): Value {
  const value = input(call, index);
  if (!isFloat(value.dtype)) throw new GraphError(`input ${index} must hold floats, it is ${value.dtype}`, call.node);
  return value;
}

/** The numbers of an input of integers, or of floats where `kind` says so; undefined where it is left out. */
export function numbers({ node, inputs }: Call, index: number, kind: "integers" | "floats" = "integers"): number[] | undefined {
  const value = inputs[index];
  if (!value) return undefined;
  if (isFloat(value.dtype) !== (kind === "floats")) throw new GraphError(`input ${index} must hold ${kind}, it is ${value.dtype}`, node);
  // They are shapes, axes and limits: as long as a shape.
  if (value.shape.length > 1) throw new GraphError(`input ${index} must have at most 1 axis, its shape is ${format(value.shape)}`, node);
  return Array.from(value.numbers());
}

/** The one number of an input; undefined where it is left out. */
export function scalar({ node, inputs }: Call, index: number): number | undefined {
  const value = inputs[index];
  if (!value) return undefined;
  if (value.shape.some((length) => length !== 1)) {
    throw new GraphError(`input ${index} must be one number, its shape is ${format(value.shape)}`, node);
  }
  return value.numbers()[0];
}

/** An attribute that is a number. */
export function float({ node }: Call, name: string, fallback: number): number {
  const value = node.attributes.get(name) ?? fallback;
  if (typeof value !== "number") throw wrong(node, name, "a number", value);
  return value;
}

/** An attribute that is an integer. */
export function int({ node }: Call, name: string, fallback: number): number {
  const value = node.attributes.get(name) ?? fallback;
  if (!Number.isInteger(value)) throw wrong(node, name, "an integer", value);
  return value as number;
}

/** An attribute that is a list of integers. */
export function ints({ node }: Call, name: string): readonly number[] | undefined {
  const value = node.attributes.get(name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every(Number.isInteger)) throw wrong(node, name, "a list of integers", value);
  return value as readonly number[];
}

/** An attribute that is one of several words. */
export function word<W extends string>({ node }: Call, name: string, words: readonly W[], fallback: W): W {
  const value = node.attributes.get(name) ?? fallback;
  if (!words.includes(value as W)) throw wrong(node, name, `one of ${words.join(", ")}`, value);
  return value as W;
}

function wrong(node: Call["node"], name: string, kind: string, value: Attribute): GraphError {
  const got = typeof value === "object" && !Array.isArray(value) ? "a tensor or graph" : JSON.stringify(value).slice(0, 80);
  return new GraphError(`attribute "${name}" must be ${kind}, got ${got}`, node);
}

/** Axes counted from the front, each at most once. */
export function axesOf({ node }: Call, axes: readonly number[], rank: number): number[] {
  const counted = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  if (counted.some((axis) => !(axis >= 0 && axis < rank)) || new Set(counted).size < counted.length) {
    throw new GraphError(`axes ${format(axes)} must be different ones of ${rank}`, node);
  }
  return counted;
}

/** The attribute "axis", counted from the front; it may be `rank` itself where that is `most`. */
export function axisOf(call: Call, fallback: number, shape: Shape, most: number = shape.length - 1): number {
  const axis = int(call, "axis", fallback);
  const counted = axis < 0 ? axis + shape.length : axis;
  if (counted < 0 || counted > most) throw new GraphError(`axis ${axis} does not exist in a tensor of shape ${format(shape)}`, call.node);
  return counted;
}
