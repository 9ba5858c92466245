import { describe, expect, test } from "vitest";
import { defaultRandom, dropout, dropout2d, gradients, manualSeed, mul, ones, scope, sum, type Tensor, tensor } from "../src/index.ts";
import { randomArray } from "./array.ts";
import { toTensor } from "./check.ts";

const dropped = (y: Tensor): number[] => [...y.data()].map((value) => (value === 0 ? 1 : 0));
const total = (values: number[]): number => values.reduce((a, b) => a + b, 0);

describe("dropout", () => {
  test.each([0.1, 0.25, 0.5, 0.9, 0.999])("drops the share p of a large tensor: %f", (p) => {
    scope(() => {
      manualSeed(3);
      const n = 200_000;
      // Six standard deviations of a binomial distribution.
      expect(Math.abs(total(dropped(dropout(ones([n]), p))) - n * p)).toBeLessThan(6 * Math.sqrt(n * p * (1 - p)));
    });
  });

  test("drops neighbours, and the same place in the next mask, independently", () => {
    scope(() => {
      manualSeed(4);
      const n = 100_000;
      const masks = [0, 1, 2].map(() => dropped(dropout(ones([n]), 0.5)).map((one) => 2 * one - 1));
      const product = (a: number[], b: number[], shift: number): number => Math.abs(total(a.slice(shift).map((value, i) => value * b[i]!)));
      for (const mask of masks) {
        for (const shift of [1, 2, 3, 4, 8, 64, 1024]) expect(product(mask, mask, shift)).toBeLessThan(6 * Math.sqrt(n));
      }
      for (const [a, b] of [[0, 1], [0, 2], [1, 2]] as const) {
        for (const shift of [0, 1, 4]) expect(product(masks[a]!, masks[b]!, shift)).toBeLessThan(6 * Math.sqrt(n));
      }
    });
  });

  test("repeats after manualSeed, and not before", () => {
    scope(() => {
      const x = ones([1000]);
      manualSeed(5);
      const first = dropout(x).data(), second = dropout(x).data();
      manualSeed(5);
      expect(dropout(x).data()).toEqual(first);
      expect(first).not.toEqual(second);
    });
  });

  // Written down once: every engine and build must draw these.
  test("draws the same mask in every engine and build", () => {
    scope(() => {
      manualSeed(1);
      expect(dropped(dropout(ones([40]))).join("")).toBe("1001001110110101011000101111011110001001");
    });
  });

  test("pulls gradients back through the mask of the forward pass", () => {
    scope(() => {
      const x = toTensor(randomArray([3, 5, 4, 4], 1));
      let mask: number[] = [];
      const { grads } = gradients(() => {
        const y = dropout(x, 0.3);
        mask = dropped(y);
        return sum(y);
      }, [x]);
      expect(dropped(grads.get(x)!)).toEqual(mask);
    });
  });

  test("can be differentiated twice: <m x, m x> has the second derivative 2 m^2", () => {
    scope(() => {
      const x = toTensor(randomArray([50], 1)), v = toTensor(randomArray([50], 2));
      manualSeed(6);
      const mask = dropout(ones([50]), 0.3).data();
      manualSeed(6);
      const inner = () => gradients(() => {
        const y = dropout(x, 0.3);
        return sum(mul(y, y));
      }, [x]).grads.get(x)!;
      const { grads } = gradients(() => sum(mul(inner(), v)), [x]);
      const expected = v.data().map((value, i) => 2 * mask[i]! * mask[i]! * value);
      grads.get(x)!.data().forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6));
    });
  });

  test("outside of training, or with p = 0, gives the input back as a tensor of its own, and draws nothing", () => {
    const x = tensor([1, 2, 3]);
    manualSeed(7);
    const state = [...defaultRandom().state];
    for (const y of [dropout(x, 0.5, { training: false }), dropout(x, 0)]) {
      expect(y.data()).toEqual(x.data());
      y.dispose();
    }
    expect([...defaultRandom().state]).toEqual(state);
    expect([...x.data()]).toEqual([1, 2, 3]);
    x.dispose();
  });
});

test("dropout2d drops whole channels, in either layout", () => {
  scope(() => {
    manualSeed(8);
    const y = dropout2d(ones([50, 20, 3, 3]), 0.4).data();
    const channels = Array.from({ length: 1000 }, (_, i) => [...y.slice(9 * i, 9 * i + 9)]);
    for (const channel of channels) expect(new Set(channel).size).toBe(1);
    const zeros = channels.filter(([value]) => value === 0).length;
    expect(Math.abs(zeros - 400)).toBeLessThan(6 * Math.sqrt(1000 * 0.4 * 0.6));
    expect(Math.max(...y)).toBe(Math.fround(1 / 0.6));
  });
});
