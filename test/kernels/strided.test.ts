import { describe, expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { byteView, ints, STRIDES_PTR } from "../../src/runtime/memory.ts";
import { forEachIndex, product } from "../array.ts";
import { expectWords, random, withBuffers } from "./buffers.ts";

interface Movement {
  lengths: number[];
  /** Strides and offsets in elements. */
  sx: number[];
  sy: number[];
  x0: number;
  y0: number;
}

/** The struct's fields in their order, as `src/strides.ts` writes them. */
function write({ lengths, sx, sy }: Movement, bytes: number): number {
  const fields = lengths.flatMap((n, k) => [n, sx[k]! * bytes, sy[k]! * bytes]);
  ints(STRIDES_PTR, fields.length).set(fields);
  return lengths.length;
}

function places({ lengths, sx, sy, x0, y0 }: Movement): [from: number, to: number][] {
  const pairs: [number, number][] = [];
  forEachIndex(lengths, (...index) => {
    pairs.push([index.reduce((at, i, k) => at + i * sx[k]!, x0), index.reduce((at, i, k) => at + i * sy[k]!, y0)]);
  });
  return pairs;
}

/** All ways to walk through boxes of awkward lengths, with a margin of one element per axis, backwards along some axes. */
const movements: Movement[] = [];
for (const { a, b } of product({ a: [1, 2, 3, 4, 5, 7, 8, 9], b: [1, 3, 4, 5, 8, 13] })) {
  // Runs, both kinds of transposition, and neither.
  const layouts = [[b + 1, 1], [1, a + 1], [2 * (b + 1), 2]];
  for (const sx of layouts) {
    for (const sy of layouts) movements.push({ lengths: [a, b], sx: [...sx], sy: [...sy], x0: 1, y0: 1 });
  }
}
for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
  for (const flipped of [[], [0], [2], [0, 1, 2]]) {
    const lengths = [3, 5, 6];
    const row = [48, 7, 1];
    const permuted = order.map((axis) => [48, 7, 1][axis]!).map((stride) => (stride === 48 ? 64 : stride === 7 ? 8 : 1));
    const sx = row.map((stride, axis) => (flipped.includes(axis) ? -stride : stride));
    const x0 = lengths.reduce((at, n, axis) => at + (flipped.includes(axis) ? (n - 1) * row[axis]! : 0), 0);
    movements.push({ lengths, sx, sy: permuted, x0, y0: 3 });
  }
}
movements.push(
  { lengths: [0, 5], sx: [5, 1], sy: [5, 1], x0: 0, y0: 0 },
  { lengths: [5, 0], sx: [1, 5], sy: [1, 5], x0: 0, y0: 0 },
  { lengths: [2, 1, 3, 1, 2, 2, 1, 3], sx: [72, 72, 24, 24, 12, 6, 6, 1], sy: [1, 2, 2, 6, 6, 12, 24, 24], x0: 0, y0: 0 },
  // One element everywhere.
  { lengths: [3, 6], sx: [0, 0], sy: [6, 1], x0: 2, y0: 0 },
  { lengths: [3, 6], sx: [1, 0], sy: [6, 1], x0: 0, y0: 0 },
);

const sizeOf = (movement: Movement, side: 0 | 1): number => 1 + Math.max(3, ...places(movement).map((pair) => pair[side]));
const name = ({ lengths, sx, sy }: Movement): string => `${lengths} from ${sx} to ${sy}`;

describe("stridedCopy", () => {
  test("moves 4-byte elements to their places and leaves what lies between", () => {
    for (const movement of movements) {
      withBuffers((buffers) => {
        const x = buffers.output(sizeOf(movement, 0)), y = buffers.output(sizeOf(movement, 1));
        // Words that are integers, and NaN with payloads.
        const words = ints(x.ptr, x.bits().length);
        words.forEach((_, i) => (words[i] = i % 3 === 0 ? 0x7f800001 + i : i * 0x01010101));
        const from = x.bits(), expected = y.bits();
        for (const [source, target] of places(movement)) expected[target] = from[source]!;
        kernels().stridedCopy(STRIDES_PTR, write(movement, 4), x.ptr + movement.x0 * 4, y.ptr + movement.y0 * 4);
        expectWords(name(movement), y.bits(), expected);
        expectWords("x", x.bits(), from);
      });
    }
  });
});

describe("stridedCopyBytes", () => {
  test("moves bytes", () => {
    for (const movement of movements) {
      withBuffers((buffers) => {
        const x = buffers.output(sizeOf(movement, 0)), y = buffers.output(sizeOf(movement, 1));
        const from = byteView(x.ptr, x.bits().length * 4), to = byteView(y.ptr, y.bits().length * 4);
        from.forEach((_, i) => (from[i] = i * 37 + 11));
        const expected = to.slice();
        for (const [source, target] of places(movement)) expected[target] = from[source]!;
        kernels().stridedCopyBytes(STRIDES_PTR, write(movement, 1), x.ptr + movement.x0, y.ptr + movement.y0);
        expect(to, name(movement)).toEqual(expected);
      });
    }
  });
});

describe("stridedAdd", () => {
  const many: Movement[] = [
    { lengths: [4, 9], sx: [9, 1], sy: [0, 1], x0: 0, y0: 0 },
    { lengths: [4, 9], sx: [9, 1], sy: [1, 0], x0: 0, y0: 0 },
    { lengths: [4, 3, 5], sx: [15, 5, 1], sy: [0, 0, 0], x0: 0, y0: 2 },
  ];

  test("adds to every place, as often as it is reached", () => {
    for (const movement of [...movements, ...many]) {
      withBuffers((buffers) => {
        const values = random(sizeOf(movement, 0), 1), initial = random(sizeOf(movement, 1), 2);
        const x = buffers.input(values), y = buffers.output(initial.length, initial);
        const expected = Float32Array.from(initial);
        for (const [source, target] of places(movement)) expected[target]! += values[source]!;
        kernels().stridedAdd(STRIDES_PTR, write(movement, 4), x + movement.x0 * 4, y.ptr + movement.y0 * 4);
        expectWords(name(movement), y.bits(), new Uint32Array(expected.buffer));
      });
    }
  });
});
