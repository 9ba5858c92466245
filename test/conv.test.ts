// What the specs of the convolutions leave open: adjoints as operations, layouts, gradients of gradients, the flipped twin,
// both matrix forms, layers, and what stays behind.

import { describe, expect, test } from "vitest";
import {
  add, col2im, conv1d, conv1dFilterAdjoint, conv1dInputAdjoint, Conv1d, conv2d, conv2dFilterAdjoint, conv2dInputAdjoint, Conv2d, conv3d,
  conv3dFilterAdjoint, conv3dInputAdjoint, Conv3d, convMatrix, type ConvOptions, convTranspose1d, ConvTranspose1d, convTranspose2d,
  ConvTranspose2d, ConvTranspose3d, convolve2d, flipFilters, gradients, im2col, manualSeed, matmul, memory, type Module,
  mul, reshape, scope, type Shape, ShapeError, sum, type Tensor, tensor, zeros,
} from "../src/index.ts";
import { dot, type NdArray, ndarray, plus, randomArray } from "./array.ts";
import { checkAdjoint, checkClose, EPSILON, title, toTensor } from "./check.ts";
import { conv1dSpec } from "./specs/conv1d.ts";
import { conv2dSpec } from "./specs/conv2d.ts";
import { conv3dSpec } from "./specs/conv3d.ts";
import { convMatrixSpec, convolve2dSpec, flipFiltersSpec } from "./specs/convolve2d.ts";
import { convTranspose1dSpec, convTranspose2dSpec, convTranspose3dSpec } from "./specs/convTranspose.ts";
import { col2imSpec, im2colSpec } from "./specs/im2col.ts";
import type { Case, OpSpec } from "./specs/spec.ts";

const specs: OpSpec<any>[] = [
  conv1dSpec, conv2dSpec, conv3dSpec, convTranspose1dSpec, convTranspose2dSpec, convTranspose3dSpec, convolve2dSpec, convMatrixSpec,
  flipFiltersSpec, im2colSpec, col2imSpec,
];

/** The numbers of an array as a tensor that lies in row-major order. */
function rowMajor({ shape, data }: NdArray): Tensor {
  return reshape(tensor(Float32Array.from(data)), shape);
}

describe("the adjoints are operations", () => {
  const triples = [
    { conv: conv1d, inputAdjoint: conv1dInputAdjoint, filterAdjoint: conv1dFilterAdjoint, x: [2, 4, 9], w: [6, 2, 3] },
    { conv: conv2d, inputAdjoint: conv2dInputAdjoint, filterAdjoint: conv2dFilterAdjoint, x: [2, 4, 7, 6], w: [6, 2, 3, 2] },
    { conv: conv3d, inputAdjoint: conv3dInputAdjoint, filterAdjoint: conv3dFilterAdjoint, x: [2, 4, 4, 5, 4], w: [6, 2, 2, 3, 2] },
  ];
  const options: ConvOptions[] = [
    { groups: 2 }, { groups: 2, stride: 2, padding: 1 }, { groups: 2, padding: "same", dilation: 2 }, { groups: 2, padding: 5 },
  ];
  for (const { conv, inputAdjoint, filterAdjoint, x, w } of triples) {
    for (const one of options) {
      test(`${conv.name} ${JSON.stringify(one)}`, () => {
        scope(() => {
          const filters = toTensor(randomArray(w, 1)), input = toTensor(randomArray(x, 2));
          const y = conv(input, filters, one).shape;
          checkAdjoint("in x", (x) => conv(x, filters, one), (dy) => inputAdjoint(dy, filters, x, one), x, 100);
          checkAdjoint("in w", (w) => conv(input, w, one), (dy) => filterAdjoint(input, dy, w, one), w, 100);
          checkAdjoint("the input adjoint", (dy) => inputAdjoint(dy, filters, x, one), (ddx) => conv(ddx, filters, one), y, 100);
        });
      });
    }
  }

  test("a transposed convolution is the input adjoint of a convolution, where that has one size only", () => {
    scope(() => {
      const x = toTensor(randomArray([2, 6, 4, 5], 1)), w = toTensor(randomArray([6, 2, 3, 2], 2));
      const options = { stride: 2, padding: 1, groups: 2 };
      const y = convTranspose2d(x, w, options);
      expect(y.data()).toEqual(conv2dInputAdjoint(x, w, y.shape, options).data());
    });
  });
});

describe("gradients of gradients", () => {
  // f(z) = <r, op(z)^2> is a polynomial in all arguments z. Its Hessian H comes out of the tape as H v, the gradient of <gradient, v>;
  // in double precision u' H v is a mixed difference of f, good to about 1e-8 with steps of 1e-4. Affine operations alone would
  // not do: where arguments meet in products their mixed parts count, elsewhere the square's.
  function checkHessian(spec: OpSpec<any>, { shapes, options }: Case<unknown>): void {
    scope(() => {
      const z = shapes.map((shape, i) => randomArray(shape, i + 1));
      const v = shapes.map((shape, i) => randomArray(shape, 20 + i));
      const r = randomArray(spec.reference(z, options).shape, 30);
      const tensors = z.map(toTensor), weights = toTensor(r), along = v.map(toTensor);
      const f = () => {
        const y = spec.run(tensors, options);
        return sum(mul(weights, mul(y, y)));
      };
      const { grads } = gradients(() => {
        const inner = gradients(f, tensors).grads;
        return tensors.map((x, i) => sum(mul(inner.get(x)!, along[i]!))).reduce(add);
      }, tensors);
      const hv = tensors.map((x) => ndarray(x.shape, grads.get(x)!.data()));
      const value = (moves: [number, NdArray[]][]): number => {
        const at = moves.reduce((now, [t, u]) => now.map((x, i) => plus(x, t, u[i]!)), z);
        const y = spec.reference(at, options).data;
        return dot(r.data, y.map((one) => one * one));
      };
      const norm = (arrays: NdArray[]): number => Math.sqrt(arrays.reduce((total, { data }) => total + dot(data, data), 0));
      const largest = Math.max(...hv.flatMap(({ data }) => [...data].map(Math.abs)));
      // Along a random direction, and along H v itself, where nothing cancels.
      const unit = hv.map(({ shape, data }) => ndarray(shape, data.map((one) => one / largest)));
      const directions = [shapes.map((shape, i) => randomArray(shape, 40 + i)), unit];
      const step = 1e-4;
      directions.forEach((u, j) => {
        const signs = [[1, 1], [1, -1], [-1, 1], [-1, -1]] as const;
        const expected = signs.reduce((total, [s, t]) => total + s * t * value([[s * step, u], [t * step, v]]), 0) / (4 * step * step);
        const got = u.reduce((total, { data }, i) => total + dot(data, hv[i]!.data), 0);
        const size = norm(u) * norm(hv);
        const bound = EPSILON * (4 + Math.sqrt(spec.terms(shapes, options))) * 2 * size + 1e-7 * (Math.abs(value([])) + size);
        if (!(Math.abs(got - expected) <= bound)) throw new Error(`${spec.name}: u' H v is ${got}, expected ${expected}, allowed ${bound}`);
        if (j === 1) expect(got).toBeGreaterThan(100 * bound);
      });
    });
  }

  for (const spec of specs) {
    const cases = spec.cases.filter(({ shapes }) => shapes.every((shape) => !shape.includes(0)));
    const every = Math.ceil(cases.length / 24);
    cases.filter((_, i) => i % every === 0).forEach((one) => test(`${spec.name} ${title(one)}`, () => checkHessian(spec, one)));
  }
});

describe("layouts", () => {
  for (const spec of specs) {
    const { shapes, options } = spec.cases.find(({ shapes }) => shapes[0]![0]! > 1 && shapes[0]![1]! > 1) ?? spec.cases[0]!;
    test(`${spec.name}: results and gradients do not depend on how the arguments lie`, () => {
      scope(() => {
        const arrays = shapes.map((shape, i) => randomArray(shape, i + 1));
        const dy = randomArray(spec.reference(arrays, options).shape, 9);
        const results = [0, 1, 2, 3].map((mask) => {
          const tensors = arrays.map((x, i) => (mask >> i & 1 ? rowMajor(x) : toTensor(x)));
          const weights = mask & 1 ? rowMajor(dy) : toTensor(dy);
          let y: ArrayLike<number> = [];
          const { grads } = gradients(() => {
            const output = spec.run(tensors, options);
            y = output.data();
            return sum(mul(output, weights));
          }, tensors);
          return [y, ...tensors.map((x) => grads.get(x)!.data())];
        });
        for (const other of results.slice(1)) expect(other).toEqual(results[0]);
      });
    });
  }
});

describe("the flipped twin", () => {
  const x = randomArray([2, 3, 6, 5], 1), w = randomArray([4, 3, 3, 2], 2);

  test("conv2d of the filter turned by 180 degrees is convolve2d, and the other way round", () => {
    scope(() => {
      const options = { padding: [2, 1], stride: [1, 2] };
      const turned = toTensor(ndarray(w.shape, w.data.map((_, i) => w.data[i - (i % 6) + 5 - (i % 6)]!)));
      expect(flipFilters(toTensor(w)).data()).toEqual(turned.data());
      expect(convolve2d(toTensor(x), toTensor(w), options).data()).toEqual(conv2d(toTensor(x), turned, options).data());
      expect(convolve2d(toTensor(x), turned, options).data()).toEqual(conv2d(toTensor(x), toTensor(w), options).data());
    });
  });

  test("the full convolution commutes, as it must; the correlation does not", () => {
    scope(() => {
      // Integers: every sum is exact.
      const a = tensor([1, 2, 3, 4, 5, 6], [1, 1, 2, 3]), b = tensor([7, -1, 2, 5, 3, 8], [1, 1, 3, 2]);
      const full = (x: Tensor, w: Tensor) => convolve2d(x, w, { padding: [w.shape[2]! - 1, w.shape[3]! - 1] }).data();
      expect(full(a, b)).toEqual(full(b, a));
      const correlation = (x: Tensor, w: Tensor) => conv2d(x, w, { padding: [w.shape[2]! - 1, w.shape[3]! - 1] }).data();
      expect(correlation(a, b)).not.toEqual(correlation(b, a));
    });
  });
});

describe("both matrix forms", () => {
  const options: ConvOptions[] = [{}, { padding: 1 }, { padding: [[0, 2], [1, 0]], stride: 2 }, { dilation: 2, padding: 2 }];
  const x = randomArray([1, 3, 5, 4], 1), w = randomArray([2, 3, 2, 3], 2);
  for (const one of options) {
    test(`version 1, ${JSON.stringify(one)}: y = W^ x, and W^' is the adjoint`, () => {
      scope(() => {
        const image = toTensor(x), filters = toTensor(w);
        const matrix = convMatrix(filters, [3, 5, 4], one);
        const y = conv2d(image, filters, one);
        checkClose("W^ x", matmul(matrix, reshape(image, [60, 1])).data(), y.data(), 18);
        const rows = reshape(y, [1, y.size]);
        checkClose("W^' y", matmul(rows, matrix).data(), conv2dInputAdjoint(y, filters, x.shape, one).data(), y.size);
      });
    });

    test(`version 2, ${JSON.stringify(one)}: y = w X^, and X^' is the adjoint`, () => {
      scope(() => {
        const image = toTensor(x), filters = toTensor(w);
        const columns = im2col(image, [2, 3], one as {});
        const [, taps, windows] = columns.shape as [number, number, number];
        const y = conv2d(image, filters, one);
        checkClose("w X^", matmul(reshape(filters, [2, taps]), reshape(columns, [taps, windows])).data(), y.data(), taps);
        const back = col2im(columns, [5, 4], [2, 3], one as {});
        checkClose("X^' X^", back.data(), conv2dInputAdjoint(im2colFilters(image, one), eye(taps, w.shape), x.shape, one).data(), taps);
      });
    });
  }

  // im2col as a convolution with filters that each pick one tap of one channel.
  const eye = (taps: number, shape: Shape): Tensor =>
    tensor(Array.from({ length: taps * taps }, (_, i) => (i % (taps + 1) === 0 ? 1 : 0)), [taps, ...shape.slice(1)]);
  const im2colFilters = (image: Tensor, one: ConvOptions): Tensor => conv2d(image, eye(18, w.shape), one);

  test("at stride 1 the transpose of W^ is the matrix of the flipped filter", () => {
    scope(() => {
      const filters = toTensor(randomArray([1, 1, 3, 2], 3));
      const matrix = convMatrix(filters, [1, 4, 5], { padding: [[2, 0], [1, 1]] });
      const flipped = convMatrix(flipFilters(filters), [1, 4, 6], { padding: [[0, 2], [0, 0]] });
      const [rows, columns] = matrix.shape as [number, number];
      const transposed = Array.from({ length: rows * columns }, (_, i) => matrix.data()[(i % rows) * columns + Math.floor(i / rows)]!);
      expect(flipped.shape).toEqual([columns, rows]);
      expect([...flipped.data()]).toEqual(transposed);
    });
  });
});

test("the mean in the border leaves the image as it is, whatever it holds", () => {
  scope(() => {
    // 1e8 and 1 next to each other: an image whose mean is taken off and added again would lose the 1.
    const x = tensor([1e8, 1, 3, NaN, 5, 6], [1, 2, 1, 3]);
    const y = conv2d(x, tensor([1, 1], [2, 1, 1, 1]), { padding: [0, 1], paddingMode: "mean", groups: 2 });
    const mean = Math.fround((1e8 + 4) / 3);
    expect([...y.data()]).toEqual([mean, 1e8, 1, 3, mean, NaN, NaN, 5, 6, NaN]);
  });
});

describe("layers", () => {
  const layers: { name: string; make: () => Module; input: Shape; output: Shape; parameters: Record<string, Shape> }[] = [
    {
      name: "Conv1d", make: () => new Conv1d(4, 6, 3, { groups: 2, padding: "same", dilation: 2 }),
      input: [2, 4, 9], output: [2, 6, 9], parameters: { weight: [6, 2, 3], bias: [6] },
    },
    {
      name: "Conv2d", make: () => new Conv2d(4, 6, [3, 2], { stride: 2, padding: [[1, 0], [0, 1]], bias: false }),
      input: [2, 4, 9, 8], output: [2, 6, 4, 4], parameters: { weight: [6, 4, 3, 2] },
    },
    {
      name: "Conv3d", make: () => new Conv3d(2, 3, 2, { padding: 1, paddingMode: "circular" }),
      input: [1, 2, 3, 4, 5], output: [1, 3, 4, 5, 6], parameters: { weight: [3, 2, 2, 2, 2], bias: [3] },
    },
    {
      name: "ConvTranspose1d", make: () => new ConvTranspose1d(4, 6, 3, { stride: 2, groups: 2 }),
      input: [2, 4, 9], output: [2, 6, 19], parameters: { weight: [4, 3, 3], bias: [6] },
    },
    {
      name: "ConvTranspose2d", make: () => new ConvTranspose2d(4, 6, 3, { stride: 2, padding: 1, outputPadding: 1 }),
      input: [2, 4, 5, 6], output: [2, 6, 10, 12], parameters: { weight: [4, 6, 3, 3], bias: [6] },
    },
    {
      name: "ConvTranspose3d", make: () => new ConvTranspose3d(2, 3, 2, { bias: false }),
      input: [1, 2, 3, 4, 5], output: [1, 3, 4, 5, 6], parameters: { weight: [2, 3, 2, 2, 2] },
    },
  ];
  test.each(layers)("$name: parameters by PyTorch's names, output, gradients, summary", ({ make, input, output, parameters }) => {
    const layer = make();
    scope(() => {
      expect(Object.fromEntries([...layer.stateDict()].map(([name, { shape }]) => [name, shape]))).toEqual(parameters);
      expect(layer.summary(input).outputShape).toEqual(output);
      const x = toTensor(randomArray(input, 1));
      expect(layer.forward(x).shape).toEqual(output);
      const { grads } = gradients(() => sum(layer.forward(x)), layer.parameters());
      for (const parameter of layer.parameters()) {
        const gradient = grads.get(parameter)!;
        expect(gradient.shape).toEqual(parameter.shape);
        expect(gradient.data().every((value) => value !== 0)).toBe(true);
      }
    });
    layer.dispose();
  });

  test("weights and bias start uniform within 1 / sqrt(fan in); a transposed layer's fan in counts its outputs, as in PyTorch", () => {
    manualSeed(3);
    for (const [layer, fanIn] of [[new Conv1d(16, 64, 5), 80], [new ConvTranspose2d(64, 32, 3, { groups: 2 }), 144]] as const) {
      for (const parameter of layer.parameters()) {
        const largest = Math.max(...parameter.data().map(Math.abs));
        expect(largest * Math.sqrt(fanIn)).toBeLessThanOrEqual(1 + 1e-6);
        expect(largest * Math.sqrt(fanIn)).toBeGreaterThan(0.8);
      }
      layer.dispose();
    }
  });

  const bad: [string, () => unknown, new (...args: never[]) => Error, RegExp][] = [
    ["channels and groups", () => new Conv1d(3, 4, 3, { groups: 2 }), ShapeError, /^Conv1d: inChannels 3 is not divisible by 2 groups/],
    ["kernels of another rank", () => new Conv3d(3, 4, [3, 3]), ShapeError, /^Conv3d: kernelSize must have 3 numbers, got 2/],
    [
      "an unknown padding mode", () => new Conv2d(3, 4, 3, { paddingMode: "zero" as never }), TypeError,
      /^Conv2d: paddingMode must be one of/,
    ],
    [
      "a stride beside same", () => new Conv2d(3, 4, 3, { padding: "same", stride: 2 }), RangeError,
      /^Conv2d: padding "same" needs stride 1, got \[2, 2\]/,
    ],
    [
      "a bias that is no boolean", () => new Conv2d(3, 4, 3, { bias: zeros([4]) as never }), TypeError,
      /^Conv2d: bias must be true or false, got a value of type Tensor/,
    ],
    [
      "outputs and groups", () => new ConvTranspose1d(4, 3, 3, { groups: 2 }), ShapeError,
      /^ConvTranspose1d: outChannels 3 is not divisible by 2 groups/,
    ],
    [
      "too much outputPadding", () => new ConvTranspose2d(4, 3, 3, { outputPadding: 1 }), RangeError,
      /^ConvTranspose2d: outputPadding must be less than stride or dilation, got 1 \(stride 1, dilation 1\)/,
    ],
    [
      "same in a transposed layer", () => new ConvTranspose3d(4, 3, 3, { padding: "same" as never }), TypeError,
      /^ConvTranspose3d: padding must be a number/,
    ],
  ];
  test.each(bad)("refuse %s", (_name, call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});

test("outside of scopes only results stay, even where arguments had to be laid out anew", () => {
  const x = zeros([2, 4, 9]), w = zeros([6, 2, 3]), wt = zeros([4, 3, 3]);
  const map = rowMajor(randomArray([2, 4, 5, 6], 1)), filters = zeros([3, 4, 2, 2]);
  const calls: [string, () => Tensor][] = [
    ["conv1d", () => conv1d(x, w, { groups: 2 })],
    ["conv1d in a border", () => conv1d(x, w, { groups: 2, padding: 2, paddingMode: "mean" })],
    ["convTranspose1d", () => convTranspose1d(x, wt, { groups: 2 })],
    ["conv2d", () => conv2d(map, filters, { padding: 1, paddingMode: "reflect" })],
    ["convolve2d", () => convolve2d(map, filters)],
    ["flipFilters", () => flipFilters(map)],
    ["im2col", () => im2col(map, 2)],
    ["col2im", () => col2im(x, [4, 4], 2)],
    ["convMatrix", () => convMatrix(filters, [4, 3, 3])],
  ];
  for (const [name, call] of calls) {
    const before = memory();
    const y = call();
    expect(memory().tensors, name).toBe(before.tensors + 1);
    y.dispose();
    expect({ ...memory(), capacity: 0 }, name).toEqual({ ...before, capacity: 0 });
  }
  for (const tensor of [x, w, wt, map, filters]) tensor.dispose();
});
