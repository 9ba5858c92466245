import { describe, expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { withBuffers } from "./buffers.ts";

// exp and log within one unit in the last place over all of float32; every 2 ** 12th number and its neighbourhoods here.
const functions = [
  {
    name: "exp" as const,
    special: [
      [NaN, NaN], [Infinity, Infinity], [-Infinity, 0], [0, 1], [-0, 1], [1e-30, 1], [88.8, Infinity], [3e38, Infinity],
      [-104.5, 0], [-3e38, 0],
    ],
    // Around the ends, where the result becomes infinite, subnormal and zero, and where the exponent steps.
    around: [0, 88.72283, -87.33654, -103.9721, Math.LN2 / 2, -Math.LN2 / 2, 1],
  },
  {
    name: "log" as const,
    special: [[NaN, NaN], [Infinity, Infinity], [-Infinity, NaN], [0, -Infinity], [-0, -Infinity], [1, 0], [-1, NaN], [-1e-45, NaN]],
    around: [2 ** -149, 2 ** -126, Math.SQRT1_2, 1, Math.SQRT2, 2, 3.4e38],
  },
];

describe.each(functions)("$name", ({ name, special, around }) => {
  const run = (x: ArrayLike<number>) =>
    withBuffers((buffers) => {
      const y = buffers.output(x.length);
      kernels()[name](x.length, buffers.input(x), y.ptr);
      return y.data();
    });

  const check = (x: Float32Array) => {
    const y = run(x);
    for (let i = 0; i < x.length; i++) {
      const expected = Math[name](x[i]!);
      const rounded = Math.fround(expected);
      const close = Number.isFinite(rounded) ? Math.abs(y[i]! - expected) <= lastPlace(rounded) : Object.is(y[i], rounded);
      if (!close) throw new Error(`${name}(${x[i]}) is ${y[i]}, expected ${expected}`);
    }
  };

  test("within a unit in the last place, over all numbers", () => {
    const x = new Uint32Array(2 ** 20).map((_, i) => i * 2 ** 12 + ((i * 37) % 2 ** 12));
    check(new Float32Array(x.buffer));
  });

  test("within a unit in the last place, where it is delicate", () => {
    for (const centre of around) {
      const bits = new Int32Array(Float32Array.of(centre).buffer)[0]!;
      check(new Float32Array(new Int32Array(4000).map((_, i) => Math.max(bits - 2000, 0) + i).buffer));
    }
  });

  test("special values, in every lane and in the rest", () => {
    for (let shift = 0; shift < 5; shift++) {
      const y = run([...new Array<number>(shift).fill(1), ...special.map(([x]) => x!)]);
      expect([...y.subarray(shift)]).toEqual(special.map(([, value]) => value));
    }
  });

  test("in place", () => {
    withBuffers((buffers) => {
      const y = buffers.output(7, [1, 2, 3, 4, 5, 6, 7]);
      kernels()[name](7, y.ptr, y.ptr);
      expect([...y.data()]).toEqual([...run([1, 2, 3, 4, 5, 6, 7])]);
    });
  });
});

/** Distance from a float32 to the next larger one in size. */
function lastPlace(value: number): number {
  const bits = new Int32Array(Float32Array.of(Math.abs(value)).buffer);
  const next = new Float32Array(Int32Array.of(bits[0]! + 1).buffer)[0]!;
  return Number.isFinite(next) ? next - Math.abs(value) : 2 ** 104;
}
