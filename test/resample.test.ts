// What the specs of adaptive poolings and of resampling leave open: indices, layouts, adjoints of adjoints, layers, memory.

import { describe, expect, test } from "vitest";
import {
  AdaptiveAvgPool1d, adaptiveAvgPool2d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, adaptiveMaxPool1dWithIndices,
  adaptiveMaxPool2d, AdaptiveMaxPool2d, adaptiveMaxPool2dWithIndices, AdaptiveMaxPool3d, adaptiveMaxPool3dWithIndices, gradients,
  interpolate, lpPool1d, LPPool1d, lpPool2d, LPPool2d, maxPool2d, maxPool2dWithIndices, maxUnpool2d, MaxUnpool2d, memory, type Module,
  mul, pixelShuffle, PixelShuffle, pixelUnshuffle, PixelUnshuffle, reshape, scope, sum, type Tensor, tensor, Upsample,
} from "../src/index.ts";
import { dot, ndarray, plus, randomArray } from "./array.ts";
import { checkAdjoint, EPSILON, title, toTensor } from "./check.ts";
import { adaptiveIndices, adaptiveMaxPool1dSpec, adaptiveMaxPool2dSpec, adaptiveMaxPool3dSpec } from "./specs/adaptivePool.ts";

const withIndices = [adaptiveMaxPool1dWithIndices, adaptiveMaxPool2dWithIndices, adaptiveMaxPool3dWithIndices];

for (const spec of [adaptiveMaxPool1dSpec, adaptiveMaxPool2dSpec, adaptiveMaxPool3dSpec]) {
  describe(`${spec.name}WithIndices`, () => {
    for (const one of spec.cases) {
      const x = randomArray(one.shapes[0]!, 1);
      test(title(one), () => {
        scope(() => {
          const { values, indices } = withIndices[x.shape.length - 3]!(toTensor(x), one.options.outputSize);
          expect([...indices.data()]).toEqual([...adaptiveIndices(x, one.options).data]);
          expect([...values.data()]).toEqual([...spec.reference([x], one.options).data]);
        });
      });
      test(`${title(one)}: no kink near the directional differences of the spec`, () => {
        const v = randomArray(x.shape, 50);
        const [down, here, up] = [-spec.step!, 0, spec.step!].map((t) => adaptiveIndices(plus(x, t, v), one.options).data);
        expect(down).toEqual(here);
        expect(up).toEqual(here);
      });
    }
  });
}

test("adaptive windows of a long line: positions times lengths are beyond 32 bits", () => {
  scope(() => {
    const length = 70_000;
    const x = tensor(Float32Array.from({ length }, (_, i) => i), [1, 1, length]);
    expect(adaptiveMaxPool1dWithIndices(x, 60_000).indices.data().at(-1)).toBe(length - 1);
  });
});

describe("power-average pooling", () => {
  const gradient = (x: Tensor, p: number) => [...gradients(() => sum(lpPool1d(x, p, 2)), [x]).grads.get(x)!.data()];

  test("where a window holds zeros alone the gradient is 0, as in PyTorch", () => {
    scope(() => {
      const x = tensor([0, 0, 3, 4], [1, 1, 4]);
      expect([...lpPool1d(x, 2, 2).data()]).toEqual([0, 5]);
      expect(gradient(x, 2).map((value) => Math.fround(value))).toEqual([0, 0, 0.6, 0.8].map(Math.fround));
      expect(gradient(x, 1)).toEqual([0, 0, 1, 1]);
    });
  });

  test("odd powers keep their sign: cubes that cancel, and a sum without a root", () => {
    scope(() => {
      const x = tensor([2, -2, 1, -2, 2, -1], [1, 1, 6]);
      const [none, root, y] = lpPool1d(x, 3, 2).data();
      expect([none, root]).toEqual([0, NaN]);
      expect(y).toBeCloseTo(Math.cbrt(7), 6);
    });
  });

  test("a window cut off by ceilMode counts as a whole one of its mean, as in PyTorch", () => {
    scope(() => expect([...lpPool1d(tensor([1, 2, 3], [1, 1, 3]), 1, 2, { ceilMode: true }).data()]).toEqual([3, 6]));
  });

  test("Hessian-vector products", () => {
    scope(() => {
      const shape = [1, 3, 4, 4];
      const [x, v, u] = [1, 2, 3].map((seed) => randomArray(shape, seed));
      const w = randomArray([1, 3, 2, 2], 4);
      const first = (at: Tensor) => gradients(() => sum(mul(toTensor(w), lpPool2d(at, 2, 2))), [at]).grads.get(at)!;
      const tx = toTensor(x!);
      const second = gradients(() => sum(mul(first(tx), toTensor(v!))), [tx]).grads.get(tx)!.data();
      // y = |window|, so v'H u is the sum of w (v.u - (x.v)(x.u) / y^2) / y over the windows.
      let expected = 0;
      for (let window = 0; window < 12; window++) {
        const at = Math.floor(window / 4) * 16 + (Math.floor(window / 2) % 2) * 8 + (window % 2) * 2;
        const [a, b, c] = [x!, v!, u!].map(({ data }) => [at, at + 1, at + 4, at + 5].map((i) => data[i]!));
        const y = Math.sqrt(dot(a!, a!));
        expected += (w.data[window]! * (dot(b!, c!) - (dot(a!, b!) * dot(a!, c!)) / y ** 2)) / y;
      }
      const norm = Math.sqrt(dot(second, second) * dot(u!.data, u!.data));
      expect(Math.abs(dot(second, u!.data) - expected)).toBeLessThan(EPSILON * 16 * norm);
      expect(Math.abs(expected)).toBeGreaterThan(EPSILON * 1e3 * norm);
    });
  });
});

test("pooling and unpooling: every maximum comes back to its place", () => {
  scope(() => {
    const x = randomArray([2, 5, 7, 8], 1);
    const { values, indices } = maxPool2dWithIndices(toTensor(x), 2, { stride: [3, 2] });
    const y = maxUnpool2d(values, indices, 2, { stride: [3, 2], outputSize: x.shape });
    const places = new Set(indices.data().map((index, k) => Math.floor(k / (values.size / 10)) * 56 + index));
    expect([...y.data()]).toEqual([...x.data].map((value, i) => (places.has(i) ? value : 0)));
  });
});

test("an index that occurs twice: the last value is taken, both get the gradient, as in PyTorch", () => {
  scope(() => {
    const x = tensor([1, 2], [1, 1, 1, 2]), dy = tensor([5, 6, 7], [1, 1, 1, 3]);
    const indices = tensor(Int32Array.of(1, 1), [1, 1, 1, 2]);
    const unpool = () => maxUnpool2d(x, indices, [1, 2], { stride: 1 });
    expect([...unpool().data()]).toEqual([0, 2, 0]);
    expect([...gradients(() => sum(mul(unpool(), dy)), [x]).grads.get(x)!.data()]).toEqual([6, 6]);
  });
});

test("pixelUnshuffle undoes pixelShuffle, bit for bit, and the layout stays", () => {
  scope(() => {
    const x = randomArray([2, 18, 2, 5], 1);
    for (const one of [toTensor(x), reshape(toTensor(x), x.shape)]) {
      const y = pixelShuffle(one, 3);
      expect([y.layout, pixelUnshuffle(y, 3).layout]).toEqual([one.layout, one.layout]);
      expect([...pixelUnshuffle(y, 3).data()]).toEqual([...x.data]);
    }
  });
});

describe("both layouts", () => {
  const shape = [2, 5, 4, 6];
  const pooledIndices = maxPool2dWithIndices(toTensor(randomArray(shape, 1)), 2).indices;
  const operations: [string, (x: Tensor) => Tensor, readonly number[]][] = [
    ["adaptiveAvgPool2d", (x) => adaptiveAvgPool2d(x, [3, 4]), shape],
    ["adaptiveMaxPool2d", (x) => adaptiveMaxPool2d(x, [3, 4]), shape],
    ["interpolate", (x) => interpolate(x, { scaleFactor: 1.7, mode: "bilinear" }), shape],
    ["maxUnpool2d", (x) => maxUnpool2d(x, pooledIndices, 2), [2, 5, 2, 3]],
    ["maxUnpool2d, row-major indices", (x) => maxUnpool2d(x, tensor(pooledIndices.data(), pooledIndices.shape), 2), [2, 5, 2, 3]],
  ];
  test.each(operations)("%s", (_, run, shape) => {
    scope(() => {
      const x = randomArray(shape, 1);
      const [last, major] = [toTensor(x), reshape(toTensor(x), shape)];
      expect([last.layout, major.layout]).toEqual(["channelsLast", "rowMajor"]);
      const [a, b] = [last, major].map((one) => {
        const dy = randomArray(run(one).shape, 2);
        const { grads } = gradients(() => sum(mul(run(one), toTensor(dy))), [one]);
        return [run(one).data(), grads.get(one)!.data()];
      });
      expect(a).toEqual(b);
    });
  });
});

describe("gradients of gradients", () => {
  // With y = A x linear, the gradient of <w, y y> is 2 A'(w A x), linear in x: its product with v differs by exactly its gradient.
  const shape = [2, 5, 6, 7];
  const { indices } = maxPool2dWithIndices(toTensor(randomArray(shape, 1)), 2);
  const operations: [string, readonly number[], (x: Tensor) => Tensor, step?: number][] = [
    ["adaptiveAvgPool2d", shape, (x) => adaptiveAvgPool2d(x, [4, 3])],
    // So small a step keeps every maximum.
    ["adaptiveMaxPool2d", shape, (x) => adaptiveMaxPool2d(x, [4, 3]), 2 ** -12],
    ["interpolate, nearest", shape, (x) => interpolate(x, { size: [9, 4] })],
    ["interpolate, bilinear", shape, (x) => interpolate(x, { scaleFactor: [1.7, 0.8], mode: "bilinear" })],
    ["interpolate, trilinear", [1, 3, 2, 3, 4], (x) => interpolate(x, { size: 5, mode: "trilinear", alignCorners: true })],
    ["pixelShuffle", [1, 8, 3, 2], (x) => pixelShuffle(x, 2)],
    ["pixelUnshuffle", [1, 2, 6, 4], (x) => pixelUnshuffle(x, 2)],
    ["maxUnpool2d", indices.shape, (x) => maxUnpool2d(x, indices, 2, { outputSize: shape })],
  ];
  test.each(operations)("%s", (_, shape, run, t = 1) => {
    scope(() => {
      const [x, v, u] = [1, 2, 3].map((seed) => randomArray(shape, seed));
      const [tx, tv] = [toTensor(x!), toTensor(v!)];
      const w = toTensor(randomArray(run(tx).shape, 4));
      const gradient = (at: Tensor) => gradients(() => {
        const y = run(at);
        return sum(mul(w, mul(y, y)));
      }, [at]).grads.get(at)!;
      const second = gradients(() => sum(mul(gradient(tx), tv)), [tx]).grads.get(tx)!.data();
      // The gradient is rounded to single precision, and its difference divided by the step.
      const [up, down] = [t, -t].map((step) => dot(gradient(toTensor(plus(x!, step, u!))).data(), v!.data));
      const slope = (up! - down!) / (2 * t), norm = Math.sqrt(dot(second, second) * dot(u!.data, u!.data));
      expect(Math.abs(dot(second, u!.data) - slope)).toBeLessThan((EPSILON * 16 * norm) / t);
      expect(norm).toBeGreaterThan(1);
      expect(Math.abs(slope)).toBeGreaterThan((EPSILON * 16 * norm * 4) / t);
    });
  });
});

test("an adjoint of resampling, and the adjoint of that", () => {
  scope(() => {
    const shape = [2, 9, 5, 6];
    const forward = (x: Tensor) => interpolate(x, { size: [7, 4], mode: "bilinear" });
    const adjoint = (dy: Tensor) => {
      const x = toTensor(ndarray(shape));
      return gradients(() => sum(mul(forward(x), dy)), [x]).grads.get(x)!;
    };
    checkAdjoint("R", forward, adjoint, shape, 8);
    checkAdjoint("R'", adjoint, forward, [2, 9, 7, 4], 8);
  });
});

test("layers do what their operations do, and tell their shapes", () => {
  const layers: [Module, number[], number[]][] = [
    [new AdaptiveAvgPool1d(3), [1, 4, 7], [1, 4, 3]],
    [new AdaptiveAvgPool2d([null, 2]), [1, 4, 7, 7], [1, 4, 7, 2]],
    [new AdaptiveAvgPool3d(1), [1, 4, 2, 3, 4], [1, 4, 1, 1, 1]],
    [new AdaptiveMaxPool1d(3), [1, 4, 7], [1, 4, 3]],
    [new AdaptiveMaxPool2d(null), [1, 4, 7, 7], [1, 4, 7, 7]],
    [new AdaptiveMaxPool3d([1, 2, 3]), [1, 4, 2, 3, 4], [1, 4, 1, 2, 3]],
    [new LPPool1d(2, 3), [1, 4, 7], [1, 4, 2]],
    [new LPPool2d(3, [2, 1], { stride: 2 }), [1, 4, 7, 7], [1, 4, 3, 4]],
    [new Upsample({ scaleFactor: 2, mode: "bilinear", alignCorners: true }), [1, 3, 4, 5], [1, 3, 8, 10]],
    [new PixelShuffle(2), [1, 8, 3, 3], [1, 2, 6, 6]],
    [new PixelUnshuffle(3), [1, 1, 3, 6], [1, 9, 1, 2]],
  ];
  for (const [layer, from, to] of layers) {
    expect(layer.summary(from).outputShape).toEqual(to);
    scope(() => expect(layer.forward(toTensor(randomArray(from, 1))).shape).toEqual(to));
  }
  scope(() => {
    const { values, indices } = maxPool2dWithIndices(toTensor(randomArray([1, 2, 4, 4], 1)), 2);
    expect(new MaxUnpool2d(2).forward(values, indices).shape).toEqual([1, 2, 4, 4]);
    expect(new MaxUnpool2d(2).forward(values, indices, [5, 5]).shape).toEqual([1, 2, 5, 5]);
    expect(() => new MaxUnpool2d(2).forward(values)).toThrow(/^maxUnpool2d: indices must be a tensor, got undefined/);
  });
});

test("refused calls take no memory", () => {
  scope(() => {
    const x = toTensor(randomArray([1, 2, 4, 4], 1));
    const before = memory();
    for (const call of [() => adaptiveAvgPool2d(x, 0), () => interpolate(x, { size: 0 }), () => pixelShuffle(x, 2), () => maxPool2d(x, 0)]) {
      expect(call).toThrow();
      expect(memory()).toEqual(before);
    }
  });
});
