import { expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { product } from "../array.ts";
import { checkClose } from "../check.ts";
import { type Buffers, random, withBuffers } from "./buffers.ts";

// [blocks, rows, columns, groups]: around the vector of 4 in columns, around the 32 rows whose sums are joined.
const geometries: [number, number, number, number][] = [
  [1, 5, 1, 1], [1, 2, 3, 3], [1, 31, 4, 4], [1, 32, 5, 5], [1, 33, 8, 8], [1, 257, 9, 9], [3, 7, 4, 2], [2, 5, 18, 2], [2, 4, 15, 5], [3, 1, 7, 1], [5, 1, 64, 1],
  [65, 1, 5, 1], [257, 2, 3, 3],
];

const pitch = (columns: number): number => Math.ceil(columns / 8) * 8;

interface Reference {
  mean: number[];
  variance: number[];
  /** Number of the group of element i. */
  group: (i: number) => number;
}

function reference(x: Float64Array, [blocks, rows, columns, groups]: [number, number, number, number]): Reference {
  const width = columns / groups, n = rows * width;
  const group = (i: number): number => Math.floor(i / (rows * columns)) * groups + Math.floor((i % columns) / width);
  const mean = new Array<number>(blocks * groups).fill(0), variance = [...mean];
  x.forEach((value, i) => (mean[group(i)]! += value / n));
  x.forEach((value, i) => (variance[group(i)]! += (value - mean[group(i)]!) ** 2 / n));
  return { mean, variance, group };
}

function statistics(buffers: Buffers, x: ArrayLike<number>, [blocks, rows, columns, groups]: [number, number, number, number]) {
  const [scratch, mean, rest, variance] = [4 * pitch(columns), blocks * groups, blocks * groups, blocks * groups].map((size) => buffers.output(size));
  kernels().moments(blocks, rows, columns, groups, buffers.input(x), scratch!.ptr, mean!.ptr, rest!.ptr, variance!.ptr);
  return { mean: mean!.data(), rest: rest!.data(), variance: variance!.data() };
}

for (const geometry of geometries) {
  const [blocks, rows, columns, groups] = geometry;
  const size = blocks * rows * columns, count = blocks * groups;
  const x = random(size, 1);
  const { mean, variance, group } = reference(x, geometry);

  test(`moments ${geometry.join("x")}`, () => {
    withBuffers((buffers) => {
      const got = statistics(buffers, x, geometry);
      checkClose("x - mean", x.map((value, i) => value - got.mean[group(i)]! - got.rest[group(i)]!), x.map((value, i) => value - mean[group(i)]!), size / count);
      checkClose("variance", got.variance, variance, size / count);
    });
  });

  test(`moments ${geometry.join("x")}, far from 0`, () => {
    withBuffers((buffers) => {
      // Multiples of 2 ** -10 near 4096: exact in float32. What counts is the difference to the mean.
      const far = x.map((value) => 4096 + Math.round(value * 1024) / 1024);
      const expected = reference(far, geometry);
      const got = statistics(buffers, far, geometry);
      const differences = far.map((value, i) => value - got.mean[group(i)]! - got.rest[group(i)]!);
      checkClose("x - mean", differences, far.map((value, i) => value - expected.mean[group(i)]!), size / count);
      checkClose("variance", got.variance, expected.variance, size / count);
    });
  });

  test(`normalise ${geometry.join("x")}, its sums and its adjoint`, () => {
    withBuffers((buffers) => {
      const weight = random(columns, 2), bias = random(columns, 3), dy = random(size, 4);
      const shift = random(count, 5), rest = random(count, 6).map((value) => value / 64), rstd = random(count, 7), m1 = random(count, 8), m2 = random(count, 9);
      const d = x.map((value, i) => (value - shift[group(i)]! - rest[group(i)]!) * rstd[group(i)]!);
      const [px, pw, pb, pdy, ps, pr, pi, p1, p2] = [x, weight, bias, dy, shift, rest, rstd, m1, m2].map((values) => buffers.input(values));

      const y = buffers.output(size);
      kernels().normalise(blocks, rows, columns, groups, px!, ps!, pr!, pi!, pw!, pb!, buffers.output(3 * columns).ptr, y.ptr);
      checkClose("y", y.data(), d.map((value, i) => value * weight[i % columns]! + bias[i % columns]!), 4);

      const dx = buffers.output(size);
      kernels().normaliseInputAdjoint(
        blocks, rows, columns, groups, px!, ps!, pr!, pi!, pw!, p1!, p2!, pdy!, buffers.output(5 * columns).ptr, dx.ptr,
      );
      checkClose("dx", dx.data(), d.map((value, i) => (dy[i]! * weight[i % columns]! - m1[group(i)]! - value * m2[group(i)]!) * rstd[group(i)]!), 4);

      const [sum1, sum2, dw, db] = [count, count, columns, columns].map((length) => buffers.output(length));
      kernels().normaliseAdjointSums(
        blocks, rows, columns, groups, px!, ps!, pr!, pi!, pw!, pdy!, buffers.output(10 * pitch(columns)).ptr, sum1!.ptr, sum2!.ptr, dw!.ptr, db!.ptr,
      );
      const n = size / count;
      const sums = { m1: new Float64Array(count), m2: new Float64Array(count), dw: new Float64Array(columns), db: new Float64Array(columns) };
      dy.forEach((value, i) => {
        sums.m1[group(i)]! += (value * weight[i % columns]!) / n;
        sums.m2[group(i)]! += (value * weight[i % columns]! * d[i]!) / n;
        sums.dw[i % columns]! += value * d[i]!;
        sums.db[i % columns]! += value;
      });
      checkClose("m1", sum1!.data(), sums.m1, n);
      checkClose("m2", sum2!.data(), sums.m2, n);
      checkClose("dweight", dw!.data(), sums.dw, size / columns);
      checkClose("dbias", db!.data(), sums.db, size / columns);
    });
  });
}

test("in place: y may be x, dx may be dy", () => {
  const n = 7, rows = 3;
  const run = (inPlace: boolean): Float32Array[] => withBuffers((buffers) => {
    const x = random(n * rows, 1), ones = buffers.input(new Float64Array(n).fill(1)), zeros = buffers.input(new Float64Array(n));
    const y = buffers.output(n * rows, x), dx = buffers.output(n * rows, random(n * rows, 2));
    const from = inPlace ? y.ptr : buffers.input(x), dy = inPlace ? dx.ptr : buffers.input(random(n * rows, 2));
    const scratch = buffers.output(5 * n).ptr, shift = buffers.input(random(n, 3));
    kernels().normaliseInputAdjoint(1, rows, n, n, from, shift, zeros, ones, ones, shift, shift, dy, scratch, dx.ptr);
    kernels().normalise(1, rows, n, n, from, shift, zeros, ones, ones, shift, scratch, y.ptr);
    return [y.data(), dx.data()];
  });
  expect(run(true)).toEqual(run(false));
});

test("channelWindowSum", () => {
  for (const { n, before, after } of product({ n: [1, 3, 4, 5, 9, 16], before: [0, 1, 3, 16], after: [0, 1, 2, 16] })) {
    withBuffers((buffers) => {
      const rows = 3, x = random(rows * n, 1), y = buffers.output(rows * n);
      kernels().channelWindowSum(rows, n, before, after, buffers.input(x), y.ptr);
      const expected = x.map((_, i) => {
        const row = Math.floor(i / n) * n, channel = i - row;
        return x.slice(row + Math.max(0, channel - before), row + Math.min(n, channel + after + 1)).reduce((a, b) => a + b, 0);
      });
      checkClose(`${n} channels, ${before} before, ${after} after`, y.data(), expected, before + after + 1);
    });
  }
});

test("inverseStd", () => {
  withBuffers((buffers) => {
    const variance = [0, 1, 4, 1e-10, 1e10, 0.25, Infinity];
    const y = buffers.output(7);
    kernels().inverseStd(7, 1e-5, buffers.input(variance), y.ptr);
    expect([...y.data()]).toEqual(variance.map((value) => Math.fround(1 / Math.sqrt(Math.fround(value) + 1e-5))));
  });
});

test("dropout: kept elements are multiplied, dropped ones too, by 0", () => {
  for (const n of [0, 1, 3, 4, 5, 131]) {
    withBuffers((buffers) => {
      const x = random(n, 1), y = buffers.output(n), all = buffers.output(n), infinite = buffers.output(n);
      kernels().dropout(n, 3, 5, 2 ** 31, 2, buffers.input(x), y.ptr);
      kernels().dropout(n, 3, 5, 0, 1, buffers.input(x), all.ptr);
      kernels().dropout(n, 3, 5, 2 ** 31, 2, buffers.input(new Float64Array(n).fill(Infinity)), infinite.ptr);
      const kept = y.data().map((value, i) => (value === 0 && x[i] !== 0 ? 0 : 1));
      expect(y.data()).toEqual(Float32Array.from(x, (value, i) => value * 2 * kept[i]!));
      expect(all.data()).toEqual(Float32Array.from(x));
      expect(infinite.data()).toEqual(kept.map((one) => (one ? Infinity : NaN)));
    });
  }
});
