import { describe, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { poolWindow, windowPtr } from "../../src/window.ts";
import { avgPoolReference, maxPoolReference, type MaxCase } from "../specs/pooling.ts";
import { ndarray } from "../array.ts";
import { checkClose } from "../check.ts";
import { expectWords, type Output, random, withBuffers } from "./buffers.ts";
import { ranges } from "./volumes.ts";

const geometries: MaxCase[] = [
  { kernelSize: 2 }, { kernelSize: 3, stride: 2, padding: 1 }, { kernelSize: 3, stride: 1, padding: 1 },
  { kernelSize: [1, 3], stride: [1, 2] }, { kernelSize: 5, stride: 2, padding: 2 }, { kernelSize: 3, stride: 4, padding: 1, dilation: 2 }, { kernelSize: 4, stride: 3, padding: 2, ceilMode: true },
];

/** [N, outer, inner] from [N, inner, outer]: channels last and back. */
function moved(values: ArrayLike<number>, inner: number, outer: number): number[] {
  return Array.from({ length: values.length }, (_, i) => {
    const image = Math.floor(i / (inner * outer)), rest = i % (inner * outer);
    return values[image * inner * outer + (rest % inner) * outer + Math.floor(rest / inner)]!;
  });
}

for (const c of [1, 3, 4, 7, 8, 13, 16, 33]) {
  for (const { kernelSize, ...options } of geometries) {
    describe(`${c} channels, ${JSON.stringify({ kernelSize, ...options })}`, () => {
      const shape = [2, c, 7, 23];
      const win = poolWindow("pool", 2, shape, kernelSize, options, options.dilation ?? 1);
      const positions = win.n * win.output[1] * win.output[2];

      /** Whole and in every range: the same bits, and nothing else is written. */
      function check(x: number[], pool: (from: number, to: number, x: number, y: number) => void): Float32Array {
        return withBuffers((buffers) => {
          const input = buffers.input(x);
          const make = (from: number, to: number, y: Output): Output => (pool(from, to, input, y.ptr), y);
          const whole = make(0, positions, buffers.output(positions * c));
          for (const [from, to] of ranges(positions)) {
            const expected = new Uint32Array(new Float32Array(positions * c).fill(5).buffer);
            expected.set(whole.bits().subarray(from * c, to * c), from * c);
            const part = make(from, to, buffers.output(positions * c, new Array<number>(positions * c).fill(5)));
            expectWords(`positions ${from} to ${to}`, part.bits(), expected);
          }
          return whole.data();
        });
      }
      const planes = (y: Float32Array): number[] => moved(y, positions / win.n, c);
      const inputs = (x: number[]) => moved(x, c, 7 * 23);

      test.each(["numbers", "a NaN here and there", "infinities of both signs"])("maxPool of %s", (kind) => {
        const special = { numbers: [], "a NaN here and there": [NaN], "infinities of both signs": [Infinity, -Infinity] }[kind]!;
        const numbers = [...random(2 * c * 7 * 23, 1)].map((value, i) => (i % 37 === 0 ? special[(i / 37) % special.length] ?? value : value));
        const y = check(inputs(numbers), (from, to, x, out) => kernels().maxPool(windowPtr(win), from, to, x, out, 0));
        const expected = maxPoolReference(ndarray(shape, numbers), { kernelSize, ...options }).values.data;
        planes(y).forEach((value, i) => {
          if (!Object.is(value, Math.fround(expected[i]!))) throw new Error(`y[${i}] is ${value}, expected ${expected[i]}`);
        });
      });

      if (options.dilation !== undefined) return;
      test("avgPool", () => {
        const numbers = [...random(2 * c * 7 * 23, 2)];
        const y = check(inputs(numbers), (from, to, x, out) => kernels().avgPool(windowPtr(win), from, to, true, 0, x, out));
        checkClose("y", planes(y), avgPoolReference(ndarray(shape, numbers), { kernelSize, ...options }).data, 16);
      });
    });
  }
}
