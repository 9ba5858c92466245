import { test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { byteView, ints } from "../../src/runtime/memory.ts";
import { product } from "../array.ts";
import { type Buffers, expectWords, random, withBuffers } from "./buffers.ts";

const cases = product({ outer: [0, 1, 3], size: [1, 4], count: [0, 1, 5], inner: [0, 1, 3, 4, 5, 8, 11] });

/** A guarded buffer of integers below `size`, and the integers; some are negative where that is allowed. */
function indices(buffers: Buffers, count: number, size: number, negative: boolean): { ptr: number; at: number[] } {
  const at = [...random(count, 3)].map((value, i) => (negative && i % 3 === 2 ? -1 : Math.floor((value + 1) / 2 * size)));
  const { ptr } = buffers.output(count);
  ints(ptr, count).set(at);
  return { ptr, at };
}

const bitsOf = (values: ArrayLike<number>): Uint32Array => new Uint32Array(Float32Array.from(values).buffer);

test("gatherRows copies whole rows, and zeros for negative indices; scatterRows adds them back", () => {
  for (const { outer, size, count, inner } of cases) {
    withBuffers((buffers) => {
      const what = `${outer} x ${size} x ${inner}, ${count} rows`;
      const values = random(outer * size * inner, 1), dy = random(outer * count * inner, 2);
      const x = buffers.input(values), y = buffers.output(outer * count * inner), dx = buffers.output(values.length, values);
      const index = indices(buffers, count, size, true);
      const picked = new Float32Array(outer * count * inner), added = Float32Array.from(values);
      for (let o = 0; o < outer; o++) {
        for (let r = 0; r < count; r++) {
          for (let i = 0; i < inner; i++) {
            const from = (o * size + index.at[r]!) * inner + i, to = (o * count + r) * inner + i;
            picked[to] = index.at[r]! < 0 ? 0 : values[from]!;
            if (index.at[r]! >= 0) added[from]! += dy[to]!;
          }
        }
      }
      kernels().gatherRows(outer, size, count, inner * 4, x, index.ptr, y.ptr);
      expectWords(`gatherRows ${what}`, y.bits(), bitsOf(picked));
      kernels().scatterRows(outer, size, count, inner, buffers.input(dy), index.ptr, dx.ptr);
      expectWords(`scatterRows ${what}`, dx.bits(), bitsOf(added));
    });
  }
});

test("gatherRows copies rows of bytes", () => {
  for (const { outer, size, count, inner } of cases) {
    withBuffers((buffers) => {
      const x = buffers.output(outer * size * inner), y = buffers.output(outer * count * inner);
      const from = byteView(x.ptr, outer * size * inner), to = byteView(y.ptr, outer * count * inner * 4);
      from.forEach((_, i) => (from[i] = i * 37 + 11));
      const index = indices(buffers, count, size, true);
      const expected = to.slice();
      for (let row = 0; row < outer * count; row++) {
        const at = index.at[row % count]!;
        for (let i = 0; i < inner; i++) expected[row * inner + i] = at < 0 ? 0 : from[(Math.floor(row / count) * size + at) * inner + i]!;
      }
      kernels().gatherRows(outer, size, count, inner, x.ptr, index.ptr, y.ptr);
      expectWords(`${outer} x ${size} x ${inner}, ${count} rows`, to, expected);
    });
  }
});

test("gatherElements picks single elements; scatterElements adds them back", () => {
  for (const { outer, size, count, inner } of cases) {
    withBuffers((buffers) => {
      const what = `${outer} x ${size} x ${inner}, ${count} elements`;
      const values = random(outer * size * inner, 1), dy = random(outer * count * inner, 2);
      const x = buffers.input(values), y = buffers.output(outer * count * inner), dx = buffers.output(values.length, values);
      const index = indices(buffers, outer * count * inner, size, false);
      const picked = new Float32Array(outer * count * inner), added = Float32Array.from(values);
      index.at.forEach((at, to) => {
        const from = (Math.floor(to / (count * inner)) * size + at) * inner + to % inner;
        picked[to] = values[from]!;
        added[from]! += dy[to]!;
      });
      kernels().gatherElements(outer, size, count, inner, x, index.ptr, y.ptr);
      expectWords(`gatherElements ${what}`, y.bits(), bitsOf(picked));
      kernels().scatterElements(outer, size, count, inner, buffers.input(dy), index.ptr, dx.ptr);
      expectWords(`scatterElements ${what}`, dx.bits(), bitsOf(added));
    });
  }
});
