import { describe, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { windowPtr } from "../../src/window.ts";
import { dot } from "../array.ts";
import { checkClose } from "../check.ts";
import { expectWords, random, withBuffers } from "./buffers.ts";
import { forEachTap, ranges, type Volume, volumes } from "./volumes.ts";

const bits = (values: ArrayLike<number>) => new Uint32Array(Float32Array.from(values).buffer);

/** The whole column matrix of one group, for slices to be compared with. */
function columns({ win, positions, taps }: Volume, group: number, x: ArrayLike<number>): Float64Array {
  const col = new Float64Array(positions * taps);
  forEachTap(win, group, (q, t, at) => (col[q * taps + t] = at < 0 ? 0 : x[at]!));
  return col;
}

for (const volume of volumes) {
  const { name, win, positions, taps, xSize } = volume;
  describe(name, () => {
    test("im2col copies any range of rows exactly", () => {
      const x = random(xSize, 1);
      for (let group = 0; group < win.groups; group++) {
        const expected = columns(volume, group, x);
        for (const [from, to] of ranges(positions)) {
          withBuffers((buffers) => {
            const col = buffers.output((to - from) * taps);
            kernels().im2col(windowPtr(win), group, from, to, buffers.input(x), col.ptr);
            expectWords(`group ${group}, rows ${from} to ${to}`, col.bits(), bits(expected.subarray(from * taps, to * taps)));
          });
        }
      }
    });

    test("col2im adds any range of rows to what is there", () => {
      const col = random(positions * taps, 2), initial = random(xSize, 3);
      for (let group = 0; group < win.groups; group++) {
        for (const [from, to] of ranges(positions)) {
          withBuffers((buffers) => {
            const x = buffers.output(xSize, initial);
            kernels().col2im(windowPtr(win), group, from, to, buffers.input(col.subarray(from * taps, to * taps)), x.ptr);
            const expected = initial.slice();
            forEachTap(win, group, (q, t, at) => {
              if (at >= 0 && q >= from && q < to) expected[at]! += col[q * taps + t]!;
            });
            checkClose(`group ${group}, rows ${from} to ${to}`, x.data(), expected, taps);
          });
        }
      }
    });

    test("the two are adjoint: <im2col x, c> = <x, col2im c>", () => {
      for (let group = 0; group < win.groups; group++) {
        withBuffers((buffers) => {
          // Integers: every product and sum is exact, so the two sides must be equal to the last bit.
          const integers = (length: number, seed: number) => random(length, seed).map((value) => Math.round(value * 64));
          const x = integers(xSize, 4), c = integers(positions * taps, 5);
          const col = buffers.output(positions * taps), back = buffers.output(xSize, 0);
          kernels().im2col(windowPtr(win), group, 0, positions, buffers.input(x), col.ptr);
          kernels().col2im(windowPtr(win), group, 0, positions, buffers.input(c), back.ptr);
          const left = dot(col.data(), c), right = dot(x, back.data());
          if (left !== right) throw new Error(`group ${group}: ${left} and ${right}`);
        });
      }
    });
  });
}
