// What the specs of operations that move elements, and of products, leave open: chains of them on every kind of element, bit for
// bit; views; gradients of gradients.

import { describe, expect, test } from "vitest";
import {
  add, bmm, cat, type DType, embedding, gather, gradients, indexSelect, matmul, memory, mul, oneHot, pad, permute, Random, reshape, scope,
  type Shape, ShapeError, slice, squeeze, stack, sum, tensor, type Tensor, transpose, unsqueeze, zeros,
} from "../src/index.ts";
import { withLayout } from "../src/tape.ts";
import { dot, type NdArray, ndarray, plus, randomArray } from "./array.ts";
import { checkClose, title, toTensor } from "./check.ts";
import { catSpec, stackSpec } from "./specs/cat.ts";
import { embeddingSpec, gatherSpec, indexSelectSpec } from "./specs/gather.ts";
import { bmmSpec, matmulSpec, reshapeSpec } from "./specs/matmul.ts";
import { padSpec } from "./specs/pad.ts";
import { flipSpec, permuteSpec, squeezeSpec, transposeSpec, unsqueezeSpec } from "./specs/permute.ts";
import { chunkSpec, narrowSpec, selectSpec, sliceSpec, splitSpec } from "./specs/slice.ts";
import type { Case, OpSpec } from "./specs/spec.ts";

interface Step {
  spec: OpSpec<any>;
  options: object;
}

/** A random movement for a shape, as the specs run and define it; the constant around a padded tensor is -1. */
function randomStep(random: Random, shape: Shape): Step {
  const rank = shape.length;
  const pickOf = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const dim = rank > 0 ? random.integer(rank) : 0;
  const length = shape[dim] ?? 0;
  const candidates: (() => Step | undefined)[] = [
    () => ({ spec: permuteSpec, options: { dims: random.shuffle(shape.map((_, axis) => axis)) } }),
    () => ({ spec: unsqueezeSpec, options: { dim: random.integer(rank + 1) } }),
    () => ({ spec: squeezeSpec, options: rank > 0 ? pickOf([{}, { dim }]) : {} }),
    () => ({ spec: reshapeSpec, options: { shape: random.shuffle([...shape, 1]) } }),
    () => ({ spec: reshapeSpec, options: { shape: [-1] } }),
    () => ({ spec: transposeSpec, options: { dim0: dim, dim1: random.integer(rank) } }),
    () => ({ spec: flipSpec, options: { dims: random.shuffle(shape.map((_, axis) => axis)).slice(0, 1 + random.integer(rank)) } }),
    () => ({ spec: sliceSpec, options: { dim, start: random.integer(length + 1), end: pickOf([undefined, length, -1]), step: 1 + random.integer(2) } }),
    () => (length > 0 ? { spec: selectSpec, options: { dim, index: random.integer(2 * length) - length } } : undefined),
    () => ({ spec: catSpec, options: { dim } }),
    () => ({ spec: stackSpec, options: { dim } }),
    () => (length > 1 ? { spec: splitSpec, options: { sizes: [1, length - 1], dim, part: random.integer(2) } } : undefined),
    () => (length > 0 ? { spec: indexSelectSpec, options: { dim, index: Array.from({ length: random.integer(4) }, () => random.integer(length)) } } : undefined),
    () => (length > 0 ? { spec: gatherSpec, options: { dim, index: shape.map((own) => random.integer(own + 1)) } } : undefined),
    () => {
      const mode = pickOf(["constant", "reflect", "replicate", "circular"] as const);
      const most = { constant: 2, reflect: length - 1, replicate: length > 0 ? 2 : 0, circular: length }[mode];
      if (most < 0) return undefined;
      const padding = new Array<number>(2 * (rank - dim)).fill(0);
      padding.splice(-2, 2, random.integer(most + 1), random.integer(most + 1));
      return { spec: padSpec, options: { padding, mode, value: -1 } };
    },
  ];
  for (;;) {
    const step = rank === 0 ? candidates[random.integer(4)]!() : pickOf(candidates)();
    if (step) return { spec: step.spec, options: { ...step.options, ...(rank >= 3 && rank <= 5 ? { layout: pickOf(["rowMajor", "channelsLast"]) } : {}) } };
  }
}

// Joins put their input in front of itself.
const inputsOf = <T>(spec: OpSpec<any>, x: T): T[] => (spec === catSpec || spec === stackSpec ? [x, x] : [x]);

/** Up to `count` random steps; fewer where the result would become large. */
function randomChain(random: Random, shape: Shape, count: number): { steps: Step[]; y: NdArray } {
  let y = ndarray(shape, Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i));
  const steps: Step[] = [];
  while (steps.length < count && y.data.length < 2000 && y.shape.length < 7) {
    const { spec, options } = randomStep(random, y.shape);
    y = spec.reference(inputsOf(spec, y), options);
    steps.push({ spec, options });
  }
  return { steps, y };
}

const run = (steps: Step[], x: Tensor): Tensor => steps.reduce((y, { spec, options }) => spec.run(inputsOf(spec, y), options), x);
const describeSteps = (steps: Step[]): string => steps.map(({ spec, options }) => `${spec.name} ${JSON.stringify(options)}`).join(", ");

describe("random chains of movements", () => {
  const random = new Random(20);
  const chains = Array.from({ length: 400 }, () => {
    const shape = Array.from({ length: random.integer(6) }, () => [1, 2, 3, 4, 5][random.integer(5)]!);
    return { shape: shape.reduce((a, b) => a * b, 1) > 255 ? shape.slice(1) : shape };
  }).map(({ shape }) => ({ shape, ...randomChain(random, shape, 1 + random.integer(6)) }));
  // The elements of x are their own positions: y tells where each of its elements comes from.
  const small = (count: number, seed: number): Float64Array => randomArray([count], seed).data.map((value) => Math.round(3 * value) || 0);

  test("are made of every operation", () => {
    const names = new Set(chains.flatMap(({ steps }) => steps.map(({ spec }) => spec.name)));
    expect(names.size).toBe(14);
  });

  test("move every element to its place, of any kind", () => {
    for (const { shape, steps, y } of chains) {
      const values = Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
      const kinds: [DType, (values: Float64Array) => Float32Array | Int32Array | Uint8Array][] = [
        ["float32", (list) => Float32Array.from(list)], ["int32", (list) => Int32Array.from(list)], ["uint8", (list) => Uint8Array.from(list)],
      ];
      for (const [dtype, from] of kinds) {
        if (dtype === "uint8" && steps.some(({ spec }) => spec === gatherSpec)) continue;
        scope(() => {
          const got = run(steps, tensor(from(values) as Float32Array, shape)) as Tensor<DType>;
          const what = `${dtype} [${shape}]: ${describeSteps(steps)}`;
          expect(got.dtype, what).toBe(dtype);
          expect(got.shape, what).toEqual(y.shape);
          expect(got.data(), what).toEqual(from(y.data));
        });
      }
    }
  });

  test("pull every gradient back to its place, and gradients of gradients", () => {
    chains.forEach(({ shape, steps, y }, i) => {
      const what = `[${shape}]: ${describeSteps(steps)}`;
      const size = shape.reduce((a, b) => a * b, 1);
      const weights = small(y.data.length, 2 * i), v = small(size, 2 * i + 1);
      scope(() => {
        const x = tensor(Float32Array.from({ length: size }, (_, k) => k), shape), w = toTensor(ndarray(y.shape, weights));
        const first = gradients(() => sum(mul(run(steps, x), w)), [x]).grads.get(x)!;
        const expected = new Float32Array(size);
        y.data.forEach((source, k) => source >= 0 && (expected[source]! += weights[k]!));
        expect(first.data(), what).toEqual(expected);
        // f = sum of w y^2, so H v = 2 P' (w P v): small integers, exact in float32.
        const quadratic = () => {
          const z = run(steps, x);
          return sum(mul(mul(z, z), w));
        };
        const direction = toTensor(ndarray(shape, v));
        const second = gradients(() => sum(mul(gradients(quadratic, [x]).grads.get(x)!, direction)), [x]).grads.get(x)!;
        const product = new Float32Array(size);
        y.data.forEach((source, k) => source >= 0 && (product[source]! += 2 * weights[k]! * v[source]!));
        // + 0: products of zero have signs.
        expect(second.data().map((value) => value + 0), what).toEqual(product.map((value) => value + 0));
      });
    });
  });
});

test("more axes than one call of the kernel has room for", () => {
  const x = randomArray(new Array<number>(11).fill(2), 1);
  const dims = [9, 1, 7, 3, 5, 10, 0, 2, 4, 6, 8];
  scope(() => expect([...permute(toTensor(x), dims).data()]).toEqual([...permuteSpec.reference([x], { dims }).data]));
});

describe("gradients of gradients", () => {
  // f = sum of c y^2; <d/du grad f, v> by mixed central differences in double precision.
  function checkSecond<O>(spec: OpSpec<O>, { shapes, options }: Case<O>): void {
    const inputs = shapes.map((shape, i) => randomArray(shape, i + 1)), directions = shapes.map((shape, i) => randomArray(shape, 10 + i));
    const c = randomArray(spec.reference(inputs, options).shape, 4);
    const f = (values: NdArray[]) => dot(c.data, spec.reference(values, options).data.map((y) => y * y));
    const products = scope(() => {
      const tensors = inputs.map(toTensor), vs = directions.map(toTensor), weights = toTensor(c);
      const value = () => {
        const y = spec.run(tensors, options);
        return sum(mul(weights, mul(y, y)));
      };
      const inner = () => {
        const { grads } = gradients(value, tensors);
        return tensors.map((x, i) => sum(mul(grads.get(x)!, vs[i]!))).reduce((a, b) => add(a, b));
      };
      const { grads } = gradients(inner, tensors);
      return tensors.map((x) => grads.get(x)!.data());
    });
    const step = 1e-4;
    products.forEach((product, i) => {
      const expected = Array.from(product, (_, k) => {
        const axis = ndarray(shapes[i]!);
        axis.data[k] = 1;
        const at = (s: number, t: number) => f(inputs.map((x, j) => plus(j === i ? plus(x, s, axis) : x, t, directions[j]!)));
        return (at(step, step) - at(step, -step) - at(-step, step) + at(-step, -step)) / (4 * step * step);
      });
      checkClose(`${spec.name}: argument ${i}`, product, expected, spec.terms(shapes, options) * c.data.length);
    });
  }

  const all: OpSpec<any>[] = [
    bmmSpec, catSpec, chunkSpec, embeddingSpec, flipSpec, gatherSpec, indexSelectSpec, matmulSpec, narrowSpec, padSpec, permuteSpec, reshapeSpec, selectSpec,
    sliceSpec, splitSpec, squeezeSpec, stackSpec, transposeSpec, unsqueezeSpec,
  ];
  for (const spec of all) {
    const cases = (spec.cases as Case<any>[]).filter(({ shapes }) => shapes.reduce((total, shape) => total + shape.reduce((a, b) => a * b, 1), 0) <= 60);
    // A dozen of each, spread over the list.
    const every = Math.max(1, Math.floor(cases.length / 12));
    for (const one of cases.filter((_, i) => i % every === 0)) test(`${spec.name} ${title(one)}`, () => checkSecond(spec, one));
  }

  test("of a row that is not learned are zeros", () => {
    scope(() => {
      const table = toTensor(randomArray([4, 3], 1)), v = toTensor(randomArray([4, 3], 2));
      const value = () => {
        const y = embedding([2, 1, 2, 0], table, { paddingIdx: -2 });
        return sum(mul(y, y));
      };
      const first = gradients(value, [table]).grads.get(table)!.data();
      const x = table.data();
      expect([...first]).toEqual([...x.map((own, i) => (i < 6 ? 2 * own : 0))]);
      const second = gradients(() => sum(mul(gradients(value, [table]).grads.get(table)!, v)), [table]).grads.get(table)!.data();
      expect([...second]).toEqual([...v.data().map((own, i) => (i < 6 ? 2 * own : 0))]);
    });
  });
});

describe("views", () => {
  /** Whether the result has the memory of x. */
  const sharesMemory = (x: Tensor, f: (x: Tensor) => Tensor): boolean => f(x).ptr === x.ptr;

  test.each<[string, boolean, Shape, (x: Tensor) => Tensor]>([
    ["a map as [N, H, W, C]", true, [2, 3, 4, 5], (x) => permute(x, [0, 2, 3, 1])],
    ["and back", true, [2, 3, 4, 5], (x) => permute(permute(x, [0, 2, 3, 1]), [0, 3, 1, 2])],
    ["a map of one row as a line", true, [2, 3, 1, 5], (x) => squeeze(x, 2)],
    ["a line as a map of one row", true, [2, 3, 5], (x) => unsqueeze(withLayout(x, "rowMajor"), 2)],
    ["pooled maps without their extent", true, [2, 3, 1, 1], (x) => squeeze(x)],
    ["a matrix with a further axis", true, [2, 3], (x) => unsqueeze(x, 1)],
    ["a row as a column", true, [1, 5], (x) => transpose(x, 0, 1)],
    ["a matrix transposed", false, [2, 3], (x) => transpose(x, 0, 1)],
    ["a map transposed", false, [2, 3, 4, 5], (x) => transpose(x, 2, 3)],
  ])("%s: %s", (_, shared, shape, f) => {
    scope(() => expect(sharesMemory(toTensor(randomArray(shape, 1)), f)).toBe(shared));
  });

  test("keep the memory alive, and it goes with the last of them", () => {
    const before = memory();
    const x = tensor([1, 2, 3]);
    const y = unsqueeze(x, 0);
    x.dispose();
    expect([...y.data()]).toEqual([1, 2, 3]);
    y.dispose();
    expect(memory()).toEqual(before);
  });

  test("results of other operations are tensors of their own", () => {
    scope(() => {
      const x = tensor([1, 2, 3]);
      for (const y of [slice(x, 0), pad(x, []), cat([x]), indexSelect(x, 0, [0, 1, 2])]) expect(y.ptr).not.toBe(x.ptr);
    });
  });
});

describe("layouts", () => {
  test("maps stay as they lie", () => {
    scope(() => {
      for (const layout of ["channelsLast", "rowMajor"] as const) {
        const x = withLayout(toTensor(randomArray([2, 3, 4, 5], 1)), layout);
        for (const y of [pad(x, [1, 1]), slice(x, 1, 1), cat([x, x], 1), indexSelect(x, 1, [0]), transpose(x, 2, 3)]) expect(y.layout).toBe(layout);
      }
      expect(stack([zeros([3, 4, 5]), zeros([3, 4, 5])]).layout).toBe("channelsLast");
    });
  });
});

describe("what is made on the way is freed, without any scope", () => {
  test.each<[string, Shape[], (...inputs: Tensor[]) => Tensor]>([
    ["matmul with batches", [[2, 3, 4], [2, 4, 3]], (a, b) => matmul(a!, b!)],
    ["matmul of a vector", [[4], [2, 4, 3]], (a, b) => matmul(a!, b!)],
    ["matmul with one matrix", [[2, 3, 4], [4, 5]], (a, b) => matmul(a!, b!)],
    ["bmm", [[2, 3, 4], [2, 4, 3]], (a, b) => bmm(a!, b!)],
    ["embedding", [[2, 3]], (x) => embedding([1, 0], x!)],
    ["indexSelect", [[4, 6]], (x) => indexSelect(x!, 1, [2, 3])],
    ["oneHot", [], () => oneHot([1, 2])],
    ["reshape", [[2, 3, 4, 5]], (x) => reshape(x!, [-1])],
    ["a permutation", [[2, 3, 4, 5]], (x) => permute(x!, [3, 2, 0, 1])],
    ["stack", [[2, 3, 4], [2, 3, 4]], (...inputs) => stack(inputs)],
  ])("%s", (_, shapes, call) => {
    const before = memory();
    const inputs = shapes.map((shape, i) => toTensor(randomArray(shape, i + 1)));
    const y = call(...inputs);
    expect(memory().tensors).toBe(before.tensors + inputs.length + 1);
    for (const x of [y, ...inputs]) x.dispose();
    expect({ ...memory(), capacity: 0 }).toEqual({ ...before, capacity: 0 });
  });

  test("gather from a part", () => {
    const before = memory();
    const x = toTensor(randomArray([4, 6, 2, 3], 1)), index = tensor(Int32Array.of(1, 0), [2, 1, 1, 1]);
    const y = gather(x, 0, index);
    expect(memory().tensors).toBe(before.tensors + 3);
    for (const one of [x, index, y]) one.dispose();
    expect({ ...memory(), capacity: 0 }).toEqual({ ...before, capacity: 0 });
  });
});

describe("oneHot", () => {
  test("puts a one where the label is", () => {
    scope(() => {
      expect([...oneHot([2, 0], 4).data()]).toEqual([0, 0, 1, 0, 1, 0, 0, 0]);
      expect(oneHot([2, 0]).shape).toEqual([2, 3]);
      const map = oneHot(tensor(Int32Array.of(1, 0, 0, 1), [2, 1, 2]), 2);
      expect(map.shape).toEqual([2, 1, 2, 2]);
      expect([...map.data()]).toEqual([0, 1, 1, 0, 1, 0, 0, 1]);
      expect([...oneHot(tensor(Int32Array.of(1), []), 2).data()]).toEqual([0, 1]);
      expect(oneHot([], 3).shape).toEqual([0, 3]);
      expect(map.dtype).toBe("float32");
    });
  });

  test.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    ["a label beyond", () => oneHot([0, 3], 3), RangeError, /^oneHot: labels must be integers from 0 to 2, labels\[1\] is 3/],
    ["a negative label", () => oneHot([-1]), RangeError, /^oneHot: labels must be integers from 0 to 1073741823, labels\[0\] is -1/],
    ["nothing to infer from", () => oneHot([]), ShapeError, /^oneHot: without labels numClasses must be given/],
    ["no classes", () => oneHot([0], 0), RangeError, /^oneHot: numClasses must be a positive integer, got 0/],
    ["floats", () => oneHot(zeros([2]) as never), TypeError, /^oneHot: labels must be int32, it is float32/],
    ["nothing", () => oneHot(undefined as never), TypeError, /^oneHot: labels must be a list of numbers or a tensor, got undefined/],
    ["more than the memory can hold", () => oneHot([0, 2 ** 29], 2 ** 30), RangeError, /^oneHot: 2147483648 elements are more than the memory can hold/],
  ])("refuses %s", (_, call, error, message) => {
    scope(() => {
      expect(call).toThrow(error);
      expect(call).toThrow(message);
    });
  });
});
