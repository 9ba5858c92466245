import { describe, expect, test } from "vitest";
import { convAlgorithm } from "../../src/ops/convAlgorithm.ts";
import { kernels } from "../../src/runtime/kernels.ts";
import { adjointWindow, windowPtr } from "../../src/window.ts";
import { checkClose } from "../check.ts";
import { type Buffers, epilogueOf, expectWords, type Output, random, withBuffers } from "./buffers.ts";
import { forEachTap, ranges, type Volume, volumes } from "./volumes.ts";

type Numbers = ArrayLike<number>;

/** Calls `visit(y, x, w)` with the three indices of every product that a convolution sums. */
function forEachProduct({ win, taps }: Volume, visit: (y: number, x: number, w: number) => void): void {
  const outputs = win.o / win.groups;
  for (let group = 0; group < win.groups; group++) {
    forEachTap(win, group, (q, t, at) => {
      if (at < 0) return;
      for (let o = group * outputs; o < (group + 1) * outputs; o++) visit(q * win.o + o, at, o * taps + t);
    });
  }
}

function forward(volume: Volume, x: Numbers, w: Numbers, bias?: Numbers): Float64Array {
  const y = new Float64Array(volume.ySize).map((_, i) => (bias ? bias[i % volume.win.o]! : 0));
  forEachProduct(volume, (i, j, k) => (y[i]! += x[j]! * w[k]!));
  return y;
}

function inputAdjoint(volume: Volume, dy: Numbers, w: Numbers, bias?: Numbers): Float64Array {
  const dx = new Float64Array(volume.xSize).map((_, i) => (bias ? bias[i % volume.win.c]! : 0));
  forEachProduct(volume, (i, j, k) => (dx[j]! += dy[i]! * w[k]!));
  return dx;
}

function filterAdjoint(volume: Volume, x: Numbers, dy: Numbers): Float64Array {
  const dw = new Float64Array(volume.wSize);
  forEachProduct(volume, (i, j, k) => (dw[k]! += dy[i]! * x[j]!));
  return dw;
}

/** flipped[g, c, K-1-k, o] = w[g, o, k, c], with the three kernel axes as one: turning each turns their product. */
function flipped({ win, taps }: Volume, w: Numbers): Float64Array {
  const outputs = win.o / win.groups, channels = win.c / win.groups;
  const kernel = channels === 0 ? 0 : taps / channels;
  const out = new Float64Array(w.length);
  for (let g = 0; g < win.groups; g++) {
    for (let o = 0; o < outputs; o++) {
      for (let k = 0; k < kernel; k++) {
        for (let c = 0; c < channels; c++) {
          out[((g * channels + c) * kernel + kernel - 1 - k) * outputs + o] = w[((g * outputs + o) * kernel + k) * channels + c]!;
        }
      }
    }
  }
  return out;
}

interface Prepared {
  packed: Output;
  /** Fresh scratch for every call, filled with NaN. */
  col: () => number;
}

function prepare(buffers: Buffers, { win }: Volume, w: number): Prepared {
  const ptr = windowPtr(win);
  const packed = buffers.output(kernels().packedFloats(ptr));
  kernels().packFilters(ptr, 0, win.o, w, packed.ptr);
  return { packed, col: () => buffers.output(kernels().convFloats(windowPtr(win))).ptr };
}

for (const volume of volumes) {
  const { name, win, positions, taps, xSize, wSize, ySize } = volume;
  const x = random(xSize, 1), w = random(wSize, 2), bias = random(win.o, 3), dy = random(ySize, 4);
  const channelBias = random(win.c, 5);

  describe(name, () => {
    test.each([false, true])("conv, bias %o", (biased) => {
      withBuffers((buffers) => {
        const { packed, col } = prepare(buffers, volume, buffers.input(w));
        const y = buffers.output(ySize);
        kernels().conv(windowPtr(win), 0, positions, buffers.input(x), packed.ptr, epilogueOf(biased ? buffers.input(bias) : 0), y.ptr, col());
        checkClose("y", y.data(), forward(volume, x, w, biased ? bias : undefined), taps);
      });
    });

    test("packFilters of a range of output channels writes their panels only", () => {
      withBuffers((buffers) => {
        const ptr = windowPtr(win), wPtr = buffers.input(w);
        const whole = buffers.output(kernels().packedFloats(ptr)), parts = buffers.output(kernels().packedFloats(ptr));
        kernels().packFilters(ptr, 0, win.o, wPtr, whole.ptr);
        const step = win.groups > 1 ? win.o / win.groups : 8;
        for (let o = 0; o < win.o; o += step) kernels().packFilters(ptr, o, Math.min(o + step, win.o), wPtr, parts.ptr);
        expectWords("packed", parts.bits(), whole.bits());
      });
    });

    test("conv of a range writes these positions only, and any split gives the same bits", () => {
      withBuffers((buffers) => {
        const { packed, col } = prepare(buffers, volume, buffers.input(w));
        const xPtr = buffers.input(x), biasPtr = buffers.input(bias);
        const conv = (from: number, to: number, y: Output) =>
          kernels().conv(windowPtr(win), from, to, xPtr, packed.ptr, epilogueOf(biasPtr), y.ptr, col());
        const whole = buffers.output(ySize);
        conv(0, positions, whole);
        for (const [from, to] of ranges(positions)) {
          const part = buffers.output(ySize, dy);
          const expected = new Uint32Array(Float32Array.from(dy).buffer);
          conv(from, to, part);
          expected.set(whole.bits().subarray(from * win.o, to * win.o), from * win.o);
          expectWords(`positions ${from} to ${to}`, part.bits(), expected);
        }
        const split = buffers.output(ySize);
        for (let q = 0, step = 1; q < positions; q += step, step = step * 2 % 11) conv(q, Math.min(q + step, positions), split);
        expectWords("in steps", split.bits(), whole.bits());
      });
    });

    test("convFilterAdjoint, in any range of rows, and in parts of the positions", () => {
      withBuffers((buffers) => {
        const xPtr = buffers.input(x), dyPtr = buffers.input(dy);
        const adjoint = (parts: number, from: number, to: number, dw: Output) => {
          const scratch = buffers.output(kernels().convFloats(windowPtr(win)));
          kernels().convFilterAdjoint(windowPtr(win), parts, from, to, xPtr, dyPtr, dw.ptr, scratch.ptr);
        };
        const whole = buffers.output(wSize);
        adjoint(1, 0, win.o, whole);
        checkClose("dw", whole.data(), filterAdjoint(volume, x, dy), positions);
        const before = random(wSize, 6);
        for (const [from, to] of ranges(win.o)) {
          const some = buffers.output(wSize, before);
          const expected = new Uint32Array(Float32Array.from(before).buffer);
          adjoint(1, from, to, some);
          expected.set(whole.bits().subarray(from * taps, to * taps), from * taps);
          expectWords(`rows ${from} to ${to}`, some.bits(), expected);
        }
        const parts = Math.min(3, Math.max(positions, 1));
        if (Math.ceil(positions / parts) * (parts - 1) >= positions) return;
        const sums = buffers.output(parts * wSize);
        adjoint(parts, 0, parts * win.o, sums);
        const total = whole.data().map((_, i) => Array.from({ length: parts }, (_, p) => sums.data()[p * wSize + i]!).reduce((a, b) => a + b));
        checkClose("the sum of the parts", total, filterAdjoint(volume, x, dy), positions);
      });
    });

    test.each([false, true])("convInputAdjoint, bias %o", (biased) => {
      withBuffers((buffers) => {
        const start = biased ? channelBias : undefined;
        const dx = buffers.output(xSize);
        const packed = buffers.output(kernels().packedAdjointFloats(windowPtr(win)));
        const col = buffers.output(kernels().columnFloats(windowPtr(win)));
        kernels().packAdjoint(windowPtr(win), buffers.input(w), packed.ptr);
        kernels().convInputAdjoint(windowPtr(win), buffers.input(dy), packed.ptr, start ? buffers.input(start) : 0, dx.ptr, col.ptr);
        checkClose("dx", dx.data(), inputAdjoint(volume, dy, w, start), taps * win.o);
      });
    });

    test("flip turns every kernel and exchanges the channels; twice is the identity", () => {
      withBuffers((buffers) => {
        const turned = buffers.output(wSize), again = buffers.output(wSize);
        kernels().flip(windowPtr(win), buffers.input(w), turned.ptr);
        expectWords("once", turned.bits(), new Uint32Array(Float32Array.from(flipped(volume, w)).buffer));
        kernels().flip(windowPtr(adjointWindow(win)), turned.ptr, again.ptr);
        expectWords("twice", again.bits(), new Uint32Array(Float32Array.from(w).buffer));
      });
    });

    const back = adjointWindow(win);
    if (win.stride.some((step) => step > 1) || back.padding.some((size) => size < 0)) return;
    test("at stride 1 the input adjoint is the convolution with the flipped filter", () => {
      withBuffers((buffers) => {
        const turned = buffers.output(wSize), dx = buffers.output(xSize);
        kernels().flip(windowPtr(win), buffers.input(w), turned.ptr);
        const gathered = { ...volume, win: back };
        const { packed, col } = prepare(buffers, gathered, turned.ptr);
        const inputPositions = back.n * back.output[0] * back.output[1] * back.output[2];
        kernels().conv(windowPtr(back), 0, inputPositions, buffers.input(dy), packed.ptr, 0, dx.ptr, col());
        checkClose("dx", dx.data(), inputAdjoint(volume, dy, w), taps * win.o);
      });
    });
  });
}

/** [C, T] to [T, C], and with the numbers exchanged back. */
function transposed(rows: number, columns: number, w: Numbers): number[] {
  return Array.from({ length: rows * columns }, (_, i) => w[(i % rows) * columns + Math.floor(i / rows)]!);
}

for (const volume of volumes.filter(({ win }) => win.groups === win.c && win.groups === win.o)) {
  const { name, win, positions, taps, xSize, wSize, ySize } = volume;
  const x = random(xSize, 1), w = random(wSize, 2), bias = random(win.o, 3), dy = random(ySize, 4);
  const perTap = transposed(win.c, taps, w);

  describe(`depthwise kernels: ${name}`, () => {
    test.each([false, true])("depthwise, bias %o; a range writes its positions only, to the same bits", (biased) => {
      withBuffers((buffers) => {
        const whole = buffers.output(ySize);
        const xPtr = buffers.input(x), wPtr = buffers.input(perTap), biasPtr = biased ? buffers.input(bias) : 0;
        kernels().depthwise(windowPtr(win), 0, positions, xPtr, wPtr, epilogueOf(biasPtr), whole.ptr, 0);
        checkClose("y", whole.data(), forward(volume, x, w, biased ? bias : undefined), taps);
        for (const [from, to] of ranges(positions)) {
          const part = buffers.output(ySize, dy);
          const expected = new Uint32Array(Float32Array.from(dy).buffer);
          kernels().depthwise(windowPtr(win), from, to, xPtr, wPtr, epilogueOf(biasPtr), part.ptr, 0);
          expected.set(whole.bits().subarray(from * win.o, to * win.o), from * win.o);
          expectWords(`positions ${from} to ${to}`, part.bits(), expected);
        }
      });
    });

    test.each([false, true])("depthwiseInputAdjoint, bias %o", (biased) => {
      withBuffers((buffers) => {
        const dx = buffers.output(xSize);
        kernels().depthwiseInputAdjoint(windowPtr(win), buffers.input(dy), buffers.input(perTap), biased ? buffers.input(bias) : 0, dx.ptr);
        checkClose("dx", dx.data(), inputAdjoint(volume, dy, w, biased ? bias : undefined), taps);
      });
    });

    test("depthwiseFilterAdjoint", () => {
      withBuffers((buffers) => {
        const dw = buffers.output(wSize);
        kernels().depthwiseFilterAdjoint(windowPtr(win), buffers.input(x), buffers.input(dy), dw.ptr);
        checkClose("dw", dw.data(), transposed(win.c, taps, filterAdjoint(volume, x, dy)), positions);
      });
    });
  });
}

for (const volume of volumes.filter(({ win }) => convAlgorithm(win, true) === "grouped")) {
  const { name, win, positions, taps, xSize, wSize, ySize } = volume;
  const x = random(xSize, 1), w = random(wSize, 2), bias = random(win.o, 3), before = random(ySize, 4);
  const fours = Array.from({ length: win.groups }, (_, g) => transposed(4, taps, [...w].slice(g * 4 * taps, (g + 1) * 4 * taps))).flat();

  test.each([false, true])(`depthwise of groups of four: ${name}, bias %o; a range writes its positions only, to the same bits`, (biased) => {
    withBuffers((buffers) => {
      const xPtr = buffers.input(x), wPtr = buffers.input(fours), biasPtr = biased ? buffers.input(bias) : 0;
      const scratch = buffers.output(kernels().groupedFloats(windowPtr(win)));
      const make = (from: number, to: number, y: Output): Uint32Array => {
        kernels().depthwise(windowPtr(win), from, to, xPtr, wPtr, epilogueOf(biasPtr), y.ptr, scratch.ptr);
        return y.bits();
      };
      const y = buffers.output(ySize), whole = make(0, positions, y);
      checkClose("y", y.data(), forward(volume, x, w, biased ? bias : undefined), taps);
      for (const [from, to] of ranges(positions)) {
        const expected = new Uint32Array(Float32Array.from(before).buffer);
        expected.set(whole.subarray(from * win.o, to * win.o), from * win.o);
        expectWords(`positions ${from} to ${to}`, make(from, to, buffers.output(ySize, before)), expected);
      }
    });
  });
}

test("the volumes reach what they are there for", () => {
  const tiles = ({ win, positions, taps }: Volume) => {
    // The buffer holds one tile of the column matrix and 8 floats to read beyond it.
    const rows = (kernels().columnFloats(windowPtr(win)) - 8) / Math.max(taps, 1);
    return positions / rows;
  };
  for (const name of ["many tiles", "many tiles, 1x1x1"]) expect(tiles(volumes.find((volume) => volume.name === name)!)).toBeGreaterThan(2);
  expect(volumes.filter(({ win }) => win.input[0] > 1 && win.kernel[0] > 1).length).toBeGreaterThan(8);
  expect(volumes.filter(({ win }) => win.groups === win.c && win.groups === win.o).length).toBeGreaterThan(6);
  expect(volumes.filter(({ win }) => convAlgorithm(win, true) === "grouped").length).toBeGreaterThan(8);
});
