// Layers that look up and that pad.

import { expect, test } from "vitest";
import {
  CircularPad1d, CircularPad2d, CircularPad3d, ConstantPad1d, ConstantPad2d, ConstantPad3d, Embedding, gradients, manualSeed, pad,
  ReflectionPad1d, ReflectionPad2d, ReflectionPad3d, ReplicationPad1d, ReplicationPad2d, ReplicationPad3d, scope, Sequential, type Shape,
  ShapeError, sum, tensor, ZeroPad1d, ZeroPad2d, ZeroPad3d,
} from "../src/index.ts";
import { randomArray } from "./array.ts";
import { toTensor } from "./check.ts";

test("Embedding looks rows up, starts from N(0, 1) and does not learn its padding row", () => {
  manualSeed(1);
  const layer = new Embedding(500, 8, { paddingIdx: 3 });
  const values = layer.weight.data();
  const drawn = [...values.slice(0, 24), ...values.slice(32)];
  expect([...values.slice(24, 32)]).toEqual(new Array(8).fill(0));
  const mean = drawn.reduce((a, b) => a + b) / drawn.length, variance = drawn.reduce((a, b) => a + b * b, 0) / drawn.length;
  // Five standard errors.
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(drawn.length));
  expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / drawn.length));
  scope(() => {
    const indices = tensor(Int32Array.of(7, 3, 7), [3, 1]);
    const y = layer.forward(indices);
    expect(y.shape).toEqual([3, 1, 8]);
    expect(y.data().slice(0, 8)).toEqual(values.slice(56, 64));
    const { grads } = gradients(() => sum(layer.forward(indices)), layer.parameters());
    const touched = [...grads.get(layer.weight)!.data()];
    expect(touched.slice(56, 64)).toEqual(new Array(8).fill(2));
    expect(touched.reduce((a, b) => a + b)).toBe(16);
  });
  expect([...layer.stateDict().keys()]).toEqual(["weight"]);
  expect(layer.summary([4, 6]).outputShape).toEqual([4, 6, 8]);
  layer.dispose();
});

test("padding layers are pad in their mode", () => {
  const shapes: Shape[] = [[2, 3, 4], [2, 3, 4, 5], [1, 2, 3, 4, 5]];
  const sides = [[1, 2], [1, 2, 0, 1], [1, 0, 2, 1, 1, 1]];
  const layers = [
    [ZeroPad1d, ReflectionPad1d, ReplicationPad1d, CircularPad1d],
    [ZeroPad2d, ReflectionPad2d, ReplicationPad2d, CircularPad2d],
    [ZeroPad3d, ReflectionPad3d, ReplicationPad3d, CircularPad3d],
  ];
  const constant = [ConstantPad1d, ConstantPad2d, ConstantPad3d];
  const modes = ["constant", "reflect", "replicate", "circular"] as const;
  scope(() => {
    layers.forEach((ranked, i) => {
      const x = toTensor(randomArray(shapes[i]!, 1));
      const one = new Array<number>(2 * (i + 1)).fill(1);
      ranked.forEach((Layer, k) => {
        expect(new Layer(sides[i]!).forward(x).data()).toEqual(pad(x, sides[i]!, { mode: modes[k]! }).data());
        expect(new Layer(1).forward(x).data()).toEqual(pad(x, one, { mode: modes[k]! }).data());
      });
      expect(new constant[i]!(sides[i]!, 2.5).forward(x).data()).toEqual(pad(x, sides[i]!, { value: 2.5 }).data());
    });
    const summary = new Sequential(new ReflectionPad2d(1), new ZeroPad2d([0, 1, 0, 1])).summary([1, 2, 3, 4]);
    expect(summary.rows.map(({ type, outputShape }) => [type, outputShape])).toEqual([["ReflectionPad2d", [1, 2, 5, 6]], ["ZeroPad2d", [1, 2, 6, 7]]]);
  });
});

test.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
  ["a table without rows", () => new Embedding(0, 3), RangeError, /^Embedding: numEmbeddings must be a positive integer, got 0/],
  ["rows without length", () => new Embedding(3, 0), RangeError, /^Embedding: embeddingDim must be a positive integer, got 0/],
  ["a padding row beyond", () => new Embedding(3, 2, { paddingIdx: 3 }), RangeError, /^Embedding: paddingIdx must be below 3, got 3/],
  ["a side too few", () => new ReflectionPad2d([1, 1]), ShapeError, /^ReflectionPad2d: padding must have 4 numbers, got 2/],
  ["cutting by reflection", () => new ReflectionPad1d(-1), RangeError, /^ReflectionPad1d: padding must be an integer of at least 0, got -1/],
  ["no padding", () => new ZeroPad2d(undefined as never), TypeError, /^ZeroPad2d: padding must be a list of numbers, got undefined/],
])("refused: %s", (_, call, error, message) => {
  expect(call).toThrow(error);
  expect(call).toThrow(message);
});
