// Values from PyTorch, so that the definition of an operation is not ours alone. `scripts/golden` regenerates them.

import { describe, expect, test } from "vitest";
import { dot, randomArray } from "./array.ts";
import { title } from "./check.ts";
import { activations } from "./golden/activations.ts";
import { arithmetic } from "./golden/arithmetic.ts";
import { convolutions } from "./golden/convolution.ts";
import { checkGolden, checkProjections, configOf, direction, type Family, type Projections } from "./golden/family.ts";
import { losses } from "./golden/losses.ts";
import { movement } from "./golden/movement.ts";
import { norms } from "./golden/norms.ts";
import { poolings } from "./golden/pooling.ts";
import { products } from "./golden/products.ts";
import randomFile from "./golden/random.json" with { type: "json" };

const families: Family[] = [
  ...convolutions, ...poolings, ...norms, ...activations, ...losses, ...arithmetic, ...products, ...movement,
];

for (const family of families) {
  describe(`${family.name} as in PyTorch`, () => {
    family.file.configs.forEach((row, index) => test(`${index}: ${title(configOf(row))}`, () => checkGolden(family, index)));
  });
}

test("both sides draw the same numbers", () => {
  for (const { seed, first, sum } of randomFile.arrays) {
    expect([...randomArray([first.length], seed).data]).toEqual(first);
    expect(dot(randomArray([1000], seed).data, new Float64Array(1000).fill(1))).toBeCloseTo(sum, 12);
  }
});

describe("projections tell a wrong array", () => {
  const n = 1000, terms = 100, seeds = [1, 2];
  const right = randomArray([n], 5).data;
  const expected = [1, ...seeds.map((seed) => dot(right, direction(n, seed)))] as Projections;
  const check = (got: ArrayLike<number>) => () => checkProjections("test", got, expected, seeds, terms);

  test("by rounding, which passes", () => expect(check(right.map((value, i) => value + (i % 2 ? 1e-6 : -1e-6)))).not.toThrow());
  test("by rounding, where nothing was computed", () => {
    expect(() => checkProjections("test", right.map((value) => value + 1e-7), expected, seeds, 0)).toThrow(/projection/);
  });
  test("in the sign", () => expect(check(right.map((value) => -value))).toThrow(/projection 0/));
  test("in scale", () => expect(check(right.map((value) => value * 1.0005))).toThrow(/projection/));
  test("shifted by one", () => expect(check(right.map((_, i) => right[(i + 1) % n]!))).toThrow(/projection/));
  test("not a number", () => expect(check(right.map((value, i) => (i === 7 ? NaN : value)))).toThrow(/projection 0 is NaN/));
  test("in any one element", () => {
    for (let wrong = 0; wrong < n; wrong++) {
      expect(check(right.map((value, i) => (i === wrong ? value + 5e-4 : value)))).toThrow(/projection/);
    }
  });
  test("with any two neighbours exchanged", () => {
    for (let i = 0; i + 1 < n; i++) {
      const got = right.slice();
      got[i] = right[i + 1]!;
      got[i + 1] = right[i]!;
      if (Math.abs(got[i]! - right[i]!) > 1e-2) expect(check(got)).toThrow(/projection/);
    }
  });
});
