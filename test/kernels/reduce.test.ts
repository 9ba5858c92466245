import { describe, expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { product } from "../array.ts";
import { checkClose } from "../check.ts";
import { expectWords, random, withBuffers } from "./buffers.ts";

// Around the vector of 4 in columns, around the block of 128 in rows.
const shapes = product({ rows: [0, 1, 2, 3, 127, 128, 129, 257], n: [0, 1, 3, 4, 5, 7, 8, 9, 13, 16, 37] });

test("sumRows", () => {
  for (const { rows, n } of shapes) {
    withBuffers((buffers) => {
      const x = random(rows * n, 1);
      const y = buffers.output(n);
      kernels().sumRows(rows, n, buffers.input(x), y.ptr);
      const expected = new Float64Array(n);
      x.forEach((value, i) => (expected[i % n]! += value));
      checkClose(`${rows} x ${n}`, y.data(), expected, rows);
    });
  }
});

test("sumRows of 200000 rows is as exact as its blocks make it", () => {
  const rows = 200000, n = 5;
  withBuffers((buffers) => {
    const y = buffers.output(n);
    kernels().sumRows(rows, n, buffers.input(new Float64Array(rows * n).fill(0.1)), y.ptr);
    // One running sum of these is wrong by one part in a thousand.
    checkClose("y", y.data(), new Float64Array(n).fill(rows * Math.fround(0.1)), rows);
  });
});

test("sumAxis", () => {
  for (const { outer, n, inner } of product({ outer: [0, 1, 3], n: [0, 1, 7, 8, 9, 129], inner: [1, 2, 5, 16, 21] })) {
    withBuffers((buffers) => {
      const x = random(outer * n * inner, 1);
      const y = buffers.output(outer * inner);
      kernels().sumAxis(outer, n, inner, buffers.input(x), y.ptr);
      const expected = new Float64Array(outer * inner);
      x.forEach((value, i) => (expected[Math.floor(i / (n * inner)) * inner + (i % inner)]! += value));
      checkClose(`${outer} x ${n} x ${inner}`, y.data(), expected, n);
    });
  }
});

test("repeatRow", () => {
  for (const { rows, n } of shapes) {
    withBuffers((buffers) => {
      const x = random(n, 2);
      const y = buffers.output(rows * n);
      kernels().repeatRow(rows, n, buffers.input(x), y.ptr);
      expectWords(`${rows} x ${n}`, y.bits(), new Uint32Array(new Float32Array(rows * n).map((_, i) => x[i % n]!).buffer));
    });
  }
});

describe("sumAxis of one row", () => {
  const sum = (x: ArrayLike<number>) =>
    withBuffers((buffers) => {
      const y = buffers.output(1);
      kernels().sumAxis(1, x.length, 1, buffers.input(x), y.ptr);
      return y.data()[0]!;
    });

  test("every size", () => {
    for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 127, 1009]) {
      // Multiples of 2 ** -20: their sum is exact in double precision in any order.
      const x = random(n, 3).map((value) => Math.round(value * 2 ** 20) / 2 ** 20);
      expect(sum(x)).toBe(Math.fround(x.reduce((a, b) => a + b, 0)));
    }
  });

  test("is accumulated in double precision and rounded once", () => {
    expect(sum([2 ** 24, ...new Array<number>(1000).fill(1)])).toBe(2 ** 24 + 1000);
    expect(sum([3e38, 3e38, -3e38])).toBe(Math.fround(3e38));
    expect(sum([1e15, 1, 2, 3, -1e15])).toBe(6);
  });

  test("keeps NaN and infinities, in every lane", () => {
    for (let i = 0; i < 7; i++) {
      const x = random(7, 4);
      x[i] = Infinity;
      expect(sum(x)).toBe(Infinity);
      x[(i + 1) % 7] = -Infinity;
      expect(sum(x)).toBeNaN();
      x[i] = NaN;
      expect(sum(x)).toBeNaN();
    }
    expect(sum([])).toBe(0);
  });
});
