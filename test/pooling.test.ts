// What the specs of the poolings leave open: indices, ties, NaN, borders, and gradients of gradients.

import { describe, expect, test } from "vitest";
import {
  avgPool2d, gradients, maxPool1dWithIndices, maxPool2d, maxPool2dWithIndices, maxPool3dWithIndices, mul, scope, ShapeError, sum,
  type Tensor,
} from "../src/index.ts";
import { average, averageAdjoint, maxPoolAdjoint, type MaxPoolResult, maxPoolSelect } from "../src/ops/pooling.ts";
import { poolWindow } from "../src/window.ts";
import { dot, type NdArray, ndarray, plus, product, randomArray } from "./array.ts";
import { checkAdjoint, checkClose, EPSILON, title, toTensor } from "./check.ts";
import { maxPool1dSpec } from "./specs/maxPool1d.ts";
import { maxPool2dSpec } from "./specs/maxPool2d.ts";
import { maxPool3dSpec } from "./specs/maxPool3d.ts";
import { avgPoolReference, type MaxCase, maxPoolReference, pooledExtent } from "./specs/pooling.ts";

const withIndices = [maxPool1dWithIndices, maxPool2dWithIndices, maxPool3dWithIndices];

/** Values and indices, bit for bit: a maximum is copied, not computed. */
function checkIndices(x: NdArray, { kernelSize, ...options }: MaxCase): void {
  const expected = maxPoolReference(x, { kernelSize, ...options });
  scope(() => {
    const { values, indices }: MaxPoolResult = withIndices[x.shape.length - 3]!(toTensor(x), kernelSize, options);
    expect(values.shape).toEqual(expected.values.shape);
    expect(indices.shape).toEqual(expected.values.shape);
    expect(indices.dtype).toBe("int32");
    expect([...indices.data()]).toEqual([...expected.indices.data]);
    expect([...values.data()]).toEqual([...expected.values.data]);
  });
}

for (const spec of [maxPool1dSpec, maxPool2dSpec, maxPool3dSpec]) {
  describe(`${spec.name}WithIndices`, () => {
    for (const one of spec.cases) {
      const x = randomArray(one.shapes[0]!, 1);
      test(title(one), () => checkIndices(x, one.options));
      test(`${title(one)}: no kink near the directional differences of the spec`, () => {
        const v = randomArray(x.shape, 50);
        const [down, here, up] = [-spec.step!, 0, spec.step!].map((t) => maxPoolReference(plus(x, t, v), one.options).indices.data);
        expect(down).toEqual(here);
        expect(up).toEqual(here);
      });
    }
  });
}

describe("ties, NaN and infinities", () => {
  // Few values, so that most windows hold several maxima; both zeros, which are equal.
  const values = {
    "small integers": [0, 1, 2], "both zeros": [-0, 0, -1], infinities: [-Infinity, 1, Infinity], "only -Infinity": [-Infinity],
    NaN: [NaN, 1, 2, 3, Infinity],
  };
  const geometries = [
    { kernelSize: 2 }, { kernelSize: 3, stride: 2, padding: 1 }, { kernelSize: 2, stride: 1, dilation: 2, padding: 1, ceilMode: true },
  ];
  for (const [name, list] of Object.entries(values)) {
    for (const channels of [1, 3, 4, 5, 8, 9, 16, 17, 21]) {
      for (const options of geometries) {
        test(`${name}, ${channels} channels ${JSON.stringify(options)}`, () => {
          const random = randomArray([2, channels, 6, 7], 3);
          const x = ndarray(random.shape, random.data.map((value) => list[Math.floor((value + 1) / 2 * list.length)]!));
          checkIndices(x, options);
          scope(() => {
            const { kernelSize, ...rest } = options;
            expect([...maxPool2d(toTensor(x), kernelSize, rest).data()]).toEqual([...maxPoolReference(x, options).values.data]);
          });
        });
      }
    }
  }

  test("the first of equal maxima gets the gradient, once for every window that it wins", () => {
    scope(() => {
      const x = toTensor(ndarray([1, 1, 3, 3], [0, 0, 0, 0, 7, 7, 0, 7, 7]));
      const { grads } = gradients(() => sum(maxPool2d(x, 2, { stride: 1 })), [x]);
      expect([...grads.get(x)!.data()]).toEqual([0, 0, 0, 0, 4, 0, 0, 0, 0]);
    });
  });

  test("a NaN gets its window's gradient", () => {
    scope(() => {
      const x = toTensor(ndarray([1, 1, 2, 4], [1, NaN, 3, 4, NaN, 2, 6, 5]));
      const { value, grads } = gradients(() => sum(maxPool2d(x, 2)), [x]);
      expect(value).toBeNaN();
      expect([...grads.get(x)!.data()]).toEqual([0, 0, 0, 0, 1, 0, 1, 0]);
    });
  });
});

test("every small geometry: refused where no window fits or one lies in the padding alone, right elsewhere", () => {
  let accepted = 0, refused = 0, alone = 0;
  const lists = {
    length: [1, 2, 3, 4, 5], kernelSize: [1, 2, 3, 4], stride: [1, 2, 3, 5], padding: [0, 1, 2], dilation: [1, 2, 3, 4, 5, 6],
    ceilMode: [false, true],
  };
  for (const { length, ...options } of product(lists)) {
    if (2 * options.padding > options.kernelSize) continue;
    const x = randomArray([1, 5, length], length);
    const fits = pooledExtent([length], options)[0]! > 0;
    if (fits && !maxPoolReference(x, options).indices.data.includes(-1)) {
      accepted++;
      checkIndices(x, options);
    } else {
      refused++;
      if (fits) alone++;
      const { kernelSize, ...rest } = options;
      const call = () => scope(() => maxPool1dWithIndices(toTensor(x), kernelSize, rest));
      expect(call, JSON.stringify({ length, ...options })).toThrow(ShapeError);
    }
  }
  expect(accepted).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(500);
  expect(alone).toBeGreaterThan(10);
});

describe("adjoints", () => {
  const shape = [2, 9, 7, 8];

  test("a max pooling with its winners fixed: selection and scattering", () => {
    scope(() => {
      const options = { stride: 2, padding: 1, ceilMode: true };
      const { indices } = maxPool2dWithIndices(toTensor(randomArray(shape, 1)), 3, options);
      const win = poolWindow("test", 2, shape, 3, options);
      checkAdjoint("S", (x) => maxPoolSelect(x, indices, win), (dy) => maxPoolAdjoint(dy, indices, win), shape, 9);
      checkAdjoint("S'", (dy) => maxPoolAdjoint(dy, indices, win), (x) => maxPoolSelect(x, indices, win), indices.shape, 9);
    });
  });

  for (const countIncludePad of [true, false]) {
    for (const divisor of [0, 5]) {
      test(`an average pooling: countIncludePad ${countIncludePad}, divisor ${divisor}`, () => {
        const geometry = poolWindow("test", 2, shape, [3, 4], { stride: [2, 3], padding: [1, 2], ceilMode: true });
        const win = { ...geometry, countIncludePad, divisor };
        checkAdjoint("A", (x) => average(x, win), (dy) => averageAdjoint(dy, win), shape, 12);
        checkAdjoint("A'", (dy) => averageAdjoint(dy, win), (x) => average(x, win), win.outputShape, 12);
      });
    }
  }
});

describe("gradients of gradients", () => {
  // With P the pooling: the gradient of <w, Px Px> is 2 P'(w Px), its product with v is 2 <w, Px Pv>, whose gradient along u
  // is 2 <w, Pu Pv>. For max pooling P takes the elements where x has its maxima.
  const shape = [2, 5, 7, 7], options = { kernelSize: 3, stride: 2, padding: 1 };
  const [x, v, u] = [1, 2, 3].map((seed) => randomArray(shape, seed)) as [NdArray, NdArray, NdArray];
  const { indices } = maxPoolReference(x, options);
  const select = (y: NdArray): Float64Array => indices.data.map((at, i) => y.data[Math.floor(i / 16) * 49 + at]!);
  const poolings: [string, (x: Tensor) => Tensor, (x: NdArray) => Float64Array][] = [
    ["max", (x) => maxPool2d(x, 3, { stride: 2, padding: 1 }), select],
    ["average", (x) => avgPool2d(x, 3, { stride: 2, padding: 1 }), (x) => avgPoolReference(x, options).data],
  ];
  for (const [name, pool, reference] of poolings) {
    test(name, () => {
      scope(() => {
        const weights = randomArray(indices.shape, 4);
        const [tx, tv, tw] = [x, v, weights].map(toTensor) as [Tensor, Tensor, Tensor];
        const inner = () => gradients(() => {
          const y = pool(tx);
          return sum(mul(tw, mul(y, y)));
        }, [tx]).grads.get(tx)!;
        const { value, grads } = gradients(() => sum(mul(inner(), tv)), [tx]);
        const [px, pv, pu] = [x, v, u].map(reference) as [Float64Array, Float64Array, Float64Array];
        const product2 = (a: Float64Array, b: Float64Array): number => 2 * dot(weights.data, a.map((value, i) => value * b[i]!));
        const bound = EPSILON * 16 * Math.sqrt(dot(pv, pv) * dot(px, px));
        expect(Math.abs(product2(px, pv))).toBeGreaterThan(1e3 * bound);
        expect(Math.abs(value - product2(px, pv))).toBeLessThan(bound);
        expect(Math.abs(dot(grads.get(tx)!.data(), u.data) - product2(pu, pv))).toBeLessThan(bound);
      });
    });
  }
});

test("values are the same whether a tape asks for indices or not", () => {
  scope(() => {
    const x = toTensor(randomArray([1, 21, 9, 9], 5));
    let taped: ArrayLike<number> = [];
    gradients(() => {
      const y = maxPool2d(x, 3, { stride: 2 });
      taped = y.data();
      return sum(y);
    }, [x]);
    expect(taped).toEqual(maxPool2d(x, 3, { stride: 2 }).data());
    checkClose("maxPool2d", taped, maxPoolReference(randomArray([1, 21, 9, 9], 5), { kernelSize: 3, stride: 2 }).values.data, 1);
  });
});
