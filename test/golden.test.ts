// Values from PyTorch, so that the definition of an operation is not ours alone. `scripts/golden.py` regenerates them.

import { describe, expect, test } from "vitest";
import { avgPool2d, conv2d, linear, maxPool2d, softmaxCrossEntropy } from "../src/index.ts";
import { dot, randomArray } from "./array.ts";
import { title } from "./check.ts";
import { checkGolden, checkProjections, type Family, type Projections } from "./golden/family.ts";
import avgPool2dFile from "./golden/avgPool2d.json" with { type: "json" };
import conv2dFile from "./golden/conv2d.json" with { type: "json" };
import linearFile from "./golden/linear.json" with { type: "json" };
import maxPool2dFile from "./golden/maxPool2d.json" with { type: "json" };
import randomFile from "./golden/random.json" with { type: "json" };
import softmaxCrossEntropyFile from "./golden/softmaxCrossEntropy.json" with { type: "json" };

const area = (size: number | [number, number]): number => (typeof size === "number" ? size * size : size[0] * size[1]);

const families: Family[] = [
  {
    name: "conv2d",
    file: conv2dFile as never,
    run: ([x, w, bias], options) => conv2d(x!, w!, { ...options, ...(bias && { bias }) }),
    terms: ({ shapes: [, w], options: { groups = 1 }, outputShape: [n, o, oh, ow] }) => {
      const [, perGroup, kh, kw] = w! as [number, number, number, number];
      return [perGroup * kh * kw + 1, (o! / groups) * kh * kw, n! * oh! * ow!, n! * oh! * ow!];
    },
  },
  {
    name: "maxPool2d",
    file: maxPool2dFile as never,
    run: ([x], { kernelSize, ...options }) => maxPool2d(x!, kernelSize, options),
    // Windows side by side send one dy to one element each.
    terms: ({ options: { kernelSize, stride, dilation } }) => [0, stride === undefined && dilation === undefined ? 0 : area(kernelSize)],
  },
  {
    name: "avgPool2d",
    file: avgPool2dFile as never,
    run: ([x], { kernelSize, ...options }) => avgPool2d(x!, kernelSize, options),
    terms: ({ options: { kernelSize } }) => [area(kernelSize), area(kernelSize)],
  },
  {
    name: "linear",
    file: linearFile as never,
    run: ([x, w, bias]) => linear(x!, w!, bias),
    terms: ({ shapes: [x, w] }) => [w![1]! + 1, w![0]!, x![0]!, x![0]!],
  },
  {
    name: "softmaxCrossEntropy",
    file: softmaxCrossEntropyFile as never,
    run: ([logits], { labels }) => softmaxCrossEntropy(logits!, labels),
    terms: ({ shapes: [logits] }) => [logits![0]! + logits![1]!, logits![1]!],
  },
];

for (const family of families) {
  describe(`${family.name} as in PyTorch`, () => {
    family.file.configs.forEach((config, index) => test(`${index}: ${title(config)}`, () => checkGolden(family, index)));
  });
}

test("both sides draw the same numbers", () => {
  for (const { seed, first, sum } of randomFile.arrays) {
    expect([...randomArray([first.length], seed).data]).toEqual(first);
    expect(dot(randomArray([1000], seed).data, new Float64Array(1000).fill(1))).toBeCloseTo(sum, 12);
  }
});

describe("projections tell a wrong array", () => {
  const n = 1000, terms = 100, seeds = [1, 2, 3, 4];
  const right = randomArray([n], 5).data;
  const expected = [1, ...seeds.map((seed) => dot(right, randomArray([n], seed).data))] as Projections;
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
      expect(check(right.map((value, i) => (i === wrong ? value + 2e-3 : value)))).toThrow(/projection/);
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
