import { describe, expect, test } from "vitest";
import { kernels, type Kernels } from "../../src/runtime/kernels.ts";
import { normal, normalDensity } from "../array.ts";
import { type Buffers, random, withBuffers } from "./buffers.ts";

// Each kernel against its definition in double precision, at the points where its pieces meet and from 1e-40 to 1e38. The bound
// is in units in the last place of the result, or of `scale(x)` where the result is a sum that cancels.

interface Run {
  name: string;
  /** Kernel: y = f(x), or dx = f'(x) dy with dy = 1. */
  run: (k: Kernels, n: number, x: number, ones: number, y: number) => void;
  f: (x: number) => number;
  ulps: number;
  scale?: (x: number) => number;
  /** What x = -Infinity, Infinity give; PyTorch's values. */
  ends: [number, number];
}

const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const bell = (x: number) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2;
const ramp = (x: number) => Math.min(Math.max(x + 3, 0), 6) / 6;
const inner = (x: number) => 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const slope = (x: number) => 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
const least1 = (x: number) => Math.max(1, Math.abs(x));
// An exponential below the normal numbers has fewer digits, and is then multiplied by x.
const subnormal = (x: number) => Math.abs(x) * 2 ** -126;
const beta = 3, threshold = 15;

const runs: Run[] = [
  { name: "sigmoid", run: (k, n, x, _, y) => k.sigmoid(n, x, y), f: sigmoid, ulps: 2.5, ends: [0, 1] },
  { name: "sigmoidAdjoint", run: (k, n, x, ones, y) => k.sigmoidAdjoint(n, x, ones, y), f: bell, ulps: 3, ends: [0, 0] },
  { name: "tanh", run: (k, n, x, _, y) => k.tanh(n, x, y), f: Math.tanh, ulps: 3, ends: [-1, 1] },
  { name: "tanhAdjoint", run: (k, n, x, ones, y) => k.tanhAdjoint(n, x, ones, y), f: (x) => 4 * bell(2 * x), ulps: 4, ends: [0, 0] },
  { name: "silu", run: (k, n, x, _, y) => k.silu(n, x, y), f: (x) => x * sigmoid(x), ulps: 3, scale: subnormal, ends: [NaN, Infinity] },
  { name: "siluAdjoint", run: (k, n, x, ones, y) => k.siluAdjoint(n, x, ones, y), f: (x) => sigmoid(x) + x * bell(x), ulps: 2, scale: () => 1, ends: [NaN, NaN] },
  { name: "gelu", run: (k, n, x, _, y) => k.gelu(n, x, y), f: (x) => x * normal(x), ulps: 2, scale: least1, ends: [NaN, Infinity] },
  { name: "geluAdjoint", run: (k, n, x, ones, y) => k.geluAdjoint(n, x, ones, y), f: (x) => normal(x) + x * normalDensity(x), ulps: 3, scale: () => 1, ends: [NaN, NaN] },
  { name: "geluTanh", run: (k, n, x, _, y) => k.geluTanh(n, x, y), f: (x) => x * sigmoid(inner(x)), ulps: 2, scale: least1, ends: [NaN, Infinity] },
  {
    name: "geluTanhAdjoint",
    run: (k, n, x, ones, y) => k.geluTanhAdjoint(n, x, ones, y),
    f: (x) => (Math.abs(x) > 100 ? +(x > 0) : sigmoid(inner(x)) + x * bell(inner(x)) * slope(x)),
    ulps: 3,
    scale: () => 1,
    ends: [0, 1],
  },
  {
    name: "softplus",
    run: (k, n, x, _, y) => k.softplus(n, beta, threshold, x, y),
    f: (x) => (beta * x > threshold ? x : Math.log1p(Math.exp(beta * x)) / beta),
    ulps: 3,
    // The product with beta is rounded, and that much of it is the relative error of the exponential.
    scale: (x) => Math.log1p(Math.exp(Math.min(beta * x, 50))) * Math.max(1, -x),
    ends: [0, Infinity],
  },
  {
    name: "softplusAdjoint",
    run: (k, n, x, ones, y) => k.softplusAdjoint(n, beta, threshold, x, ones, y),
    f: (x) => (beta * x > threshold ? 1 : sigmoid(beta * x)),
    ulps: 3,
    scale: (x) => sigmoid(beta * x) * Math.max(1, -x),
    ends: [0, 1],
  },
  { name: "elu", run: (k, n, x, _, y) => k.elu(n, 2, 1.0625, x, y), f: (x) => (x > 0 ? 1.0625 * x : 2 * Math.expm1(x)), ulps: 2, ends: [-2, Infinity] },
  { name: "eluAdjoint", run: (k, n, x, ones, y) => k.eluAdjoint(n, 2, 3, x, ones, y), f: (x) => (x > 0 ? 3 : 2 * Math.exp(x)), ulps: 1.5, ends: [0, 3] },
  { name: "leakyRelu", run: (k, n, x, _, y) => k.leakyRelu(n, 0.25, x, y), f: (x) => (x > 0 ? x : 0.25 * x), ulps: 0.5, ends: [-Infinity, Infinity] },
  { name: "leakyReluAdjoint", run: (k, n, x, ones, y) => k.leakyReluAdjoint(n, 0.25, x, ones, y), f: (x) => (x > 0 ? 1 : 0.25), ulps: 0, ends: [0.25, 1] },
  { name: "hardtanhAdjoint", run: (k, n, x, ones, y) => k.hardtanhAdjoint(n, -2, 3, x, ones, y), f: (x) => +(x > -2 && x < 3), ulps: 0, ends: [0, 0] },
  { name: "hardsigmoid", run: (k, n, x, _, y) => k.hardsigmoid(n, x, y), f: ramp, ulps: 2, scale: () => 0.5, ends: [0, 1] },
  { name: "hardsigmoidAdjoint", run: (k, n, x, ones, y) => k.hardsigmoidAdjoint(n, x, ones, y), f: (x) => (Math.abs(x) < 3 ? 1 / 6 : 0), ulps: 0.5, ends: [0, 0] },
  { name: "hardswish", run: (k, n, x, _, y) => k.hardswish(n, x, y), f: (x) => x * ramp(x), ulps: 2, scale: least1, ends: [NaN, Infinity] },
  {
    name: "hardswishAdjoint",
    run: (k, n, x, ones, y) => k.hardswishAdjoint(n, x, ones, y),
    f: (x) => (x < -3 ? 0 : x <= 3 ? x / 3 + 0.5 : 1),
    ulps: 1,
    scale: () => 1,
    ends: [0, 1],
  },
];

const f32 = Math.fround;
const near = (x: number): number[] => [x, f32(x * (1 - 2 ** -24)), f32(x * (1 + 2 ** -23))];
const points = [
  ...[-3, -2, -1, -0.7, 0, 0.35, 1, 2, 3, 5, 6, 16, -16, 87, 88, 89, -87, -88, -103, -104, 1e4, -1e4, 3e38, -3e38].flatMap((x) => near(f32(x))),
  ...Array.from({ length: 321 }, (_, i) => f32((i - 160) / 8)),
  ...Array.from({ length: 79 }, (_, i) => f32(10 ** (i - 40))),
  ...Array.from({ length: 79 }, (_, i) => f32(-(10 ** (i - 40)))),
  ...Array.from(random(1000, 1), (x) => f32(4 * x)),
  ...Array.from(random(1000, 2), (x) => f32(100 * x)),
].filter(Number.isFinite);

/** Distance of neighbours around x. */
const unit = (x: number): number => 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - 23, -149);

describe.each(runs)("$name", ({ run, f, ulps, scale, ends }) => {
  const apply = (x: ArrayLike<number>, into?: (buffers: Buffers) => number): Float32Array =>
    withBuffers((buffers) => {
      const y = into ? undefined : buffers.output(x.length);
      const from = buffers.output(x.length, x);
      run(kernels(), x.length, from.ptr, buffers.input(new Float64Array(x.length).fill(1)), y?.ptr ?? from.ptr);
      if (y) expect(from.data()).toEqual(Float32Array.from(x));
      return (y ?? from).data();
    });

  test("is its definition", () => {
    const y = apply(points);
    points.forEach((x, i) => {
      const expected = f(x);
      const bound = ulps * unit(Math.max(Math.abs(expected), scale?.(x) ?? 0, 2 ** -126));
      if (!(Math.abs(y[i]! - expected) <= bound)) throw new Error(`f(${x}) is ${y[i]}, expected ${expected}, off by ${y[i]! - expected}, allowed ${bound}`);
    });
  });

  test("does the same in every lane and in the rest, at every size", () => {
    for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9, 17]) {
      for (const start of [0, 20, 60, 400]) {
        const some = points.slice(start, start + n);
        expect(apply(some)).toEqual(Float32Array.from(some, (x) => apply([x])[0]!));
      }
    }
  });

  test("in place", () => {
    expect(apply(points, () => 0)).toEqual(apply(points));
  });

  test("infinities", () => {
    for (let shift = 0; shift < 5; shift++) {
      expect([...apply([...new Float64Array(shift), -Infinity, Infinity])].slice(shift)).toEqual(ends.map((x) => x + 0));
    }
  });
});

describe("NaN stays NaN", () => {
  test.each(runs.filter(({ name }) => !name.endsWith("Adjoint")))("$name", ({ run }) => {
    withBuffers((buffers) => {
      const y = buffers.output(5);
      run(kernels(), 5, buffers.input([NaN, 1, NaN, 1, NaN]), 0, y.ptr);
      expect([...y.data()].map(Number.isNaN)).toEqual([true, false, true, false, true]);
    });
  });
});
