// Every algorithm of a convolution on every case it accepts, and which one is taken.

import { afterEach, describe, expect, test } from "vitest";
import {
  type ConvAlgorithm, conv2d, Conv2d, conv2dFilterAdjoint, conv2dInputAdjoint, convTranspose2d, init, memory, scope, type Shape, tensor, zeros,
} from "../src/index.ts";
import { convAlgorithm, filterAdjointAlgorithm } from "../src/ops/convAlgorithm.ts";
import { type ConvOptions, convWindow, winogradSides } from "../src/window.ts";
import { product, randomArray } from "./array.ts";
import { checkAdjoint, checkForward, checkGradients, title, toTensor } from "./check.ts";
import type { ConvCase } from "./specs/conv.ts";
import { conv2dSpec } from "./specs/conv2d.ts";
import { conv3dSpec } from "./specs/conv3d.ts";
import type { Case } from "./specs/spec.ts";

afterEach(async () => void (await init({ exact: false })));

// What is left of the last tile along each axis, with borders that shift it.
const tiles: Case<ConvCase>[] = [
  ...product({ height: [1, 2, 3, 4, 5, 6], width: [3, 5, 8], padding: [1, [[0, 2], [2, 1]], [3, 4]] as const }).map(({ height, width, padding }) => (
    { shapes: [[2, 5, height, width], [6, 5, 3, 3], [6]], options: { padding } })),
  ...[1, 2, 3, 4, 7, 8, 9, 17].map((channels) => ({ shapes: [[1, channels, 7, 6], [18 - channels, channels, 3, 3]], options: { padding: 1 } })),
  ...[2, 4].map((groups) => ({ shapes: [[2, 4 * groups, 5, 9], [3 * groups, 4, 3, 3], [3 * groups]], options: { padding: 1, groups } })),
  ...product({ height: [5, 8, 9], dilation: [2, [3, 1], [2, 4]] as const, padding: [2, [[0, 4], [3, 4]]] as const }).map(({ height, ...options }) => (
    { shapes: [[2, 4, height, 10], [6, 4, 3, 3], [6]], options })),
  { shapes: [[1, 3, 5, 4], [2, 3, 3, 3]], options: { padding: 2 ** 26, dilation: 2 ** 26 } },
  ...[2, 3].map((dilation) => ({ shapes: [[1, 12, 9, 13], [9, 4, 3, 3]], options: { padding: dilation, dilation, groups: 3 } })),
  ...product({ height: [1, 4, 5], width: [2, 7], padding: [2, [[0, 4], [3, 1]], [5, 6]] as const }).map(({ height, width, padding }) => (
    { shapes: [[2, 5, height, width], [6, 5, 5, 5], [6]], options: { padding } })),
  { shapes: [[1, 12, 9, 11], [9, 4, 5, 5]], options: { padding: 4, dilation: 2, groups: 3 } },
  ...(["reflect", "circular"] as const).map((paddingMode) => ({ shapes: [[1, 3, 6, 5], [4, 3, 3, 3]], options: { padding: 2, paddingMode } })),
];

const slices: Case<ConvCase>[] = [
  { shapes: [[2, 3, 3, 5, 6], [4, 3, 1, 3, 3], [4]], options: { padding: [0, 1, 1] } },
  { shapes: [[1, 2, 2, 7, 4], [3, 2, 1, 3, 3]], options: { padding: [[0, 0], [2, 0], [1, 1]] } },
];

const whole = ({ shapes: [x, w], options: { paddingMode, ...options } }: Case<ConvCase>) => convWindow("conv", x!.length - 2, x!, w!, options);
const byWinograd = (side: 2 | 4) => (one: Case<ConvCase>): boolean => {
  const { kernel, stride, input, output } = whole(one);
  return winogradSides(kernel, stride).includes(side) && input[0] === output[0];
};
const accepted: Record<ConvAlgorithm, (one: Case<ConvCase>) => boolean> = {
  // All the spec's cases, but those that its own tests compute so already.
  gemm: (one) => convAlgorithm(whole(one), false) !== "gemm",
  winograd2: byWinograd(2),
  winograd4: byWinograd(4),
};

for (const spec of [{ ...conv2dSpec, cases: [...conv2dSpec.cases, ...tiles] }, { ...conv3dSpec, cases: [...conv3dSpec.cases, ...slices] }]) {
  for (const algorithm of Object.keys(accepted) as ConvAlgorithm[]) {
    const cases = spec.cases.filter(accepted[algorithm]);
    describe(`${spec.name} by ${algorithm}`, () => {
      test.each(cases.map((one) => [title(one), { ...one, options: { ...one.options, algorithm } }] as const))("%s", (_, one) => {
        checkForward(spec, one);
        checkGradients(spec, one);
      });
      test("there are such cases", () => expect(cases.length).toBeGreaterThan(1));
    });
  }
}

describe.each(["gemm", "winograd2", "winograd4"] as const)("the adjoints by %s", (algorithm) => {
  const options: ConvOptions[] = [
    {}, { padding: 1 }, { padding: [[2, 0], [1, 2]] }, { padding: 1, groups: 3 }, { padding: 2, dilation: 2 }, { padding: [1, 4], dilation: [1, 3], groups: 3 },
    // Wider than the flipped filter could reach: the input adjoint is not made by Winograd's algorithm then.
    { padding: 4 },
  ];
  test.each(options)("%o", (one) => {
    scope(() => {
      const xShape = [2, 12, 9, 7], wShape = [9, 12 / (one.groups ?? 1), 3, 3];
      const x = toTensor(randomArray(xShape, 1)), w = toTensor(randomArray(wShape, 2));
      const call = { ...one, algorithm };
      const terms = 9 * 12 * 9;
      checkAdjoint("in x", (x) => conv2d(x, w, call), (dy) => conv2dInputAdjoint(dy, w, xShape, call), xShape, terms);
      checkAdjoint("in w", (w) => conv2d(x, w, call), (dy) => conv2dFilterAdjoint(x, dy, wShape, call), wShape, terms);
      const y = conv2d(x, w, call).shape;
      checkAdjoint("the input adjoint", (dy) => conv2dInputAdjoint(dy, w, xShape, call), (ddx) => conv2d(ddx, w, call), y, terms);
    });
  });
});

describe.each([
  ["grouped", [2, 12, 9, 11], [12, 4, 3, 3], { groups: 3, padding: [[2, 0], [1, 2]] }],
  ["grouped", [1, 6, 9, 10], [12, 2, 5, 3], { groups: 3, padding: [3, 1], stride: [2, 1], dilation: [2, 1] }],
  ["winograd2", [2, 12, 9, 7], [9, 4, 5, 5], { groups: 3, padding: [[2, 0], [3, 4]], algorithm: "winograd2" }],
] as [string, Shape, Shape, ConvOptions][])("the adjoints by %s of %o * %o %o", (algorithm, xShape, wShape, options) => {
  test("are adjoints", () => {
    scope(() => {
      expect(convAlgorithm(convWindow("conv2d", 2, xShape, wShape, options), false)).toBe(algorithm);
      const x = toTensor(randomArray(xShape, 1)), w = toTensor(randomArray(wShape, 2)), terms = 25 * 12 * 9;
      checkAdjoint("in x", (x) => conv2d(x, w, options), (dy) => conv2dInputAdjoint(dy, w, xShape, options), xShape, terms);
      checkAdjoint("in w", (w) => conv2d(x, w, options), (dy) => conv2dFilterAdjoint(x, dy, wShape, options), wShape, terms);
    });
  });
});

describe("the choice", () => {
  const choose = (x: Shape, w: Shape, options: ConvOptions = { padding: 1 }, kept: boolean = true) =>
    convAlgorithm(convWindow("conv2d", 2, x, w, options), kept);

  test.each([
    ["winograd4", [1, 64, 56, 56], [64, 64, 3, 3]],
    ["winograd4", [1, 512, 7, 7], [512, 512, 3, 3]],
    ["winograd4", [1, 8, 56, 56], [8, 8, 3, 3]],
    ["winograd2", [1, 512, 4, 4], [512, 512, 3, 3]],
    ["gemm", [1, 512, 2, 2], [512, 512, 3, 3]],
    ["gemm", [1, 3, 56, 56], [64, 3, 3, 3]],
    ["depthwise", [1, 64, 56, 56], [64, 1, 3, 3], { groups: 64, padding: 1 }],
    ["grouped", [1, 128, 56, 56], [128, 4, 3, 3], { groups: 32, padding: 1 }],
    ["grouped", [1, 32, 56, 56], [128, 1, 5, 3], { groups: 32, stride: [2, 1], dilation: [3, 1], padding: 2 }],
    ["gemm", [1, 128, 56, 56], [128, 4, 3, 3], { groups: 32, padding: 1, stride: 2 }],
    ["gemm", [1, 32, 56, 56], [128, 1, 3, 3], { groups: 32, padding: 3 }],
    ["gemm", [1, 64, 56, 56], [64, 64, 3, 3], { stride: 2 }],
    ["winograd4", [1, 64, 56, 56], [64, 64, 3, 3], { dilation: [1, 2] }],
    // A tile for every few pixels of a phase.
    ["gemm", [1, 64, 14, 14], [64, 64, 3, 3], { dilation: 12, padding: 12 }],
    ["winograd2", [1, 64, 28, 28], [64, 64, 5, 5]],
    ["gemm", [1, 6, 14, 14], [16, 6, 5, 5]],
    ["gemm", [1, 64, 56, 56], [64, 64, 7, 7]],
    ["gemm", [1, 64, 56, 56], [64, 64, 1, 3]],
    ["gemm", [1, 64, 56, 56], [64, 64, 3, 3], { algorithm: "gemm" }],
    ["gemm", [1, 64, 56, 56], [64, 1, 3, 3], { groups: 64, algorithm: "gemm" }],
    ["winograd2", [1, 64, 56, 56], [64, 64, 3, 3], { algorithm: "winograd2" }],
  ] as [string, Shape, Shape, ConvOptions?][])("%s for %o * %o %o", (expected, x, w, options) => {
    expect(choose(x, w, options)).toBe(expected);
  });

  test.each([
    ["winograd4", [1, 64, 56, 56], [64, 64, 3, 3], {}],
    ["gemm", [1, 512, 7, 7], [512, 512, 3, 3], {}],
    ["winograd4", [8, 512, 7, 7], [512, 512, 3, 3], {}],
    ["winograd4", [1, 64, 56, 56], [64, 64, 3, 3], { padding: 2, dilation: 2 }],
    ["gemm", [1, 64, 56, 56], [64, 16, 3, 3], { groups: 4 }],
    ["depthwise", [1, 64, 56, 56], [64, 1, 3, 3], { groups: 64 }],
    ["gemm", [1, 64, 56, 56], [64, 64, 3, 3], { algorithm: "winograd2" }],
    ["gemm", [1, 64, 56, 56], [64, 64, 3, 3], { algorithm: "gemm" }],
    ["winograd4", [1, 1, 3, 3], [1, 1, 3, 3], { algorithm: "winograd4" }],
  ] as [string, Shape, Shape, ConvOptions][])("%s for the filter adjoint of %o * %o %o", (expected, x, w, options) => {
    expect(filterAdjointAlgorithm(convWindow("conv2d", 2, x, w, { padding: 1, ...options }))).toBe(expected);
  });

  test("filters that are transformed for one call must be worth it", () => {
    expect(choose([1, 512, 7, 7], [512, 512, 3, 3], { padding: 1 }, false)).toBe("gemm");
    expect(choose([16, 512, 7, 7], [512, 512, 3, 3], { padding: 1 }, false)).toBe("winograd4");
  });

  test("exact convolutions are sums, and one may still be asked for by name", async () => {
    const x = toTensor(randomArray([1, 32, 24, 24], 1)), w = toTensor(randomArray([32, 32, 3, 3], 2));
    const run = (algorithm?: ConvAlgorithm) => scope(() => conv2d(x, w, { padding: 1, ...(algorithm && { algorithm }) }).data());
    const gemm = run("gemm"), winograd = run("winograd4");
    expect(winograd).not.toEqual(gemm);
    expect(run()).toEqual(winograd);
    await init({ exact: true });
    expect(run()).toEqual(gemm);
    expect(run("winograd4")).toEqual(winograd);
    await init({});
    expect(run()).toEqual(gemm);
    await init({ exact: false });
    expect(run()).toEqual(winograd);
    await expect(init({ exact: 1 as never })).rejects.toThrow(/^init: exact must be true or false/);
    x.dispose();
    w.dispose();
  });

  test("by sums, an infinity reaches only what sees it", () => {
    scope(() => {
      const values = new Float32Array(64);
      values[0] = Infinity;
      const y = conv2d(tensor(values, [1, 1, 8, 8]), tensor(new Float32Array(9).fill(1), [1, 1, 3, 3]), { padding: 1, algorithm: "gemm" }).data();
      expect([...y].flatMap((value, i) => (value === 0 ? [] : [i]))).toEqual([0, 1, 8, 9]);
    });
  });

  test("a layer passes it on", () => {
    const layer = new Conv2d(32, 32, 3, { padding: 1, algorithm: "winograd2" });
    const x = toTensor(randomArray([1, 32, 24, 24], 1));
    scope(() => {
      expect(layer.forward(x).data()).toEqual(conv2d(x, layer.weight, { bias: layer.bias!, padding: 1, algorithm: "winograd2" }).data());
      expect(layer.forward(x).data()).not.toEqual(conv2d(x, layer.weight, { bias: layer.bias!, padding: 1 }).data());
    });
    layer.dispose();
    x.dispose();
  });

  test("a transposed convolution at stride 1 is one with the flipped filter, and chooses as such", () => {
    scope(() => {
      const x = toTensor(randomArray([1, 32, 24, 24], 1)), w = toTensor(randomArray([32, 32, 3, 3], 2));
      const bySums = conv2dInputAdjoint(x, w, [1, 32, 24, 24], { padding: 1, algorithm: "gemm" });
      expect(convTranspose2d(x, w, { padding: 1 }).data()).not.toEqual(bySums.data());
    });
  });

  const x = zeros([1, 4, 8, 8]);
  test.each([
    [TypeError, { algorithm: "fft" }, /^conv2d: algorithm must be one of gemm, winograd2, winograd4, got "fft"/],
    [RangeError, { algorithm: "winograd4", stride: 2 }, /^conv2d: algorithm "winograd4" needs a kernel of 3x3, stride 1 and .*got kernel 3x3, stride \[2, 2\]/],
    [RangeError, { algorithm: "winograd2", stride: [1, 2], dilation: 2 }, /^conv2d: algorithm "winograd2" needs .* stride \[1, 2\]/],
  ])("%o refuses %o", (error, options, message) => {
    const before = memory();
    const call = () => conv2d(x, zeros([4, 4, 3, 3]), options as never);
    expect(() => scope(() => void call())).toThrow(error);
    expect(() => scope(() => void call())).toThrow(message);
    expect(() => new Conv2d(4, 4, 3, options as never)).toThrow(error);
    expect(memory()).toEqual(before);
  });
});
