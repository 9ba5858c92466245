import { describe, expect, test } from "vitest";
import { broadcastPtr, numberPtr } from "../../src/broadcast.ts";
import { kernels } from "../../src/runtime/kernels.ts";
import type { DType, Layout, Shape, Tensor } from "../../src/index.ts";
import { type NdArray, ndarray } from "../array.ts";
import { broadcast, pairs } from "../specs/broadcast.ts";
import { expectWords, random, withBuffers } from "./buffers.ts";

const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
/** What the geometry is made from: no memory of a tensor's is touched. */
const lying = (shape: Shape, layout: Layout = "rowMajor") => ({ shape, layout, size: size(shape) }) as Tensor<DType>;

const full = pairs.map(([a, b]) => ({ a, b, y: broadcast([ndarray(a), ndarray(b)], () => 0).shape })).filter(({ y }) => size(y) > 0);

test.each(full)("geometry $a with $b", ({ a, b, y }) => {
  const values = [random(size(a), 1), random(size(b), 2)] as const;
  const expected = broadcast([ndarray(a, values[0]), ndarray(b, values[1])], (p, q) => p - q);
  withBuffers((buffers) => {
    const out = buffers.output(size(y));
    kernels().subBroadcast(broadcastPtr(lying(y), [lying(a), lying(b)]), buffers.input(values[0]), buffers.input(values[1]), out.ptr);
    expectWords("y", out.bits(), new Uint32Array(Float32Array.from(expected.data).buffer));
    // Three operands, with the first as the condition.
    const chosen = buffers.output(size(y));
    const condition = values[0].map((value) => (value < 0 ? 0 : value));
    kernels().where(
      broadcastPtr(lying(y), [lying(a), lying(b), lying(a)]),
      buffers.input(condition), buffers.input(values[1]), buffers.input(values[0]), chosen.ptr,
    );
    const selected = broadcast([ndarray(a, values[0]), ndarray(b, values[1])], (p, q) => (p < 0 ? p : q));
    expectWords("where", chosen.bits(), new Uint32Array(Float32Array.from(selected.data).buffer));
  });
});

// A channels-last map of 2 x 3 x 2 x 5 with operands in either layout, against the row-major walk.
test("layouts", () => {
  const shape = [2, 3, 2, 5];
  const toLast = (x: NdArray): Float32Array => {
    const [, c, h, w] = x.shape as [number, number, number, number];
    return new Float32Array(x.data.length).map((_, i) => {
      const image = Math.floor(i / (h * w * c)), pixel = Math.floor(i / c) % (h * w);
      return x.data[(image * c + (i % c)) * h * w + pixel]!;
    });
  };
  for (const other of [shape, [1, 3, 1, 1], [2, 3, 1, 5], [1, 1, 2, 5], [2, 1, 2, 1]]) {
    for (const layout of ["rowMajor", "channelsLast"] as const) {
      const a = ndarray(shape, random(size(shape), 1)), b = ndarray(other, random(size(other), 2));
      withBuffers((buffers) => {
        const y = buffers.output(size(shape));
        const stored = layout === "rowMajor" ? b.data : toLast(b);
        kernels().subBroadcast(
          broadcastPtr(lying(shape, "channelsLast"), [lying(shape, "channelsLast"), lying(other, layout)]),
          buffers.input(toLast(a)), buffers.input(stored), y.ptr,
        );
        expectWords(`${other} ${layout}`, y.bits(), new Uint32Array(toLast(broadcast([a, b], (p, q) => p - q)).buffer));
      });
    }
  }
});

const tiny = 2 ** -149, huge = 3.4e38;
const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, tiny, -tiny, huge, -huge, 2 ** -126, 0.1, 0.5, 2, 3, -2.5];
const left = special.flatMap((a) => special.map(() => a)), right = special.flatMap(() => special);

const round = Math.fround;
const functions = [
  { name: "addBroadcast" as const, f: (a: number, b: number) => a + b },
  { name: "subBroadcast" as const, f: (a: number, b: number) => a - b },
  { name: "mulBroadcast" as const, f: (a: number, b: number) => a * b },
  { name: "divBroadcast" as const, f: (a: number, b: number) => a / b },
  { name: "maximumBroadcast" as const, f: (a: number, b: number) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : a < b ? b : a) },
  { name: "minimumBroadcast" as const, f: (a: number, b: number) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : b < a ? b : a) },
  { name: "eq" as const, f: (a: number, b: number) => Number(a === b) },
  { name: "ne" as const, f: (a: number, b: number) => Number(a !== b) },
  { name: "lt" as const, f: (a: number, b: number) => Number(a < b) },
  { name: "le" as const, f: (a: number, b: number) => Number(a <= b) },
];

describe.each(functions)("$name", ({ name, f }) => {
  test("NaN, infinities, signed zeros, subnormal and huge numbers, in every lane", () => {
    for (let shift = 0; shift < 5; shift++) {
      const a = [...random(shift, 1), ...left], b = [...random(shift, 2), ...right];
      withBuffers((buffers) => {
        const y = buffers.output(a.length);
        const shape = lying([a.length]);
        kernels()[name](broadcastPtr(shape, [shape, shape]), buffers.input(a), buffers.input(b), y.ptr);
        y.data().forEach((value, i) => {
          const expected = round(f(round(a[i]!), round(b[i]!)));
          if (!Object.is(value, expected)) throw new Error(`${name}(${a[i]}, ${b[i]}) is ${value}, expected ${expected}`);
        });
      });
    }
  });

  test("with a number on either side, and in place", () => {
    const x = random(11, 3), number = 0.3;
    withBuffers((buffers) => {
      const shape = lying([11]);
      const y = buffers.output(11), same = buffers.output(11, x);
      const left = broadcastPtr(shape, [number, shape]);
      kernels()[name](left, numberPtr(left, 0, number, "float32"), buffers.input(x), y.ptr);
      expect([...y.data()]).toEqual([...x].map((value) => round(f(round(number), value))));
      const right = broadcastPtr(shape, [shape, number]);
      kernels()[name](right, same.ptr, numberPtr(right, 1, number, "float32"), same.ptr);
      expect([...same.data()]).toEqual([...x].map((value) => round(f(value, round(number)))));
    });
  });
});

test("powBroadcast, within a unit in the last place; special values as in IEEE 754", () => {
  const a = [...left, ...random(500, 1).map((value) => Math.abs(value) * 20)], b = [...right, ...random(500, 2).map((value) => value * 20)];
  withBuffers((buffers) => {
    const y = buffers.output(a.length);
    const shape = lying([a.length]);
    kernels().powBroadcast(broadcastPtr(shape, [shape, shape]), buffers.input(a), buffers.input(b), y.ptr);
    y.data().forEach((value, i) => {
      const p = round(a[i]!), q = round(b[i]!);
      // 1 to any power and anything to the power 0 are 1 in IEEE 754; JavaScript has NaN for 1 ** NaN and (-1) ** Infinity.
      const exact = p === 1 || (p === -1 && Math.abs(q) === Infinity) ? 1 : p ** q;
      const expected = round(exact);
      const finite = Number.isFinite(expected) && expected !== 0;
      const close = finite ? Math.abs(value - exact) <= Math.max(Math.abs(expected) * 2 ** -23, tiny) : Object.is(value, expected);
      if (!close) throw new Error(`pow(${p}, ${q}) is ${value}, expected ${expected}`);
    });
  });
});

test("eqInt and ltInt compare what float32 cannot hold", () => {
  const a = Int32Array.of(1, 2 ** 24, 2 ** 24 + 1, -1, -(2 ** 31), 2 ** 31 - 1, 0x7fc00000);
  const b = Int32Array.of(1, 2 ** 24 + 1, 2 ** 24, 1, 2 ** 31 - 1, -(2 ** 31), 0x7fc00000);
  withBuffers((buffers) => {
    const words = (x: Int32Array) => buffers.input(new Float32Array(x.buffer));
    const y = buffers.output(a.length);
    const shape = lying([a.length]);
    kernels().eqInt(broadcastPtr(shape, [shape, shape]), words(a), words(b), y.ptr);
    expect([...y.data()]).toEqual([1, 0, 0, 0, 0, 0, 1]);
    kernels().ltInt(broadcastPtr(shape, [shape, shape]), words(a), words(b), y.ptr);
    expect([...y.data()]).toEqual([0, 1, 0, 1, 1, 0, 0]);
  });
});
