import { describe, expect, test } from "vitest";
import type { Activation } from "../../src/epilogue.ts";
import { kernels } from "../../src/runtime/kernels.ts";
import { windowPtr } from "../../src/window.ts";
import { product } from "../array.ts";
import { checkClose } from "../check.ts";
import { type Buffers, epilogueOf, expectWords, random, withBuffers } from "./buffers.ts";
import { ranges, volumes } from "./volumes.ts";

const activations: Record<string, { activation?: Activation; f: (x: number) => number }> = {
  none: { f: (x) => x },
  relu: { activation: { kind: "clamp", lower: 0, upper: Infinity }, f: (x) => Math.max(x, 0) },
  clip: { activation: { kind: "clamp", lower: -0.25, upper: 0.5 }, f: (x) => Math.min(Math.max(x, -0.25), 0.5) },
  leakyRelu: { activation: { kind: "leakyRelu", slope: 0.2 }, f: (x) => (x > 0 ? x : 0.2 * x) },
  sigmoid: { activation: { kind: "sigmoid" }, f: (x) => 1 / (1 + Math.exp(-x)) },
  silu: { activation: { kind: "silu" }, f: (x) => x / (1 + Math.exp(-x)) },
  hardsigmoid: { activation: { kind: "hardsigmoid" }, f: (x) => Math.min(Math.max(x + 3, 0), 6) / 6 },
  hardswish: { activation: { kind: "hardswish" }, f: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6 },
};

describe.each(Object.entries(activations))("gemm finished by %s", (_, { activation, f }) => {
  test.each(product({ biased: [false, true], added: [false, true] }))("bias $biased, residual $added", ({ biased, added }) => {
    for (const { m, n, k, gap } of product({ m: [0, 1, 5, 13], n: [0, 1, 4, 7, 8, 9, 19], k: [0, 1, 13], gap: [0, 3] })) {
      withBuffers((buffers) => {
        const a = random(m * k, 1), b = random(k * n, 2), bias = random(n, 3);
        const ldc = n + gap, length = m === 0 ? 0 : (m - 1) * ldc + n;
        const residual = random(length, 4), between = random(length, 5);
        const expected = between.map((value, at) => {
          const i = Math.floor(at / ldc), j = at % ldc;
          if (j >= n) return value;
          let sum = (biased ? bias[j]! : 0) + (added ? residual[at]! : 0);
          for (let p = 0; p < k; p++) sum += a[i * k + p]! * b[p * n + j]!;
          return f(sum);
        });
        const packed = buffers.output(Math.ceil(n / 8) * k * 8);
        kernels().packB(k, n, buffers.input(b), n, 1, packed.ptr);
        const c = buffers.output(length, between.map((value, at) => (at % ldc < n ? NaN : value)));
        const epilogue = epilogueOf(biased ? buffers.input(bias) : 0, added ? buffers.input(residual) : 0, activation);
        kernels().gemm(m, n, k, buffers.input(a), k, false, packed.ptr, epilogue, c.ptr, ldc, false);
        checkClose(`m ${m}, n ${n}, k ${k}, gap ${gap}`, c.data(), expected, k + 2);
      });
    }
  });
});

/** As the operations round: each kernel over all of y, one after the other. */
function composed(buffers: Buffers, length: number, y: Float32Array, residual: number, activation?: Activation): Uint32Array {
  const out = buffers.output(length, y);
  if (residual !== 0) kernels().add(length, out.ptr, residual, out.ptr);
  if (activation?.kind === "clamp") kernels().clamp(length, activation.lower, activation.upper, out.ptr, out.ptr);
  else if (activation?.kind === "leakyRelu") kernels().leakyRelu(length, activation.slope, out.ptr, out.ptr);
  else if (activation) kernels()[activation.kind](length, out.ptr, out.ptr);
  return out.bits();
}

for (const { name, win, positions, xSize, wSize, ySize } of volumes) {
  const depthwise = win.groups === win.c && win.groups === win.o;

  describe.each(Object.entries(activations))(`${name}, finished by %s`, (_, { activation }) => {
    test("the same bits as the kernels one by one, whole and in ranges", () => {
      withBuffers((buffers) => {
        const x = buffers.input(random(xSize, 1)), w = buffers.input(random(wSize, 2));
        const bias = buffers.input(random(win.o, 3)), residual = buffers.input(random(ySize, 4));
        const packed = buffers.output(kernels().packedFloats(windowPtr(win)));
        kernels().packFilters(windowPtr(win), 0, win.o, w, packed.ptr);
        const col = buffers.output(kernels().convFloats(windowPtr(win)));
        const run: Record<string, (from: number, to: number, epilogue: number, y: number) => void> = {
          conv: (from, to, epilogue, y) => kernels().conv(windowPtr(win), from, to, x, packed.ptr, epilogue, y, col.ptr),
        };
        if (depthwise) run["depthwise"] = (from, to, epilogue, y) => kernels().depthwise(windowPtr(win), from, to, x, w, epilogue, y, 0);
        for (const [kernel, call] of Object.entries(run)) {
          const plain = buffers.output(ySize);
          call(0, positions, epilogueOf(bias), plain.ptr);
          for (const added of [0, residual]) {
            const expected = composed(buffers, ySize, plain.data(), added, activation);
            const whole = buffers.output(ySize);
            call(0, positions, epilogueOf(bias, added, activation), whole.ptr);
            expectWords(kernel, whole.bits(), expected);
            const before = random(ySize, 5);
            for (const [from, to] of ranges(positions)) {
              const part = buffers.output(ySize, before);
              call(from, to, epilogueOf(bias, added, activation), part.ptr);
              const rest = new Uint32Array(Float32Array.from(before).buffer);
              rest.set(expected.subarray(from * win.o, to * win.o), from * win.o);
              expectWords(`${kernel}, positions ${from} to ${to}`, part.bits(), rest);
            }
          }
        }
      });
    });
  });
}

test("NaN passes a clamp", () => {
  withBuffers((buffers) => {
    const packed = buffers.output(8), c = buffers.output(9);
    kernels().packB(1, 1, buffers.input([NaN]), 1, 1, packed.ptr);
    kernels().gemm(9, 1, 1, buffers.input(random(9, 1)), 1, false, packed.ptr, epilogueOf(0, 0, activations["clip"]!.activation), c.ptr, 1, false);
    expect([...c.data()]).toEqual(new Array(9).fill(NaN));
  });
});
