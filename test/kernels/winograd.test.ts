import { describe, expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { windowPtr } from "../../src/window.ts";
import { checkClose } from "../check.ts";
import { type Buffers, epilogueOf, expectWords, type Output, random, withBuffers } from "./buffers.ts";
import { flatVolumes, forEachTap, ranges, type Volume, wideVolumes } from "./volumes.ts";

type Numbers = ArrayLike<number>;

/** The sums that define y, from the bias on. */
function forward({ win, taps, ySize }: Volume, x: Numbers, w: Numbers, bias?: Numbers): Float64Array {
  const y = new Float64Array(ySize).map((_, i) => (bias ? bias[i % win.o]! : 0));
  const outputs = win.o / win.groups;
  for (let group = 0; group < win.groups; group++) {
    forEachTap(win, group, (q, t, at) => {
      if (at < 0) return;
      for (let o = group * outputs; o < (group + 1) * outputs; o++) y[q * win.o + o]! += x[at]! * w[o * taps + t]!;
    });
  }
  return y;
}

/** Tiles of m x m in each image, as rows and columns, and in all; each phase of the dilation that has pixels has as many. */
function tilesOf({ win }: Volume, m: number): { images: number; rows: number; columns: number; count: number } {
  const along = (axis: 1 | 2): number => {
    const length = win.output[axis], phases = Math.min(win.dilation[axis], length);
    return phases * Math.ceil(Math.ceil(length / win.dilation[axis]) / m);
  };
  const images = win.n * win.output[0], rows = along(1), columns = along(2);
  return { images, rows, columns, count: images * rows * columns };
}

/** The output positions of the tiles from <= tile < to. */
function positionsOf(volume: Volume, m: number, from: number, to: number): number[] {
  const { rows, columns } = tilesOf(volume, m);
  const [, height, width] = volume.win.output, [, eh, ew] = volume.win.dilation;
  // The tile of a position along an axis: phases take turns.
  const tileOf = (at: number, e: number): number => Math.floor(Math.floor(at / e) / m) * e + (at % e);
  const positions: number[] = [];
  for (let q = 0; q < volume.positions; q++) {
    const line = Math.floor(q / width), column = tileOf(q % width, ew);
    const tile = (Math.floor(line / height) * rows + tileOf(line % height, eh)) * columns + column;
    if (tile >= from && tile < to) positions.push(q);
  }
  return positions;
}

function transformed(buffers: Buffers, { win }: Volume, m: number, w: Numbers): Output {
  const u = buffers.output(kernels().winogradFilterFloats(windowPtr(win), m));
  kernels().winogradFilters(windowPtr(win), m, buffers.input(w), u.ptr);
  return u;
}

/** Runs the kernel with fresh scratch, filled with NaN. */
function run(
  buffers: Buffers, { win }: Volume, m: number, from: number, to: number, x: number, u: number, epilogue: number, y: Output, first = 0, past = win.o,
): void {
  const scratch = buffers.output(kernels().winogradFloats(windowPtr(win), m));
  kernels().winograd(windowPtr(win), m, from, to, first, past, x, u, epilogue, y.ptr, scratch.ptr);
}

/** Ranges of output channels that begin with a panel of a group. */
function channelRanges({ win }: Volume): (readonly [first: number, past: number])[] {
  const outputs = win.o / win.groups;
  const starts = Array.from({ length: win.o }, (_, o) => o).filter((o) => (o % outputs) % 8 === 0);
  return [...starts, win.o].flatMap((past, i, all) => all.slice(0, i).map((first) => [first, past] as const));
}

for (const [m, r, all] of [[2, 3, flatVolumes], [4, 3, flatVolumes], [2, 5, wideVolumes]] as const) {
  for (const volume of all) {
    const { name, win, taps, xSize, wSize, ySize } = volume;
    const x = random(xSize, 1), w = random(wSize, 2), bias = random(win.o, 3), noise = random(ySize, 4);
    const { count } = tilesOf(volume, m);

    describe(`F(${m}x${m}, ${r}x${r}), ${name}`, () => {
      test.each([false, true])("winograd, bias %o", (biased) => {
        withBuffers((buffers) => {
          const y = buffers.output(ySize);
          const u = transformed(buffers, volume, m, w);
          run(buffers, volume, m, 0, count, buffers.input(x), u.ptr, epilogueOf(biased ? buffers.input(bias) : 0), y);
          checkClose("y", y.data(), forward(volume, x, w, biased ? bias : undefined), taps);
        });
      });

      test("a range of tiles writes their positions only, and any split gives the same bits", () => {
        withBuffers((buffers) => {
          const u = transformed(buffers, volume, m, w), xPtr = buffers.input(x), biasPtr = buffers.input(bias);
          const whole = buffers.output(ySize);
          run(buffers, volume, m, 0, count, xPtr, u.ptr, epilogueOf(biasPtr), whole);
          for (const [from, to] of ranges(count)) {
            const part = buffers.output(ySize, noise);
            const expected = new Uint32Array(Float32Array.from(noise).buffer);
            run(buffers, volume, m, from, to, xPtr, u.ptr, epilogueOf(biasPtr), part);
            for (const q of positionsOf(volume, m, from, to)) expected.set(whole.bits().subarray(q * win.o, (q + 1) * win.o), q * win.o);
            expectWords(`tiles ${from} to ${to}`, part.bits(), expected);
          }
        });
      });

      test("a range of output channels writes these only, to the same bits", () => {
        withBuffers((buffers) => {
          const u = transformed(buffers, volume, m, w), xPtr = buffers.input(x);
          const epilogue = epilogueOf(buffers.input(bias), buffers.input(noise), { kind: "clamp", lower: -0.5, upper: 0.75 });
          const whole = buffers.output(ySize);
          run(buffers, volume, m, 0, count, xPtr, u.ptr, epilogue, whole);
          for (const [first, past] of channelRanges(volume)) {
            const part = buffers.output(ySize, noise);
            run(buffers, volume, m, 0, count, xPtr, u.ptr, epilogue, part, first, past);
            const expected = new Uint32Array(Float32Array.from(noise).buffer);
            whole.bits().forEach((word, i) => (i % win.o >= first && i % win.o < past ? (expected[i] = word) : 0));
            expectWords(`channels ${first} to ${past}`, part.bits(), expected);
          }
        });
      });

      test("residual and activation: the same bits as one by one", () => {
        withBuffers((buffers) => {
          const u = transformed(buffers, volume, m, w), xPtr = buffers.input(x), biasPtr = buffers.input(bias);
          const plain = buffers.output(ySize), y = buffers.output(ySize);
          run(buffers, volume, m, 0, count, xPtr, u.ptr, epilogueOf(biasPtr), plain);
          run(buffers, volume, m, 0, count, xPtr, u.ptr, epilogueOf(biasPtr, buffers.input(noise), { kind: "clamp", lower: -0.5, upper: 0.75 }), y);
          const expected = plain.data().map((value, i) => Math.min(Math.max(Math.fround(value + noise[i]!), -0.5), 0.75));
          expectWords("y", y.bits(), new Uint32Array(expected.buffer));
        });
      });
    });
  }

  // An error of a part in a hundred in one number of one point is found, whichever the point.
  test(`F(${m}x${m}, ${r}x${r}): every point of a transformed filter counts`, () => {
    const volume = all.find(({ name }) => name.endsWith("no padding"))!;
    const x = random(volume.xSize, 1), w = random(volume.wSize, 2);
    const expected = forward(volume, x, w);
    withBuffers((buffers) => {
      const y = buffers.output(volume.ySize), right = transformed(buffers, volume, m, w).data();
      const check = (u: Float32Array) => () => {
        run(buffers, volume, m, 0, tilesOf(volume, m).count, buffers.input(x), buffers.input(u), 0, y);
        checkClose("y", y.data(), expected, volume.taps);
      };
      expect(check(right)).not.toThrow();
      // One panel of filters for every point, and a gap of 16 floats.
      const points = (m + r - 1) ** 2, panel = volume.win.c * volume.win.o;
      for (let point = 0; point < points; point++) {
        const wrong = right.slice();
        const at = point * (panel + 16) + (point % panel);
        wrong[at]! += 0.01;
        expect(check(wrong), `point ${point}`).toThrow(/element/);
      }
    });
  });
}

/** The sums that define dw, in one group. */
function filterAdjoint({ win, taps, wSize }: Volume, x: Numbers, dy: Numbers): Float64Array {
  const dw = new Float64Array(wSize);
  forEachTap(win, 0, (q, t, at) => {
    if (at >= 0) for (let o = 0; o < win.o; o++) dw[o * taps + t]! += dy[q * win.o + o]! * x[at]!;
  });
  return dw;
}

for (const volume of flatVolumes.filter(({ win }) => win.groups === 1)) {
  const { name, win, positions, taps, xSize, wSize, ySize } = volume;
  test(`winogradFilterAdjoint, ${name}; a range of output channels writes these only, to the same bits`, () => {
    const x = random(xSize, 1), dy = random(ySize, 2), noise = random(wSize, 3);
    withBuffers((buffers) => {
      const xPtr = buffers.input(x), dyPtr = buffers.input(dy);
      const adjoint = (from: number, to: number, dw: Output): void => {
        const scratch = buffers.output(kernels().winogradFilterAdjointFloats(windowPtr(win)));
        kernels().winogradFilterAdjoint(windowPtr(win), from, to, xPtr, dyPtr, dw.ptr, scratch.ptr);
      };
      const whole = buffers.output(wSize);
      adjoint(0, win.o, whole);
      checkClose("dw", whole.data(), filterAdjoint(volume, x, dy), positions);
      for (const [from, to] of ranges(win.o)) {
        const part = buffers.output(wSize, noise);
        const expected = new Uint32Array(Float32Array.from(noise).buffer);
        adjoint(from, to, part);
        expected.set(whole.bits().subarray(from * taps, to * taps), from * taps);
        expectWords(`channels ${from} to ${to}`, part.bits(), expected);
      }
    });
  });
}

test("the volumes reach what they are there for", () => {
  for (const m of [2, 4]) {
    const volume = flatVolumes.find(({ name }) => name === "several blocks")!;
    const floatsPerTile = (m + 2) ** 2 * (volume.win.c + volume.win.o);
    expect((kernels().winogradFloats(windowPtr(volume.win), m)) / floatsPerTile).toBeLessThan(tilesOf(volume, m).count / 1.5);
  }
});
