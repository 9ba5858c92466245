import { describe, expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { type Buffers, random, withBuffers } from "./buffers.ts";

// Around the vector of 4, and primes.
const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 127];
const tiny = 2 ** -149, huge = 3.4e38;
const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, tiny, -tiny, huge, -huge, 2 ** -126, 0.1];

/** Every pair of special values, with one leading element so that vector and scalar loops both meet all of them. */
const pairs = special.flatMap((a) => special.map((b): [number, number] => [a, b]));
const left = [...pairs, ...pairs.slice(0, 3)].map(([a]) => a), right = [...pairs, ...pairs.slice(0, 3)].map(([, b]) => b);

/** Equal as numbers, signs of zeros included, any NaN for a NaN: float32 arithmetic is exact in what it rounds to. */
function expectSame(what: string, got: Float32Array, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    const value = Math.fround(expected[i]!);
    if (!Object.is(got[i], value)) throw new Error(`${what}: element ${i} is ${got[i]}, expected ${value}`);
  }
}

interface Binary {
  name: "add" | "mul" | "reluAdjoint";
  /** In double precision; the result is rounded once more, which is innocuous for one sum or product. */
  f: (a: number, b: number) => number;
}

const binary: Binary[] = [
  { name: "add", f: (a, b) => a + b },
  { name: "mul", f: (a, b) => a * b },
  { name: "reluAdjoint", f: (y, dy) => (y <= 0 ? 0 : dy) },
];

describe.each(binary)("$name", ({ name, f }) => {
  const check = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    const n = a.length;
    const expected = Array.from({ length: n }, (_, i) => f(Math.fround(a[i]!), Math.fround(b[i]!)));
    withBuffers((buffers) => {
      const y = buffers.output(n);
      kernels()[name](n, buffers.input(a), buffers.input(b), y.ptr);
      expectSame(`${name} of ${n}`, y.data(), expected);
      if (name !== "reluAdjoint") {
        const first = buffers.output(n, a);
        kernels()[name](n, first.ptr, buffers.input(b), first.ptr);
        expectSame(`${name} of ${n}, in place of a`, first.data(), expected);
      }
      const second = buffers.output(n, b);
      kernels()[name](n, buffers.input(a), second.ptr, second.ptr);
      expectSame(`${name} of ${n}, in place of b`, second.data(), expected);
    });
  };
  test("every size", () => {
    for (const n of sizes) check(random(n, 1), random(n, 2));
  });
  test("NaN, infinities, signed zeros, subnormal and huge numbers", () => {
    check(left, right);
    // The same at the other offset from the vector loop.
    check(left.slice(1), right.slice(1));
  });
});

describe("relu", () => {
  const check = (x: ArrayLike<number>) => {
    withBuffers((buffers) => {
      const n = x.length;
      const expected = Array.from({ length: n }, (_, i) => (x[i]! < 0 ? 0 : x[i]!));
      const y = buffers.output(n), same = buffers.output(n, x);
      kernels().relu(n, buffers.input(x), y.ptr);
      kernels().relu(n, same.ptr, same.ptr);
      expectSame(`relu of ${n}`, y.data(), expected);
      expectSame(`relu of ${n}, in place`, same.data(), expected);
    });
  };
  test("every size", () => {
    for (const n of sizes) check(random(n, 1));
  });
  test("NaN stays NaN, -0 stays -0, infinities are kept and cut", () => {
    // Shifted through all four lanes and the loop of the rest.
    for (let shift = 0; shift < 5; shift++) check([...random(shift, 3), ...special]);
  });
});

const alphas = [0, -0, 1, -0.3, Infinity, -Infinity, NaN, tiny, huge];

describe.each(alphas.map((alpha) => ({ alpha })))("alpha $alpha", ({ alpha }) => {
  const a = Math.fround(alpha);
  const inputs = (buffers: Buffers, x: ArrayLike<number>, y: ArrayLike<number>) => [buffers.input(x), buffers.output(y.length, y)] as const;

  test("scale", () => {
    for (const x of [...sizes.map((n) => random(n, 1)), Float64Array.from(special), Float64Array.from(special.slice(2))]) {
      withBuffers((buffers) => {
        const expected = Array.from(x, (value) => a * Math.fround(value));
        const [ptr, same] = inputs(buffers, x, x);
        const y = buffers.output(x.length);
        kernels().scale(x.length, alpha, ptr, y.ptr);
        kernels().scale(x.length, alpha, same.ptr, same.ptr);
        expectSame(`scale of ${x.length}`, y.data(), expected);
        expectSame(`scale of ${x.length}, in place`, same.data(), expected);
      });
    }
  });

  test("axpy rounds the product and the sum", () => {
    for (const [x, y] of [...sizes.map((n) => [random(n, 1), random(n, 2)] as const), [left, right] as const]) {
      withBuffers((buffers) => {
        const expected = Array.from(x, (value, i) => Math.fround(y[i]!) + Math.fround(a * Math.fround(value)));
        const [ptr, sum] = inputs(buffers, x, y);
        kernels().axpy(x.length, alpha, ptr, sum.ptr);
        expectSame(`axpy of ${x.length}`, sum.data(), expected);
      });
    }
  });

  test("fill", () => {
    for (const n of sizes) {
      withBuffers((buffers) => {
        const y = buffers.output(n, 7);
        kernels().fill(n, alpha, y.ptr);
        expectSame(`fill of ${n}`, y.data(), new Float64Array(n).fill(alpha));
      });
    }
  });
});

test("copy", () => {
  for (const x of [...sizes.map((n) => random(n, 1)), Float64Array.from(special)]) {
    withBuffers((buffers) => {
      const y = buffers.output(x.length);
      kernels().copy(x.length, buffers.input(x), y.ptr);
      expectSame(`copy of ${x.length}`, y.data(), x);
    });
  }
});
