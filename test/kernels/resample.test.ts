import { expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { poolWindow, type Window, windowPtr } from "../../src/window.ts";
import { random, withBuffers } from "./buffers.ts";

// Sums are built here in the kernels' order and rounded where they round, so the results must be equal bit by bit, in every build.

const f = Math.fround;

interface Tap {
  first: number;
  near: number;
  /** 0 where there is one tap. */
  far: number;
}

/** Taps of every kind along an axis: one and two, repeated, out of order, at both ends. */
function axis(length: number, outputs: number, seed: number): Tap[] {
  return Array.from(random(outputs, seed), (value, i) => {
    const first = (i * 5 + seed) % length;
    const far = first + 1 < length && i % 3 > 0 ? f(Math.abs(value)) : 0;
    return { first, near: f(1 - far), far };
  });
}

const pairs = ({ first, near, far }: Tap): [number, number][] => (far === 0 ? [[first, 1]] : [[first, near], [first + 1, far]]);

const cases = [
  { input: [1, 1, 1], output: [1, 1, 1], c: 1 },
  { input: [1, 1, 5], output: [1, 1, 9], c: 3 },
  { input: [1, 4, 5], output: [1, 7, 3], c: 4 },
  { input: [3, 4, 5], output: [5, 6, 7], c: 5 },
  { input: [2, 3, 2], output: [4, 1, 4], c: 9 },
  { input: [3, 1, 2], output: [4, 5, 1], c: 0 },
] as const;

test.each(cases)("resample and its adjoint: $input to $output, $c channels", ({ input, output, c }) => {
  const n = 2, [d, h, w] = input, [od, oh, ow] = output;
  const win: Window = { ...poolWindow("test", 3, [n, c, d, h, w], 1, {}), output };
  const axes = [axis(d, od, 1), axis(h, oh, 2), axis(w, ow, 3)] as const;
  const table = new Float32Array(4 * (od + oh + ow));
  axes.flat().forEach((tap, k) => {
    new Int32Array(table.buffer).set([tap.first, tap.far === 0 ? 1 : 2], 4 * k);
    table.set([tap.near, tap.far], 4 * k + 2);
  });
  const xs = random(n * d * h * w * c, 4), dys = random(n * od * oh * ow * c, 5);
  const y = new Float64Array(dys.length), dx = new Float64Array(xs.length);
  const rows = (z: Tap, v: Tap): [at: number, weight: number][] =>
    pairs(z).flatMap(([k, wz]) => pairs(v).map(([i, wv]): [number, number] => [(k * h + i) * w * c, f(wz * wv)]));
  for (let b = 0, q = 0; b < n; b++) {
    const image = b * d * h * w * c;
    for (const z of axes[0]) {
      for (const v of axes[1]) {
        const blended = new Float64Array(w * c), spread = new Float64Array(w * c);
        const from = rows(z, v), single = from.length === 1;
        from.forEach(([at, weight], k) => blended.forEach((sum, j) => {
          const product = f(weight * xs[image + at + j]!);
          blended[j] = k === 0 ? product : f(sum + product);
        }));
        for (const u of axes[2]) {
          for (let j = 0; j < c; j++, q++) {
            y[q] = u.far === 0 ? blended[u.first * c + j]! : f(f(u.near * blended[u.first * c + j]!) + f(u.far * blended[(u.first + 1) * c + j]!));
            for (const [at, weight] of pairs(u)) {
              const [sums, start] = single ? [dx, image + from[0]![0]] : [spread, 0];
              sums[start + at * c + j] = f(sums[start + at * c + j]! + f(weight * dys[q]!));
            }
          }
        }
        if (!single) for (const [at, weight] of from) spread.forEach((value, j) => (dx[image + at + j] = f(dx[image + at + j]! + f(weight * value))));
      }
    }
  }
  withBuffers((buffers) => {
    const taps = buffers.input(table), row = buffers.output(w * c);
    const forward = buffers.output(y.length), back = buffers.output(dx.length);
    kernels().resample(windowPtr(win), taps, row.ptr, buffers.input(xs), forward.ptr);
    kernels().resampleAdjoint(windowPtr(win), taps, row.ptr, buffers.input(dys), back.ptr);
    expect([...forward.data()]).toEqual([...y]);
    expect([...back.data()]).toEqual([...dx]);
  });
});

test("maxUnpool writes every plane anew, and the last of two", () => {
  const win = { ...poolWindow("test", 2, [2, 3, 2, 2], 1, {}), output: [1, 1, 3] } as Window;
  // Positions of three maxima in planes of four, channels innermost.
  const indices = new Int32Array([0, 1, 2, 3, 1, 2, 1, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0, 3]);
  const values = random(18, 1);
  const expected = new Float64Array(24);
  indices.forEach((index, k) => (expected[Math.floor(k / 9) * 12 + index * 3 + (k % 3)] = values[k]!));
  withBuffers((buffers) => {
    const x = buffers.output(24);
    kernels().maxUnpool(windowPtr(win), buffers.input(new Float32Array(indices.buffer)), buffers.input(values), x.ptr);
    expect([...x.data()]).toEqual([...expected]);
  });
});
