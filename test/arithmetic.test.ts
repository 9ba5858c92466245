import { describe, expect, test } from "vitest";
import {
  abs, amax, amin, argmax, argmin, clamp, div, eq, exp, expand, ge, gradients, gt, le, log, lt, max, maximum, mean, memory, minimum, mul,
  ne, ones, pow, reshape, rsqrt, scope, type Shape, ShapeError, sign, sqrt, std, sub, sum, tensor, type Tensor, variance, where, zeros,
} from "../src/index.ts";
import { sumTo } from "../src/ops/expand.ts";
import { dot, type NdArray, ndarray, plus, randomArray } from "./array.ts";
import { checkAdjoint, checkClose, toTensor } from "./check.ts";
import { pairs, plain } from "./specs/broadcast.ts";

const numbers = (x: Tensor | Tensor<"int32">): number[] => [...x.data()];

/** The gradient of sum(weights * fn(x)) by x, as numbers. */
function slope(fn: (x: Tensor) => Tensor, values: number[], weights?: number[]): number[] {
  return scope(() => {
    const x = tensor(values);
    return numbers(gradients(() => sum(weights ? mul(fn(x), tensor(weights)) : fn(x)), [x]).grads.get(x)!);
  });
}

describe("gradients where functions have kinks or poles, as PyTorch 1.13 has them", () => {
  test("maximum and minimum share evenly where both are equal", () => {
    expect(slope((x) => maximum(x, tensor([1, 1, 1])), [0, 1, 2])).toEqual([0, 0.5, 1]);
    expect(slope((x) => maximum(tensor([1, 1, 1]), x), [0, 1, 2])).toEqual([0, 0.5, 1]);
    expect(slope((x) => minimum(x, 1), [0, 1, 2])).toEqual([1, 0.5, 0]);
    expect(slope((x) => maximum(x, x), [0, 1])).toEqual([1, 1]);
  });

  test("clamp lets its bounds pass", () => {
    expect(slope((x) => clamp(x, -1, 1), [-2, -1, 0, 1, 2])).toEqual([0, 1, 1, 1, 0]);
    expect(slope((x) => clamp(x, 0), [-1, 0, 1])).toEqual([0, 1, 1]);
    expect(slope((x) => clamp(x, undefined, 0), [-1, 0, 1, NaN])).toEqual([1, 1, 0, 0]);
  });

  test("abs and sign", () => {
    expect(slope(abs, [-2, 0, 3])).toEqual([-1, 0, 1]);
    expect(slope(sign, [-2, 0, 3])).toEqual([0, 0, 0]);
  });

  test("pow by exponent 0 and of base 0", () => {
    expect(slope((x) => pow(x, 0), [0, -1, 2, Infinity])).toEqual([0, 0, 0, 0]);
    expect(slope((x) => pow(x, tensor([0, 0, 2, 1])), [0, 3, 0, 0])).toEqual([0, 0, 0, 1]);
    expect(slope((x) => pow(x, 2), [-3, 0, 3])).toEqual([-6, 0, 6]);
    expect(slope((x) => pow(x, 1), [-3, 0])).toEqual([1, 1]);
    expect(slope((x) => pow(x, 0.5), [0, 4])).toEqual([Infinity, 0.25]);
    // In the exponent: 0 where the base is 0 and the exponent is not negative.
    expect(slope((b) => pow(0, b), [0, 2])).toEqual([0, 0]);
    expect(slope((b) => pow(tensor([0, 0, 1, 2]), b), [0, 2, 5, 0])).toEqual([0, 0, 0, Math.fround(Math.LN2)]);
    expect(slope((b) => pow(tensor([-2]), b), [2])[0]).toBeNaN();
  });

  test("sqrt at 0 and std of equal elements", () => {
    expect(slope(sqrt, [0, 4])).toEqual([Infinity, 0.25]);
    expect(slope((x) => std(x), [3, 3, 3])).toEqual([0, 0, 0]);
  });

  test("amax shares evenly among equals, max along an axis gives to the first", () => {
    expect(slope((x) => amax(x), [1, 3, 3, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(slope((x) => max(x), [1, 3, 3, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(slope((x) => max(x, 0).values, [1, 3, 3, 2])).toEqual([0, 1, 0, 0]);
    expect(slope((x) => amin(x, 0), [1, 1, 1, 1])).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(slope((x) => amax(reshape(x, [2, 2]), 1), [2, 2, 0, 5], [4, 8])).toEqual([2, 2, 0, 8]);
  });

  test("where gives to where the value came from, even past infinities", () => {
    expect(slope((x) => where(lt(x, 0), 0, mul(x, 3)), [-1, 0, 2])).toEqual([0, 3, 3]);
    expect(slope((x) => where(tensor([1, 0, NaN]), x, Infinity), [1, 2, 3])).toEqual([1, 0, 1]);
  });
});

describe("NaN and infinities", () => {
  test("comparisons", () => {
    const a = tensor([NaN, NaN, 1, Infinity]), b = tensor([NaN, 1, 1, Infinity]);
    expect([eq, ne, lt, le, gt, ge].map((op) => numbers(op(a, b)).join(""))).toEqual(["0011", "1100", "0000", "0011", "0000", "0011"]);
  });

  test("extremes find NaN, the first of them", () => {
    for (const fill of [-1, 100]) {
      for (let at = 0; at < 19; at++) {
        const values = new Array<number>(19).fill(fill);
        values[at] = NaN;
        if (at < 18) values[18] = NaN;
        scope(() => {
          const rows = tensor(values, [1, 19]), columns = tensor(values, [19, 1]);
          const pairs = tensor(values.flatMap((value) => [value, value]), [19, 2]);
          for (const [x, axis] of [[rows, 1], [columns, 0], [pairs, 0]] as const) {
            expect(numbers(amax(x, axis))[0]).toBeNaN();
            expect(numbers(amin(x, axis))[0]).toBeNaN();
            expect(numbers(argmax(x, axis))[0]).toBe(at);
            expect(numbers(argmin(x, axis))[0]).toBe(at);
            expect(numbers(max(x, axis).values)[0]).toBeNaN();
          }
        });
      }
    }
  });

  test("clamp keeps NaN, and cuts infinities", () => {
    expect(numbers(clamp(tensor([NaN, Infinity, -Infinity, 2, NaN]), -1, 1))).toEqual([NaN, 1, -1, 1, NaN]);
    expect(numbers(clamp(tensor([NaN, Infinity, -Infinity, 2, 0]), 3, 1))).toEqual([NaN, 1, 1, 1, 1]);
  });

  test("NaN for an operand, and the power of a negative number in the exponent's gradient", () => {
    const { tensors } = memory();
    scope(() => {
      expect(numbers(mul(tensor([1, 2]), NaN))).toEqual([NaN, NaN]);
      expect(numbers(div(NaN, tensor([1, 2])))).toEqual([NaN, NaN]);
      expect(slope((x) => pow(-2, x), [3])).toEqual([NaN]);
    });
    expect(memory().tensors).toBe(tensors);
  });

  test("of functions outside of where they are defined", () => {
    expect(numbers(log(tensor([0, -1])))).toEqual([-Infinity, NaN]);
    expect(numbers(sqrt(tensor([-1, Infinity])))).toEqual([NaN, Infinity]);
    expect(numbers(rsqrt(tensor([0, Infinity])))).toEqual([Infinity, 0]);
    expect(numbers(exp(tensor([100, -200, NaN])))).toEqual([Infinity, 0, NaN]);
    expect(numbers(div(tensor([1, 0, -1]), 0))).toEqual([Infinity, NaN, -Infinity]);
    expect(numbers(pow(tensor([-8, 0, -2]), tensor([1 / 3, -1, 3])))).toEqual([NaN, Infinity, -8]);
  });
});

describe("integers", () => {
  const a = tensor(Int32Array.of(3, -1, 2 ** 24 + 1, 2)), b = tensor(Int32Array.of(3, 1, 2 ** 24, 5));
  test("are compared exactly", () => {
    expect([eq, ne, lt, le, gt, ge].map((op) => numbers(op(a, b)).join(""))).toEqual(["1000", "0111", "0101", "1101", "0010", "1010"]);
    expect([eq, ne, lt, le, gt, ge].map((op) => numbers(op(a, 2)).join(""))).toEqual(["0001", "1110", "0100", "0101", "1010", "1011"]);
    expect([eq, ne, lt, le, gt, ge].map((op) => numbers(op(2, a)).join(""))).toEqual(["0001", "1110", "1010", "1011", "0100", "0101"]);
    expect(numbers(eq(tensor(Int32Array.of(1, 2), [2, 1]), tensor(Int32Array.of(1, 2, 3))))).toEqual([1, 0, 0, 0, 1, 0]);
  });
  test("do not mix with floating point", () => {
    expect(() => eq(a, ones([4]))).toThrow(/^eq: b must be int32, it is float32 \(b \[4\]\)/);
    expect(() => gt(ones([4]), a)).toThrow(/^gt: b must be float32, it is int32 \(b \[4\]\)/);
  });
  test("a mask counts: the part that was predicted right", () => {
    const logits = tensor([[1, 2], [4, 3], [5, 6], [0, 1]]);
    expect(mean(eq(argmax(logits, 1), tensor(Int32Array.of(1, 0, 0, 1)))).item()).toBe(0.75);
  });
});

describe("argmax and argmin", () => {
  const x = randomArray([2, 3, 4, 5], 1);
  const best = (along: number[]) => along.indexOf(Math.max(...along));

  test.each([0, 1, 2, 3, -1, -4])("along axis %i, in both layouts", (dim) => {
    const axis = dim < 0 ? dim + 4 : dim;
    const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1), n = x.shape[axis]!;
    const expected = Array.from({ length: 120 / n }, (_, i) => {
      const start = Math.floor(i / inner) * n * inner + (i % inner);
      return best(Array.from({ length: n }, (_, j) => x.data[start + j * inner]!));
    });
    const shape = x.shape.filter((_, i) => i !== axis);
    for (const map of [toTensor(x), plain(toTensor(x))]) {
      const indices = argmax(map, dim);
      expect(indices.dtype).toBe("int32");
      expect(indices.shape).toEqual(shape);
      expect(numbers(indices)).toEqual(expected);
      expect(numbers(argmin(mul(map, -1), dim))).toEqual(expected);
      expect(numbers(max(map, dim).indices)).toEqual(expected);
      const kept = argmax(map, dim, { keepdim: true });
      expect(kept.shape).toEqual(x.shape.map((length, i) => (i === axis ? 1 : length)));
      expect(numbers(kept)).toEqual(expected);
    }
  });

  test("of everything is counted in row-major order, in both layouts", () => {
    const expected = best([...x.data]);
    for (const map of [toTensor(x), plain(toTensor(x))]) {
      expect(argmax(map).shape).toEqual([]);
      expect(argmax(map).item()).toBe(expected);
      expect(argmax(map, undefined, { keepdim: true }).shape).toEqual([1, 1, 1, 1]);
      expect(argmin(mul(map, -1)).item()).toBe(expected);
    }
    expect(argmax(tensor(7)).item()).toBe(0);
  });

  test("the first among equals", () => {
    expect(numbers(argmax(tensor([[1, 1], [1, 1]]), 0))).toEqual([0, 0]);
    expect(numbers(argmin(tensor([[2, 1, 1], [1, 1, 1]]), 1))).toEqual([1, 0]);
  });

  test("refuse what has no largest element", () => {
    expect(() => argmax(zeros([0]))).toThrow(/^argmax: x has no elements along dim \[0\] \(x \[0\]\)/);
    expect(() => argmax(zeros([0]))).toThrow(ShapeError);
    expect(() => argmin(zeros([2, 0]), 1)).toThrow(/^argmin: x has no elements along dim \[1\] \(x \[2, 0\]\)/);
    expect(() => argmax(zeros([2]), 1)).toThrow(/^argmax: dim must be an integer from -1 to 0, got 1 \(x \[2\]\)/);
    expect(() => argmax([1] as never)).toThrow(/^argmax: x must be a tensor/);
    expect(argmax(zeros([0, 3]), 1).shape).toEqual([0]);
  });
});

describe("expand", () => {
  const fits = (from: Shape, to: Shape) => from.every((length, i) => length === 1 || length === to[to.length - from.length + i]);
  const repeated = pairs.filter(([from, to]) => from.length <= to.length && fits(from, to));

  test.each(repeated)("%j to %j and back are adjoint", (from, to) => {
    for (const lying of [(x: Tensor) => x, plain]) {
      checkAdjoint("expand", (x) => expand(lying(x), to), (dy) => sumTo(lying(dy), from), from, to.reduce((a, b) => a * b, 1));
    }
  });
  test("keeps axes for -1", () => {
    expect(numbers(expand(tensor([[1], [2]]), [-1, 3]))).toEqual([1, 1, 1, 2, 2, 2]);
    expect(expand(zeros([3, 1]), [2, -1, 4]).shape).toEqual([2, 3, 4]);
  });
  test.each([
    ["axes that are not 1", () => expand(zeros([2, 3]), [4, 3]), ShapeError, /^expand: x \[2, 3\] cannot be repeated to \[4, 3\]/],
    ["fewer axes", () => expand(zeros([2, 3]), [3]), ShapeError, /^expand: x \[2, 3\] cannot be repeated to \[3\]/],
    ["-1 for a new axis", () => expand(zeros([3]), [-1, 3]), RangeError, /^expand: shape must hold non-negative integers, got -1/],
    ["no list", () => expand(zeros([3]), 3 as never), TypeError, /^expand: shape must be an array of lengths, got 3/],
    ["more than 8 axes", () => expand(zeros([3]), [1, 1, 1, 1, 1, 1, 1, 1, 3]), ShapeError, /^expand: at most 8 axes, got 9/],
    ["no tensor", () => expand(3 as never, [3]), TypeError, /^expand: x must be a tensor, got 3/],
  ])("refuses %s", (_, call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});

describe("layouts", () => {
  const map = (shape: Shape) => toTensor(randomArray(shape, 3));
  test("the result lies as its first operand of full size does", () => {
    const x = map([2, 3, 4, 5]);
    expect(sub(x, plain(x)).layout).toBe("channelsLast");
    expect(sub(plain(x), x).layout).toBe("rowMajor");
    expect(sub(plain(map([1, 3, 1, 1])), x).layout).toBe("channelsLast");
    expect(sub(map([3, 4, 5]), x).layout).toBe("channelsLast");
    expect(mul(plain(x), 2).layout).toBe("rowMajor");
    expect(numbers(sub(x, plain(x))).every((value) => value === 0)).toBe(true);
    expect(numbers(sub(plain(x), x)).every((value) => value === 0)).toBe(true);
  });
});

test("a mean of many equal numbers is that number", () => {
  const x = tensor(new Float32Array(300 * 7).fill(0.1), [300, 7]);
  expect(mean(x).item()).toBe(Math.fround(0.1));
  checkClose("columns", mean(x, 0).data(), new Float64Array(7).fill(Math.fround(0.1)), 128);
});

test("long sums are exact to the last place along the last axis, and in blocks otherwise", () => {
  const n = 100000, value = Math.fround(0.1);
  const x = tensor(new Float32Array(2 * n).fill(0.1), [2, n]), y = reshape(x, [n, 2]);
  expect(numbers(sum(x, 1))).toEqual([Math.fround(n * value), Math.fround(n * value)]);
  checkClose("columns", sum(y, 0).data(), [n * value, n * value], n);
});

describe("gradients of gradients", () => {
  const smooth: [string, (x: Tensor) => Tensor][] = [
    ["mul and sub, broadcast", (x) => mul(sub(x, mean(x, 1, { keepdim: true })), sum(x, 0))],
    ["div", (x) => div(sum(x, 1, { keepdim: true }), x)],
    ["pow in the base", (x) => pow(x, 3.5)],
    ["pow in the exponent", (x) => pow(1.5, x)],
    ["pow in both", (x) => pow(x, sum(x, 0, { keepdim: true }))],
    ["exp", exp],
    ["log", log],
    ["sqrt", sqrt],
    ["rsqrt", rsqrt],
    ["abs", (x) => mul(abs(x), x)],
    ["where", (x) => where(gt(x, 1.5), mul(x, x), pow(x, 3))],
    ["clamp", (x) => mul(clamp(x, 1.2, 1.8), x)],
    ["maximum", (x) => mul(maximum(x, sum(mul(x, 0.2), 1, { keepdim: true })), x)],
    ["expand", (x) => mul(expand(sum(x, 0, { keepdim: true }), [3, 4]), x)],
    ["amax", (x) => mul(amax(x, 1, { keepdim: true }), x)],
    ["max along an axis", (x) => mul(max(x, 0).values, x)],
    ["variance", (x) => mul(variance(x, 1, { keepdim: true }), x)],
    ["std", (x) => std(x, 0)],
  ];

  test.each(smooth)("%s", (_, fn) => {
    // Smooth and positive, from 1 to 2.
    const at = randomArray([3, 4], 5);
    const x0: NdArray = { shape: at.shape, data: at.data.map((value) => Math.fround(1.5 + value / 2)) };
    const v = randomArray([3, 4], 6);
    const gradient = (point: NdArray): Float32Array => scope(() => {
      const x = toTensor(point);
      return gradients(() => sum(mul(fn(x), fn(x))), [x]).grads.get(x)!.data();
    });
    const second = scope(() => {
      const x = toTensor(x0);
      return gradients(() => {
        const g = gradients(() => sum(mul(fn(x), fn(x))), [x]).grads.get(x)!;
        return sum(mul(g, toTensor(v)));
      }, [x]).grads.get(x)!.data();
    });
    // Central differences of float32 gradients: rounding by 2^-23 over a step of 2^-8, and a truncation of its square.
    const h = 2 ** -8;
    const w = randomArray([3, 4], 7);
    for (const direction of [w, ndarray([3, 4], second)]) {
      const largest = direction.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const unit = { shape: direction.shape, data: direction.data.map((value) => value / largest) };
      const up = gradient(plus(x0, h, unit)), down = gradient(plus(x0, -h, unit));
      const difference = up.reduce((total, value, i) => total + (value - down[i]!) * v.data[i]!, 0) / (2 * h);
      const size = up.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const found = dot(second, unit.data);
      expect(Math.abs(found - difference)).toBeLessThan(5e-4 * (Math.abs(difference) + size));
    }
  });
});

test("nothing is left behind, with a tape and without", () => {
  const before = memory();
  scope(() => {
    const x = toTensor(randomArray([2, 3, 4, 5], 1)), y = plain(x);
    for (let i = 0; i < 2; i++) {
      const inside = memory();
      scope(() => {
        for (const fn of [
          () => sub(x, y), () => sum(x, [0, 1]), () => mean(y, 2), () => variance(x, [0, 2, 3]), () => std(y), () => amax(x, 1),
          () => max(y, 1).values, () => where(gt(x, 0), x, y), () => pow(abs(y), x), () => clamp(x, 0, 1), () => maximum(x, y),
          () => expand(sum(x, 1, { keepdim: true }), x.shape),
        ]) {
          fn();
          gradients(() => sum(fn()), [x, y]);
        }
      });
      expect({ ...memory(), capacity: 0 }).toEqual({ ...inside, capacity: 0 });
    }
  });
  expect({ ...memory(), capacity: 0 }).toEqual({ ...before, capacity: 0 });
});

test("outside of scopes a call leaves its result and nothing else", () => {
  const x = toTensor(randomArray([2, 3, 4, 5], 1)), y = plain(x);
  for (const fn of [
    () => sub(x, y), () => sum(x, 0), () => mean(y, [1, 2]), () => variance(x, 1), () => amax(x, [0, 3]), () => argmax(x),
    () => argmin(y, 2),
  ]) {
    const before = memory();
    fn().dispose();
    expect({ ...memory(), capacity: 0 }).toEqual({ ...before, capacity: 0 });
  }
  x.dispose();
  y.dispose();
});
