import { expect, test } from "vitest";
import { parametersSaved, receptiveField, shiftEquivariance, sumOfMatrixVectorProducts } from "../demo/lessons.ts";
import { memory, scope } from "../src/index.ts";
import { EPSILON } from "./check.ts";

test("weights of a layer, as the notes count them", () => {
  expect(scope(parametersSaved).map(({ parameters }) => parameters)).toEqual([785_000, 150_529_000, 4_294_967_296, 9]);
});

test("a convolution follows its input, a linear layer does not", () => {
  const { convolution, linear } = scope(shiftEquivariance);
  expect(convolution).toBe(0);
  expect(linear).toBeGreaterThan(0.5);
});

test("dilation widens what an output sees, at the same number of weights", () => {
  for (const [dilations, side] of [[[1], 3], [[1, 1, 1], 7], [[1, 2, 4], 15], [[1, 3, 9], 27]] as const) {
    expect(scope(() => receptiveField([...dilations]))).toEqual({ side, weights: 9 * dilations.length });
  }
});

test("a convolution is a sum of matrix-vector products, one for every tap", () => {
  // Sums of 45 products, in another order.
  expect(scope(sumOfMatrixVectorProducts).difference).toBeLessThan(2 * EPSILON * (4 + Math.sqrt(45)));
});

test("the lessons leave nothing behind in their scope", () => {
  const before = memory();
  scope(() => void receptiveField([1, 2]));
  expect({ ...memory(), capacity: 0 }).toEqual({ ...before, capacity: 0 });
});
