import { describe, expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { product } from "../array.ts";
import { checkClose } from "../check.ts";
import { random, withBuffers } from "./buffers.ts";

// Around the vector of 4, and long rows.
const shapes = product({ n: [0, 1, 3], c: [1, 2, 3, 4, 5, 7, 8, 9, 1000] });

const row = (x: ArrayLike<number>, c: number, i: number): number[] => Array.from({ length: c }, (_, j) => x[i * c + j]!);
const perRow = (n: number, f: (i: number) => number[]): Float64Array => Float64Array.from(Array.from({ length: n }, (_, i) => f(i)).flat());
const logsum = (x: number[]): number => {
  const most = Math.max(...x);
  return Math.abs(most) === Infinity ? most : most + Math.log(x.reduce((sum, value) => sum + Math.exp(value - most), 0));
};
const dot = (a: number[], b: number[]): number => a.reduce((sum, value, j) => sum + value * b[j]!, 0);

function apply(name: "softmax" | "logSoftmax" | "logsumexp", n: number, c: number, x: ArrayLike<number>): Float32Array {
  return withBuffers((buffers) => {
    const y = buffers.output(name === "logsumexp" ? n : n * c);
    kernels()[name](n, c, buffers.input(x), y.ptr);
    return y.data();
  });
}

describe.each(shapes)("$n rows of $c", ({ n, c }) => {
  const x = random(n * c, 1).map((value) => Math.fround(30 * value)), dy = random(n * c, 2);

  test("softmax, logSoftmax and logsumexp", () => {
    checkClose("softmax", apply("softmax", n, c, x), perRow(n, (i) => row(x, c, i).map((value) => Math.exp(value - logsum(row(x, c, i))))), c);
    checkClose("logSoftmax", apply("logSoftmax", n, c, x), perRow(n, (i) => row(x, c, i).map((value) => value - logsum(row(x, c, i)))), c);
    checkClose("logsumexp", apply("logsumexp", n, c, x), perRow(n, (i) => [logsum(row(x, c, i))]), c);
  });

  test("softmaxAdjoint, from any y, also in place of dy", () => {
    const y = random(n * c, 3);
    const expected = perRow(n, (i) => row(y, c, i).map((value, j) => value * (dy[i * c + j]! - dot(row(y, c, i), row(dy, c, i)))));
    withBuffers((buffers) => {
      const dx = buffers.output(n * c), same = buffers.output(n * c, dy);
      kernels().softmaxAdjoint(n, c, buffers.input(y), buffers.input(dy), dx.ptr);
      kernels().softmaxAdjoint(n, c, buffers.input(y), same.ptr, same.ptr);
      checkClose("dx", dx.data(), expected, c);
      expect(same.bits()).toEqual(dx.bits());
    });
  });

  test("logSoftmaxAdjoint, from any y, also in place of dy", () => {
    const y = random(n * c, 3);
    const expected = perRow(n, (i) => row(y, c, i).map((value, j) => dy[i * c + j]! - Math.exp(value) * dot(row(dy, c, i), row(dy, c, i).map(() => 1))));
    withBuffers((buffers) => {
      const dx = buffers.output(n * c), same = buffers.output(n * c, dy);
      kernels().logSoftmaxAdjoint(n, c, buffers.input(y), buffers.input(dy), dx.ptr);
      kernels().logSoftmaxAdjoint(n, c, buffers.input(y), same.ptr, same.ptr);
      checkClose("dx", dx.data(), expected, c);
      expect(same.bits()).toEqual(dx.bits());
    });
  });

  test("pick and its adjoint; negative labels pick nothing", () => {
    const labels = Array.from({ length: n }, (_, i) => (i === 1 ? -1 : (i * 5 + 2) % c));
    withBuffers((buffers) => {
      const y = buffers.output(n), dx = buffers.output(n * c);
      const target = buffers.input(new Float32Array(Int32Array.from(labels).buffer));
      kernels().pick(n, c, buffers.input(x), target, y.ptr);
      kernels().pickAdjoint(n, c, target, buffers.input(dy.slice(0, n)), dx.ptr);
      expect([...y.data()]).toEqual(labels.map((label, i) => (label < 0 ? 0 : x[i * c + label]!)));
      expect([...dx.data()]).toEqual([...perRow(n, (i) => row(x, c, i).map((_, j) => (j === labels[i] ? dy[i]! : 0)))]);
    });
  });
});

test("a row that is all but decided keeps its last digits", () => {
  // Beside 1, exp(-60) is nothing.
  for (const c of [2, 3, 5, 9]) {
    for (const best of [0, c - 1]) {
      const x = Array.from({ length: c }, (_, j) => (j === best ? 3 : -57)), rest = (c - 1) * Math.exp(-60);
      expect(apply("logSoftmax", 1, c, x)[best]! / -rest).toBeCloseTo(1, 6);
      withBuffers((buffers) => {
        const p = buffers.output(c), y = buffers.output(1), dx = buffers.output(c);
        const labels = buffers.input(new Float32Array(Int32Array.of(best).buffer));
        kernels().softmaxCrossEntropy(1, c, buffers.input(x), labels, p.ptr, y.ptr);
        kernels().softmaxCrossEntropyAdjoint(1, c, p.ptr, labels, buffers.input([1]), dx.ptr);
        expect(y.data()[0]! / rest).toBeCloseTo(1, 6);
        dx.data().forEach((value, j) => expect(value / (j === best ? -rest : Math.exp(-60))).toBeCloseTo(1, 6));
      });
    }
  }
});

// PyTorch 1.13 gives the same.
describe.each([0, 4])("extremes, behind %i others", (others) => {
  const check = (values: number[], softmax: number[], logSoftmax: number[], logsumexp: number) => {
    const x = [...new Array<number>(others).fill(-Infinity), ...values], c = x.length;
    const behind = (y: Float32Array) => [...y].slice(others);
    checkClose("softmax", behind(apply("softmax", 1, c, x)), softmax, 1);
    checkClose("logSoftmax", behind(apply("logSoftmax", 1, c, x)), logSoftmax, 1);
    checkClose("logsumexp", apply("logsumexp", 1, c, x), [logsumexp], 1);
  };
  test("large numbers do not overflow", () => check([1000, 1000, -1000], [0.5, 0.5, 0], [-Math.LN2, -Math.LN2, -2000 - Math.LN2], 1000 + Math.LN2));
  test("the largest numbers neither", () => check([3e38, -3e38], [1, 0], [0, -Infinity], 3e38));
  test("-Infinity counts nothing", () => check([-Infinity, 2], [0, 1], [-Infinity, 0], 2));
  test("nothing but -Infinity", () => check([-Infinity, -Infinity], [NaN, NaN], [NaN, NaN], -Infinity));
  test("Infinity", () => check([1, Infinity], [NaN, NaN], [NaN, NaN], Infinity));
  test("NaN in any place", () => {
    for (let i = 0; i < 6; i++) {
      const values = [1, 2, 3, 4, 5, 6].map((value, j) => (i === j ? NaN : value)), none = values.map(() => NaN);
      check(values, none, none, NaN);
    }
  });
});
