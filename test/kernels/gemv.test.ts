import { expect, test } from "vitest";
import type { Activation } from "../../src/epilogue.ts";
import { kernels } from "../../src/runtime/kernels.ts";
import { product } from "../array.ts";
import { checkClose } from "../check.ts";
import { epilogueOf, expectWords, random, withBuffers } from "./buffers.ts";

function reference(m: number, n: number, k: number, x: ArrayLike<number>, w: ArrayLike<number>): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) for (let p = 0; p < k; p++) y[i * n + j]! += x[i * k + p]! * w[j * k + p]!;
  return y;
}

// Around four rows of W and four terms, primes, and nothing at all.
const sizes = product({ m: [0, 1, 2, 3, 5], n: [0, 1, 2, 3, 4, 5, 7, 8, 13], k: [0, 1, 3, 4, 5, 7, 8, 19, 64] });

test.each([false, true])("gemv, with bias, residual and activation %o", (finished) => {
  const activation: Activation = { kind: "clamp", lower: -0.5, upper: Infinity };
  for (const { m, n, k } of sizes) {
    withBuffers((buffers) => {
      const x = random(m * k, 1), w = random(n * k, 2), bias = random(n, 3), residual = random(m * n, 4);
      const y = buffers.output(m * n);
      const epilogue = finished ? epilogueOf(buffers.input(bias), buffers.input(residual), activation) : 0;
      kernels().gemv(m, n, k, buffers.input(x), buffers.input(w), epilogue, y.ptr);
      const sums = reference(m, n, k, x, w);
      checkClose(JSON.stringify({ m, n, k }), y.data(), finished ? sums.map((sum, at) => Math.max(sum + bias[at % n]! + residual[at]!, -0.5)) : sums, k);
    });
  }
});

test("no split of the rows of W or of X changes a bit", () => {
  const m = 3, n = 23, k = 37;
  withBuffers((buffers) => {
    const x = buffers.input(random(m * k, 1)), w = buffers.input(random(n * k, 2));
    const whole = buffers.output(m * n);
    kernels().gemv(m, n, k, x, w, 0, whole.ptr);
    for (let i = 0; i < m; i++) {
      const split = buffers.output(n);
      for (let j = 0, step = 1; j < n; j += step, step = step % 7 + 1) {
        kernels().gemv(1, Math.min(step, n - j), k, x + 4 * i * k, w + 4 * j * k, 0, split.ptr + 4 * j);
      }
      expectWords(`row ${i}`, split.bits(), whole.bits().subarray(i * n, (i + 1) * n));
    }
  });
});

test("NaN reaches its element and nothing else", () => {
  const n = 7, k = 11;
  withBuffers((buffers) => {
    const w = random(n * k, 2);
    w[3 * k + 10] = NaN;
    const y = buffers.output(n);
    kernels().gemv(1, n, k, buffers.input(random(k, 1)), buffers.input(w), 0, y.ptr);
    expect([...y.data()].map(Number.isNaN)).toEqual(Array.from({ length: n }, (_, j) => j === 3));
  });
});
