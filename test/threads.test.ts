// Threads: the same bits whatever their number, for every kernel that splits; memory that grows under them; their beginning and end.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { Adam, capabilities, conv2d, gradients, init, manualSeed, memory, scope, sum, type Tensor, tensor } from "../src/index.ts";
import * as adjoint from "../src/index.ts";
import { type Board, FAILED, JOB, KERNEL, LEFT } from "../src/runtime/board.ts";
import { kernels } from "../src/runtime/kernels.ts";
import { productFused } from "../src/ops/matmul.ts";
import { maxPoolSelect, selectMaxima } from "../src/ops/pooling.ts";
import { poolWindow } from "../src/window.ts";
import { allocate, free } from "../src/runtime/memory.ts";
import { splits } from "../src/runtime/splits.ts";
import { hardwareThreads } from "../src/runtime/workerThreads.ts";
import { limits } from "../src/runtime/threads.ts";
import { randomArray } from "./array.ts";
import { title, toTensor } from "./check.ts";
import { mul } from "../src/ops/mul.ts";
import type { Case, OpSpec } from "./specs/spec.ts";
import { expectWords } from "./kernels/buffers.ts";
import { specs } from "./specs/index.ts";

const defaults = { ...limits };
const names = Object.keys(splits);
/** Kernels whose calls were shared out since the test began. */
let shared: Set<string>;

const { add } = Atomics;
beforeEach(() => {
  shared = new Set();
  vi.spyOn(Atomics, "add").mockImplementation(((words: Board["words"], index: number, value: number) => {
    if (index === JOB) shared.add(names[words[KERNEL]!]!);
    return add(words, index, value);
  }) as typeof Atomics.add);
});
afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(limits, defaults);
});
afterAll(() => init({ threads: 1 }));

/** Starts threads, for calls of any size. */
async function threads(count: number): Promise<void> {
  expect(await init({ threads: count })).toMatchObject({ threads: count, build: inject("build") });
  Object.assign(limits, { call: 0, chunk: 0 });
}

/** Bits of the result and of all gradients. */
function bits<O>(spec: Pick<OpSpec<O>, "run">, { shapes, options }: Case<O>): Uint32Array[] {
  return scope(() => {
    const inputs = shapes.map((shape, i) => toTensor(randomArray(shape, i + 1)));
    const run = (): Tensor => {
      manualSeed(1);
      return spec.run(inputs, options);
    };
    const y = run();
    const dy = toTensor(randomArray(y.shape, 99));
    const { grads } = gradients(() => sum(mul(run(), dy)), inputs);
    return [y, ...inputs.map((x) => grads.get(x)!)].map((x) => new Uint32Array(x.data().buffer));
  });
}

function expectSame(name: string, got: Uint32Array[], expected: Uint32Array[]): void {
  expect(got.length).toBe(expected.length);
  got.forEach((words, i) => expectWords(`${name}: ${i}`, words, expected[i]!));
}

// Large enough that every kernel that splits has several chunks.
const { relu, conv2d: conv } = adjoint;
const map = [2, 16, 40, 40], images = [9, 5, 12, 12], matrix = [300, 70];
const big: { name: string; shapes: number[][]; run: (...x: Tensor[]) => Tensor }[] = [
  { name: "conv2d 3x3", shapes: [map, [40, 16, 3, 3], [40]], run: (x, w, bias) => conv(x!, w!, { bias: bias!, padding: 1 }) },
  { name: "conv2d 1x1", shapes: [map, [20, 16, 1, 1]], run: (x, w) => conv(x!, w!) },
  { name: "conv2d of many channels", shapes: [[1, 64, 7, 7], [130, 64, 3, 3]], run: (x, w) => conv(x!, w!, { padding: 1 }) },
  ...(["winograd2", "winograd4"] as const).flatMap((algorithm) => [1, 4].flatMap((groups) => [[41, 39], [7, 6]].map((extent) => ({
    name: `conv2d by ${algorithm} @${extent}, ${groups} groups`,
    shapes: [[2, 16, ...extent], [100, 16 / groups, 3, 3], [100]],
    run: (x?: Tensor, w?: Tensor, bias?: Tensor) => conv(x!, w!, { bias: bias!, padding: 1, groups, algorithm }),
  })))),
  { name: "the filters of 64 to 130 channels", shapes: [[2, 64, 28, 28], [2, 130, 28, 28]], run: (x, dy) => adjoint.conv2dFilterAdjoint(x!, dy!, [130, 64, 3, 3], { padding: 1 }) },
  { name: "linear of one row", shapes: [[1, 400], [130, 400], [130]], run: (x, w, bias) => adjoint.linear(x!, w!, bias!) },
  { name: "conv2d in groups", shapes: [map, [24, 4, 3, 3]], run: (x, w) => conv(x!, w!, { groups: 4 }) },
  { name: "conv2d of a small filter", shapes: [[8, 1, 28, 28], [8, 1, 5, 5]], run: (x, w) => conv(x!, w!) },
  { name: "conv2d depthwise", shapes: [map, [16, 1, 3, 3]], run: (x, w) => conv(x!, w!, { groups: 16, padding: 1, stride: 2 }) },
  { name: "conv2d with a stride", shapes: [images, [20, 5, 3, 3]], run: (x, w) => conv(x!, w!, { stride: 2, padding: 1 }) },
  ...[[300, 50, 70], [20, 300, 200]].map(([m, k, n]) => ({
    name: `a product [${m}, ${k}] [${k}, ${n}] with bias, residual and activation`,
    shapes: [[m!, k!], [k!, n!], [n!], [m!, n!]],
    run: (a?: Tensor, b?: Tensor, bias?: Tensor, residual?: Tensor) =>
      productFused(a!, b!, false, false, { bias, residual, activation: { kind: "clamp", lower: -1, upper: 1 } }),
  })),
  { name: "matmul, rows", shapes: [[300, 50], [50, 70]], run: (a, b) => adjoint.matmul(a!, b!) },
  { name: "matmul, columns", shapes: [[20, 300], [300, 200]], run: (a, b) => adjoint.matmul(a!, b!) },
  { name: "linear", shapes: [[32, 400], [130, 400], [130]], run: (x, w, bias) => adjoint.linear(x!, w!, bias!) },
  { name: "maxPool2d", shapes: [images], run: (x) => adjoint.maxPool2d(x!, 3, { stride: 2 }) },
  { name: "avgPool2d", shapes: [images], run: (x) => adjoint.avgPool2d(x!, 2) },
  { name: "adaptiveAvgPool2d", shapes: [images], run: (x) => adjoint.adaptiveAvgPool2d(x!, 5) },
  { name: "maxUnpool2d", shapes: [images], run: (x) => {
    const { values, indices } = adjoint.maxPool2dWithIndices(x!, 2);
    return adjoint.maxUnpool2d(values, indices, 2);
  } },
  { name: "the elements that maxPool2d would select", shapes: [images, images], run: (x, z) => {
    const win = poolWindow("maxPool2d", 2, x!.shape, 3, {});
    return maxPoolSelect(z!, selectMaxima(x!, win).indices, win);
  } },
  { name: "interpolate", shapes: [images], run: (x) => adjoint.interpolate(x!, { scaleFactor: 2, mode: "bilinear" }) },
  { name: "batchNorm", shapes: [map, [16], [16]], run: (x, weight, bias) => adjoint.batchNorm(x!, undefined, undefined, { weight: weight!, bias: bias!, training: true }) },
  { name: "groupNorm", shapes: [images], run: (x) => adjoint.groupNorm(x!, 5) },
  { name: "softmax", shapes: [matrix], run: (x) => adjoint.softmax(x!, 1) },
  { name: "logSoftmax", shapes: [matrix], run: (x) => adjoint.logSoftmax(x!, 1) },
  ...(["add", "sub", "mul", "maximum", "minimum"] as const).flatMap((op) => [
    { name: op, shapes: [matrix, matrix], run: (a?: Tensor, b?: Tensor) => adjoint[op](a!, b!) },
    { name: `${op} of a row`, shapes: [matrix, [70]], run: (a?: Tensor, b?: Tensor) => adjoint[op](a!, b!) },
    { name: `${op} of a column`, shapes: [matrix, [300, 1]], run: (a?: Tensor, b?: Tensor) => adjoint[op](a!, b!) },
    { name: `${op} of a number`, shapes: [matrix], run: (a?: Tensor) => adjoint[op](3, a!) },
  ]),
  { name: "channels of maps", shapes: [images, [5, 1, 1]], run: (x, a) => adjoint.mul(x!, a!) },
  { name: "div", shapes: [matrix, matrix], run: (a, b) => adjoint.div(a!, adjoint.add(adjoint.abs(b!), 1)) },
  { name: "pow", shapes: [matrix], run: (x) => adjoint.pow(adjoint.add(adjoint.abs(x!), 1), 2.5) },
  { name: "where", shapes: [matrix, matrix], run: (a, b) => adjoint.where(adjoint.gt(a!, 0), a!, b!) },
  { name: "clamp", shapes: [matrix], run: (x) => adjoint.clamp(x!, -0.5, 0.5) },
  { name: "hardtanh", shapes: [matrix], run: (x) => adjoint.hardtanh(x!) },
  ...(["relu", "leakyRelu", "hardsigmoid", "hardswish", "sigmoid", "silu", "tanh", "elu", "gelu", "softplus", "exp", "abs"] as const)
    .map((op) => ({ name: op, shapes: [matrix], run: (x?: Tensor) => adjoint[op](x!) })),
  { name: "gelu by tanh", shapes: [matrix], run: (x) => adjoint.gelu(x!, { approximate: "tanh" }) },
  { name: "functions of what is positive", shapes: [matrix], run: (x) => {
    const { add, abs, log, sqrt, rsqrt } = adjoint;
    const positive = add(abs(x!), 1);
    return add(add(log(positive), sqrt(positive)), rsqrt(positive));
  } },
  // The same tensor twice: gradients that reach it are added up.
  { name: "a sum of a tensor and itself", shapes: [matrix], run: (x) => adjoint.add(x!, x!) },
  { name: "a tensor that is used three times", shapes: [matrix], run: (x) => adjoint.add(adjoint.mul(relu(x!), x!), adjoint.tanh(x!)) },
];

const optimizers = {
  SGD: (p: Tensor) => new adjoint.SGD([p], { lr: 0.1, momentum: 0.9, nesterov: true }),
  Adam: (p: Tensor) => new Adam([p], { lr: 0.1, amsgrad: true }),
  RMSprop: (p: Tensor) => new adjoint.RMSprop([p], { lr: 0.1, momentum: 0.9, centered: true }),
};

/** Bits of a parameter after three steps. */
function trained(make: (p: Tensor) => adjoint.Optimizer): Uint32Array {
  return scope(() => {
    const p = toTensor(randomArray([5000], 1));
    const optimizer = make(p);
    for (let i = 0; i < 3; i++) {
      const { grads } = gradients(() => sum(adjoint.pow(p, 3)), [p]);
      adjoint.clipGradNorm(grads, 10);
      optimizer.step(grads);
    }
    return new Uint32Array(p.data().buffer);
  });
}

describe("the same bits as one thread", () => {
  const single = new Map<string, Uint32Array[]>();
  const small = specs.flatMap((spec) => spec.cases.map((one) => ({ name: `${spec.name} ${title(one)}`, run: () => bits(spec, one) })));
  const large = [
    ...big.map(({ name, shapes, run }) => ({ name, run: () => bits({ run: (inputs) => run(...inputs) }, { shapes, options: {} }) })),
    ...Object.entries(optimizers).map(([name, make]) => ({ name, run: () => [trained(make)] })),
  ];
  const every = new Set<string>();

  beforeAll(async () => {
    await init({ threads: 1 });
    for (const { name, run } of [...small, ...large]) single.set(name, run());
  });

  for (const count of [2, 3]) {
    describe(`${count} threads`, () => {
      beforeAll(() => threads(count));
      beforeEach(() => void Object.assign(limits, { call: 0, chunk: 0 }));
      test("all cases of the specs", () => {
        for (const { name, run } of small) expectSame(name, run(), single.get(name)!);
      });
      test.each(large)("$name", ({ name, run }) => {
        // Several times: which thread does what is a matter of chance.
        for (let i = 0; i < 5; i++) expectSame(name, run(), single.get(name)!);
        for (const kernel of shared) every.add(kernel);
      });
    });
  }

  test("every kernel that splits was split", () => {
    expect([...every].sort()).toEqual([...names].sort());
  });
});

describe("the pool", () => {
  beforeAll(() => threads(3));
  beforeEach(() => void Object.assign(limits, { call: 0, chunk: 0 }));
  const map = { shapes: [[2, 16, 20, 20], [24, 16, 3, 3]], options: {} };
  const conv = { run: ([x, w]: Tensor[]) => conv2d(x!, w!, { padding: 1 }) };

  test("works on while the memory grows", () => {
    const expected = bits(conv, map);
    const blocks: [ptr: number, bytes: number][] = [];
    for (let i = 0; i < 12; i++) {
      const { capacity } = memory();
      const bytes = Math.floor(capacity / 8);
      blocks.push([allocate(bytes, () => "a test"), bytes]);
      // What follows lies behind, where there was no memory before.
      const y = bits(conv, map);
      y.forEach((words, i) => expectWords(`after growth ${i}`, words, expected[i]!));
      expect(memory().capacity).toBeGreaterThanOrEqual(capacity);
    }
    for (const [ptr, bytes] of blocks) free(ptr, bytes);
  });

  test("leaves nothing behind in the memory", () => {
    const before = memory();
    for (let i = 0; i < 10; i++) bits(conv, map);
    expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
  });

  test("data() copies into buffers of one's own", () => {
    const x = tensor([1, 2, 3]);
    expect(x.data().buffer).toBeInstanceOf(ArrayBuffer);
    expect(adjoint.toSafetensors({ x }).buffer).toBeInstanceOf(ArrayBuffer);
    x.dispose();
  });

  test("a kernel that traps is an error here, wherever it trapped, and the next call works", () => {
    const expected = bits(conv, map);
    for (let i = 0; i < 20; i++) {
      // Far beyond the memory's end.
      expect(() => kernels().relu(100_000, 2 ** 32 - 2 ** 20, 2 ** 32 - 2 ** 20)).toThrow(WebAssembly.RuntimeError);
      bits(conv, map).forEach((words, i) => expectWords(`after a trap ${i}`, words, expected[i]!));
    }
  });

  test("a trap in another thread alone is done again here", () => {
    const x = adjoint.ones([100_000]);
    vi.spyOn(Atomics, "add").mockImplementation(((words: Board["words"], index: number, value: number) => {
      if (index === JOB) Atomics.store(words, FAILED, 1);
      return add(words, index, value);
    }) as typeof Atomics.add);
    const y = relu(x);
    expect(y.data().every((value) => value === 1)).toBe(true);
    x.dispose();
    y.dispose();
  });

  test("a thread that began a chunk and died is given up, with an error; from then on there is one thread, until init starts others", async () => {
    const expected = bits(conv, map);
    limits.patience = 50;
    // One chunk is taken by nobody.
    const stolen = vi.spyOn(Atomics, "add").mockImplementation(((words: Board["words"], index: number, value: number) => {
      if (index === JOB) Atomics.sub(words, LEFT, 1);
      return add(words, index, value);
    }) as typeof Atomics.add);
    expect(() => bits(conv, map)).toThrow(/^\w+: a thread has not come back for \d+ ms; from here on the calling thread works alone$/);
    stolen.mockRestore();
    expect(capabilities().threads).toBe(1);
    bits(conv, map).forEach((words, i) => expectWords(`alone ${i}`, words, expected[i]!));
    await threads(3);
    bits(conv, map).forEach((words, i) => expectWords(`together again ${i}`, words, expected[i]!));
  });

  test("tensors made before it starts stay what they are, and what is made with it stays when it ends", async () => {
    await init({ threads: 1 });
    const x = toTensor(randomArray([1000], 1));
    const values = x.data();
    await threads(2);
    expect(x.data()).toEqual(values);
    const y = relu(x);
    await init({ threads: 1 });
    expect(capabilities().threads).toBe(1);
    shared.clear();
    expect(relu(x).data()).toEqual(y.data());
    expect(shared.size).toBe(0);
    x.dispose();
    y.dispose();
  });

  test("init again: what is not named stays, calls at the same time come one after the other", async () => {
    expect(await init({ threads: 2 })).toMatchObject({ threads: 2 });
    expect(await init()).toMatchObject({ threads: 2 });
    expect(await init({ threads: 2 })).toMatchObject({ threads: 2 });
    expect(await init({ build: "scalar" })).toMatchObject({ threads: 2, build: "scalar" });
    const [, last] = await Promise.all([init({ threads: 3 }), init({ threads: 2, build: inject("build") })]);
    expect(last).toMatchObject({ threads: 2, build: inject("build") });
  });

  test('"max" is what the machine runs at a time', async () => {
    const { threads } = await init({ threads: "max" });
    expect(threads).toBe(hardwareThreads());
  });

  test.each([0, -1, 1.5, NaN, 65, "2", "many"])("refuses %o", async (count) => {
    await expect(init({ threads: count as number })).rejects.toThrow(RangeError);
    await expect(init({ threads: count as number })).rejects.toThrow(`init: threads must be an integer from 1 to 64 or "max", got ${count}`);
  });
});

test("small calls stay on the calling thread", async () => {
  await init({ threads: 2 });
  scope(() => void conv2d(adjoint.ones([1, 4, 8, 8]), adjoint.ones([4, 4, 3, 3])));
  expect([...shared]).toEqual([]);
  scope(() => void conv2d(adjoint.ones([1, 16, 64, 64]), adjoint.ones([32, 16, 3, 3]), { algorithm: "gemm" }));
  expect([...shared]).toContain("conv");
});
