import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { broadcastPtr } from "../../src/broadcast.ts";
import { type Build, capabilities, init, type Tensor } from "../../src/index.ts";
import { convAlgorithm, tilesOf } from "../../src/ops/convAlgorithm.ts";
import { kernels } from "../../src/runtime/kernels.ts";
import { windowPtr, winogradSides } from "../../src/window.ts";
import { checkClose } from "../check.ts";
import { Buffers, epilogueOf, expectWords, type Output, random } from "./buffers.ts";
import { flatVolumes, type Volume, volumes, wideVolumes } from "./volumes.ts";

// One source, several builds. Scalar and SIMD round alike, because every element is one sum in ascending order and vectors
// run across elements: their results are equal bit by bit. Relaxed SIMD rounds a product and a sum once instead of twice.

interface Run {
  name: string;
  /** Longest sum behind an element. */
  terms: number;
  /** True if no multiplication meets an addition: then relaxed SIMD has nothing to fuse. */
  exact?: boolean;
  run: (buffers: Buffers) => Output;
}

const k = kernels;

const gemms: Run[] = [[1, 1, 1], [5, 7, 13], [6, 8, 48], [13, 17, 29], [67, 9, 1000]].flatMap(([m, n, terms]) =>
  [false, true].map((transA) => ({
    name: `gemm ${m}x${n}x${terms}, transA ${transA}`,
    terms: terms!,
    run: (buffers: Buffers) => {
      const packed = buffers.output(Math.ceil(n! / 8) * terms! * 8), c = buffers.output(m! * n!);
      k().packB(terms!, n!, buffers.input(random(terms! * n!, 1)), n!, 1, packed.ptr);
      const a = buffers.input(random(m! * terms!, 2)), bias = buffers.input(random(n!, 3));
      k().gemm(m!, n!, terms!, a, transA ? m! : terms!, transA, packed.ptr, epilogueOf(bias), c.ptr, n!, false);
      k().gemm(m!, n!, terms!, a, transA ? m! : terms!, transA, packed.ptr, 0, c.ptr, n!, true);
      return c;
    },
  })));

const gemvs: Run[] = [[1, 1, 1], [1, 10, 84], [2, 7, 13], [3, 13, 67]].map(([m, n, terms]) => ({
  name: `gemv ${m}x${n}x${terms}`,
  terms: terms!,
  run: (buffers) => {
    const y = buffers.output(m! * n!);
    const x = buffers.input(random(m! * terms!, 1)), w = buffers.input(random(n! * terms!, 2));
    k().gemv(m!, n!, terms!, x, w, epilogueOf(buffers.input(random(n!, 3))), y.ptr);
    return y;
  },
}));

const convolutions = volumes.flatMap(({ name, win, positions, taps, xSize, wSize, ySize }: Volume): Run[] => [
  {
    name: `conv, ${name}`,
    terms: taps,
    run: (buffers) => {
      const ptr = windowPtr(win);
      const packed = buffers.output(k().packedFloats(ptr)), col = buffers.output(k().convFloats(ptr)), y = buffers.output(ySize);
      k().packFilters(ptr, 0, win.o, buffers.input(random(wSize, 1)), packed.ptr);
      k().conv(ptr, 0, positions, buffers.input(random(xSize, 2)), packed.ptr, epilogueOf(buffers.input(random(win.o, 3))), y.ptr, col.ptr);
      return y;
    },
  },
  {
    name: `convFilterAdjoint, ${name}`,
    terms: positions,
    run: (buffers) => {
      const col = buffers.output(k().convFloats(windowPtr(win))), dw = buffers.output(wSize);
      k().convFilterAdjoint(windowPtr(win), 1, 0, win.o, buffers.input(random(xSize, 1)), buffers.input(random(ySize, 2)), dw.ptr, col.ptr);
      return dw;
    },
  },
  {
    name: `convInputAdjoint, ${name}`,
    terms: taps * win.o,
    run: (buffers) => {
      const ptr = windowPtr(win);
      const packed = buffers.output(k().packedAdjointFloats(ptr)), col = buffers.output(k().columnFloats(ptr)), dx = buffers.output(xSize);
      k().packAdjoint(ptr, buffers.input(random(wSize, 2)), packed.ptr);
      k().convInputAdjoint(ptr, buffers.input(random(ySize, 1)), packed.ptr, buffers.input(random(win.c, 3)), dx.ptr, col.ptr);
      return dx;
    },
  },
]);

const winograd = [...flatVolumes, ...wideVolumes].flatMap(({ name, win, taps, xSize, wSize, ySize }) => (
  winogradSides(win.kernel, win.stride).map((m): Run => ({
    name: `winograd, ${name}, ${m}x${m}`,
    terms: taps,
    run: (buffers) => {
      const ptr = windowPtr(win);
      const u = buffers.output(k().winogradFilterFloats(ptr, m)), scratch = buffers.output(k().winogradFloats(ptr, m)), y = buffers.output(ySize);
      k().winogradFilters(ptr, m, buffers.input(random(wSize, 1)), u.ptr);
      k().winograd(ptr, m, 0, tilesOf(win, m), 0, win.o, buffers.input(random(xSize, 2)), u.ptr, epilogueOf(buffers.input(random(win.o, 3))), y.ptr, scratch.ptr);
      return y;
    },
  })))
);

const winogradFilters = flatVolumes.filter(({ win }) => win.groups === 1).map(({ name, win, positions, xSize, wSize, ySize }): Run => ({
  name: `winogradFilterAdjoint, ${name}`,
  terms: positions,
  run: (buffers) => {
    const scratch = buffers.output(k().winogradFilterAdjointFloats(windowPtr(win))), dw = buffers.output(wSize);
    k().winogradFilterAdjoint(windowPtr(win), 0, win.o, buffers.input(random(xSize, 1)), buffers.input(random(ySize, 2)), dw.ptr, scratch.ptr);
    return dw;
  },
}));

const grouped = volumes.filter(({ win }) => convAlgorithm(win, true) === "grouped").map(({ name, win, positions, taps, xSize, wSize, ySize }: Volume): Run => ({
  name: `depthwise of groups of four, ${name}`,
  terms: taps,
  run: (buffers) => {
    const y = buffers.output(ySize), scratch = buffers.output(k().groupedFloats(windowPtr(win)));
    const x = buffers.input(random(xSize, 1)), w = buffers.input(random(wSize, 2)), bias = buffers.input(random(win.o, 3));
    k().depthwise(windowPtr(win), 0, positions, x, w, epilogueOf(bias), y.ptr, scratch.ptr);
    return y;
  },
}));

const depthwise = volumes.filter(({ win }) => win.groups === win.c && win.groups === win.o).flatMap(
  ({ name, win, positions, taps, xSize, wSize, ySize }: Volume): Run[] => [
    {
      name: `depthwise, ${name}`,
      terms: taps,
      run: (buffers) => {
        const y = buffers.output(ySize);
        const x = buffers.input(random(xSize, 1)), w = buffers.input(random(wSize, 2)), bias = buffers.input(random(win.o, 3));
        k().depthwise(windowPtr(win), 0, positions, x, w, epilogueOf(bias), y.ptr, 0);
        return y;
      },
    },
    {
      name: `depthwiseInputAdjoint, ${name}`,
      terms: taps,
      run: (buffers) => {
        const dx = buffers.output(xSize);
        k().depthwiseInputAdjoint(windowPtr(win), buffers.input(random(ySize, 1)), buffers.input(random(wSize, 2)), 0, dx.ptr);
        return dx;
      },
    },
    {
      name: `depthwiseFilterAdjoint, ${name}`,
      terms: positions,
      run: (buffers) => {
        const dw = buffers.output(wSize);
        k().depthwiseFilterAdjoint(windowPtr(win), buffers.input(random(xSize, 1)), buffers.input(random(ySize, 2)), dw.ptr);
        return dw;
      },
    },
  ]);

const n = 131;
const elementwise = (name: string, run: (a: number, b: number, y: Output) => void): Run => ({
  name,
  terms: 1,
  exact: true,
  run: (buffers) => {
    const y = buffers.output(n, random(n, 3));
    run(buffers.input(random(n, 1)), buffers.input(random(n, 2)), y);
    return y;
  },
});

/** What the geometry of a broadcast is made from. */
const vector = { shape: [n], layout: "rowMajor", size: n } as unknown as Tensor;

// Over the range in which exponentials do not vanish, and beyond.
const wide = (name: string, run: (x: number, dy: number, y: Output) => void): Run => ({
  ...elementwise(name, () => {}),
  run: (buffers) => {
    const y = buffers.output(n);
    run(buffers.input(random(n, 1).map((x, i) => x * [1, 10, 120][i % 3]!)), buffers.input(random(n, 2)), y);
    return y;
  },
});

const activations: Run[] = [
  ...(["sigmoid", "tanh", "gelu", "geluTanh", "silu", "hardsigmoid", "hardswish"] as const).flatMap((name) => [
    wide(name, (x, _, y) => k()[name](n, x, y.ptr)),
    wide(`${name}Adjoint`, (x, dy, y) => k()[`${name}Adjoint`](n, x, dy, y.ptr)),
  ]),
  ...(["softplus", "elu"] as const).flatMap((name) => [
    wide(name, (x, _, y) => k()[name](n, 0.7, 1.3, x, y.ptr)),
    wide(`${name}Adjoint`, (x, dy, y) => k()[`${name}Adjoint`](n, 0.7, 1.3, x, dy, y.ptr)),
  ]),
  wide("hardtanhAdjoint", (x, dy, y) => k().hardtanhAdjoint(n, -0.7, 1.3, x, dy, y.ptr)),
  wide("leakyRelu", (x, _, y) => k().leakyRelu(n, 0.3, x, y.ptr)),
  wide("leakyReluAdjoint", (x, dy, y) => k().leakyReluAdjoint(n, 0.3, x, dy, y.ptr)),
  // Rows of 1, of 131 and of lengths between.
  ...[1, 3, 4, 5, 13, 131].flatMap((c) => {
    const rows = Math.floor(n / c);
    return [
      wide(`softmax of ${c}`, (x, _, y) => k().softmax(rows, c, x, y.ptr)),
      wide(`softmaxAdjoint of ${c}`, (x, dy, y) => k().softmaxAdjoint(rows, c, x, dy, y.ptr)),
      wide(`logSoftmax of ${c}`, (x, _, y) => k().logSoftmax(rows, c, x, y.ptr)),
      wide(`logSoftmaxAdjoint of ${c}`, (x, dy, y) => k().logSoftmaxAdjoint(rows, c, x, dy, y.ptr)),
      wide(`logsumexp of ${c}`, (x, _, y) => k().logsumexp(rows, c, x, y.ptr)),
    ];
  }),
];

const others: Run[] = [
  elementwise("add", (a, b, y) => k().add(n, a, b, y.ptr)),
  elementwise("mul", (a, b, y) => k().mul(n, a, b, y.ptr)),
  elementwise("scale", (a, _, y) => k().scale(n, 0.7, a, y.ptr)),
  elementwise("axpy", (a, _, y) => k().axpy(n, 0.7, a, y.ptr)),
  elementwise("relu", (a, _, y) => k().relu(n, a, y.ptr)),
  elementwise("exp", (a, _, y) => k().exp(n, a, y.ptr)),
  elementwise("log", (a, _, y) => k().log(n, a, y.ptr)),
  elementwise("reluAdjoint", (a, b, y) => k().reluAdjoint(n, a, b, y.ptr)),
  ...(["addBroadcast", "mulBroadcast", "divBroadcast", "powBroadcast", "maximumBroadcast", "lt"] as const).map((name) =>
    elementwise(name, (a, b, y) => k()[name](broadcastPtr(vector, [vector, vector]), a, b, y.ptr))),
  ...[1, 7, 1009].map((count): Run => ({
    name: `sum ${count}`,
    terms: count,
    exact: true,
    run: (buffers) => {
      const y = buffers.output(1);
      k().sumAxis(1, count, 1, buffers.input(random(count, 1)), y.ptr);
      return y;
    },
  })),
  ...[[1, 5], [128, 4], [300, 13], [1000, 7], [200, 37]].map(([rows, columns]): Run => ({
    name: `sumRows ${rows}x${columns}`,
    terms: rows!,
    exact: true,
    run: (buffers) => {
      const y = buffers.output(columns!);
      k().sumRows(rows!, columns!, buffers.input(random(rows! * columns!, 1)), y.ptr);
      return y;
    },
  })),
  elementwise("channelWindowSum", (a, _, y) => k().channelWindowSum(1, n, 3, 2, a, y.ptr)),
  elementwise("dropout", (a, _, y) => k().dropout(n, 12345, 0xfedcba98, 0x40000000, 1.25, a, y.ptr)),
  ...[[1, 300, 13, 13], [3, 50, 18, 3], [200, 1, 9, 1]].map(normalisation),
];

// Statistics, output and all gradients in one buffer.
function normalisation([blocks, rows, columns, groups]: number[]): Run {
  const geometry = [blocks!, rows!, columns!, groups!] as const;
  const size = blocks! * rows! * columns!, count = blocks! * groups!;
  return {
    name: `normalisation ${geometry.join("x")}`,
    terms: size,
    exact: true,
    run: (buffers) => {
      const all = buffers.output(6 * count + 2 * columns! + 2 * size);
      const lengths = [count, count, count, count, count, count, columns!, columns!, size, size];
      const starts = lengths.map((_, i) => all.ptr + 4 * lengths.slice(0, i).reduce((a, b) => a + b, 0));
      const [mean, rest, variance, rstd, m1, m2, dw, db, y, dx] = starts as [number, number, number, number, number, number, number, number, number, number];
      const scratch = buffers.output(10 * (columns! + 7)).ptr;
      const x = buffers.input(random(size, 1)), dy = buffers.input(random(size, 2));
      const weight = buffers.input(random(columns!, 3)), bias = buffers.input(random(columns!, 4));
      k().moments(...geometry, x, scratch, mean, rest, variance);
      k().inverseStd(count, 1e-5, variance, rstd);
      k().normalise(...geometry, x, mean, rest, rstd, weight, bias, scratch, y);
      k().normaliseAdjointSums(...geometry, x, mean, rest, rstd, weight, dy, scratch, m1, m2, dw, db);
      k().normaliseInputAdjoint(...geometry, x, mean, rest, rstd, weight, m1, m2, dy, scratch, dx);
      return all;
    },
  };
}

const runs = [...gemms, ...gemvs, ...convolutions, ...winograd, ...winogradFilters, ...depthwise, ...grouped, ...others, ...activations];
const results = new Map<Build, { data: Float32Array; bits: Uint32Array }[]>();

beforeAll(async () => {
  for (const build of capabilities().available) {
    await init({ build });
    results.set(build, runs.map(({ run }) => {
      const buffers = new Buffers();
      const y = run(buffers);
      const result = { data: y.data(), bits: y.bits() };
      buffers.free();
      return result;
    }));
  }
});

afterAll(async () => {
  await init({ build: inject("build") });
});

// The engine decides which builds there are; these tests' own build is one of them.
test("the build under test is among the compared", () => {
  expect([...results.keys()]).toContain(inject("build"));
  expect([...results.keys()]).toContain("scalar");
});

describe.each(runs.map((run, i) => ({ ...run, i })))("$name", ({ terms, exact, i }) => {
  test("every build agrees", () => {
    const scalar = results.get("scalar")![i]!;
    for (const [build, all] of results) {
      const { data, bits } = all[i]!;
      if (build === "simd" || exact) expectWords(build, bits, scalar.bits);
      else checkClose(build, data, scalar.data, terms);
    }
  });
});
