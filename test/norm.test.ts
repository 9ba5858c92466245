import { describe, expect, test } from "vitest";
import { batchNorm, gradients, groupNorm, instanceNorm, layerNorm, memory, mul, scope, sum, tensor, type Tensor, zeros } from "../src/index.ts";
import { withLayout } from "../src/tape.ts";
import { dot, type NdArray, ndarray, plus, randomArray } from "./array.ts";
import { checkClose, EPSILON, title, toTensor } from "./check.ts";
import { batchNormSpec, groupNormSpec, instanceNormSpec, layerNormSpec, localResponseNormSpec } from "./specs/normalisation.ts";
import type { Case, OpSpec } from "./specs/spec.ts";

const specs: OpSpec<any>[] = [batchNormSpec, instanceNormSpec, groupNormSpec, layerNormSpec];
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Along u in argument i and v in argument j: the second difference of <f, dy>, in double precision. */
function secondDifference(
  f: (inputs: NdArray[]) => NdArray, inputs: NdArray[], dy: NdArray, i: number, u: NdArray, j: number, v: NdArray,
): number {
  const h = 2 ** -12;
  const value = (s: number, t: number): number => {
    const moved = inputs.map((x, k) => (k === i ? plus(x, s * h, u) : x)).map((x, k) => (k === j ? plus(x, t * h, v) : x));
    return dot(f(moved).data, dy.data);
  };
  return (value(1, 1) - value(1, -1) - value(-1, 1) + value(-1, -1)) / (4 * h * h);
}

describe("gradients of gradients", () => {
  for (const spec of [...specs, localResponseNormSpec] as OpSpec<any>[]) {
    const cases = spec.cases.filter(({ shapes: [x] }) => sizeOf(x!) > 0 && sizeOf(x!) < 200);
    test.each(cases.map((one) => [title(one), one] as [string, Case<unknown>]))(`${spec.name} %s`, (_, { shapes, options }) => {
      scope(() => {
        const inputs = shapes.map((shape, i) => randomArray(shape, i + 1));
        const tensors = inputs.map(toTensor);
        const dy = randomArray(shapes[0]!, 99), weights = toTensor(dy);
        for (let j = 0; j < inputs.length; j++) {
          const v = randomArray(shapes[j]!, 60 + j), direction = toTensor(v);
          // The gradient in argument j, times v; then its gradients in all arguments.
          const inner = () => gradients(() => sum(mul(spec.run(tensors, options), weights)), tensors).grads.get(tensors[j]!)!;
          const { grads } = gradients(() => sum(mul(inner(), direction)), tensors);
          inputs.forEach((x, i) => {
            const u = randomArray(x.shape, 80 + i);
            const got = dot(grads.get(tensors[i]!)!.data(), u.data);
            const expected = secondDifference((moved) => spec.reference(moved, options), inputs, dy, i, u, j, v);
            const terms = spec.terms(shapes, options);
            // The differences are exact to about a part in a million.
            const norm = Math.sqrt([dy, u, v].reduce((product, { data }) => product * dot(data, data), 1));
            const bound = 4 * (EPSILON * (4 + Math.sqrt(terms)) + 2e-6) * norm;
            expect(Math.abs(got - expected), `in ${j}, then in ${i}: ${got} against ${expected}`).toBeLessThan(bound);
          });
        }
      });
    });
  }

  test("of normalised maps are not zero", () => {
    scope(() => {
      const [x, dy, v] = [1, 2, 3].map((seed) => toTensor(randomArray([4, 3, 5, 5], seed))) as [Tensor, Tensor, Tensor];
      const inner = () => gradients(() => sum(mul(batchNorm(x, undefined, undefined, { training: true }), dy)), [x]).grads.get(x)!;
      const values = gradients(() => sum(mul(inner(), v)), [x]).grads.get(x)!.data();
      expect(Math.sqrt(dot(values, values))).toBeGreaterThan(1);
    });
  });

  test("the form for them gives the same values and the same gradients", () => {
    for (const spec of specs) {
      const { shapes, options } = spec.cases.find(({ shapes }) => shapes.length === 3 && sizeOf(shapes[0]!) > 30)!;
      scope(() => {
        const tensors = shapes.map((shape, i) => toTensor(randomArray(shape, i + 1))), dy = toTensor(randomArray(shapes[0]!, 4));
        const run = () => gradients(() => sum(mul(spec.run(tensors, options), dy)), tensors);
        const fused = run();
        gradients(() => {
          const closed = run();
          checkClose(spec.name, [closed.value], [fused.value], sizeOf(shapes[0]!));
          for (const x of tensors) checkClose(spec.name, closed.grads.get(x)!.data(), fused.grads.get(x)!.data(), sizeOf(shapes[0]!));
          return sum(tensors[0]!);
        }, tensors);
      });
    }
  });
});

describe("inputs far from 0", () => {
  // 1000 +- 1: sums of squares, or one float32 for the mean, leave two or three digits.
  const fixed = (spec: OpSpec<any>, options: { training?: boolean; useInputStats?: boolean }): boolean => {
    return spec === batchNormSpec ? !options.training : options.useInputStats === false;
  };
  const cases = specs.flatMap((spec) => {
    const some = spec.cases.filter(({ shapes: [x], options }) => sizeOf(x!) > 30 && !fixed(spec, options));
    return some.map((one) => [`${spec.name} ${title(one)}`, spec, one] as [string, OpSpec<any>, Case<any>]);
  });
  test.each(cases)("%s", (_, spec, { shapes, options }) => {
    scope(() => {
      const inputs = shapes.map((shape, i) => randomArray(shape, i + 1));
      inputs[0] = { shape: shapes[0]!, data: inputs[0]!.data.map((value) => Math.fround(1000 + value)) };
      const tensors = inputs.map(toTensor), dy = randomArray(shapes[0]!, 9);
      const terms = spec.terms(shapes, options);
      checkClose("y", spec.run(tensors, options).data(), spec.reference(inputs, options).data, terms);
      const { grads } = gradients(() => sum(mul(spec.run(tensors, options), toTensor(dy))), tensors);
      // The derivative does not change when the input is moved: it is that of the input without the 1000.
      const near = toTensor({ shape: shapes[0]!, data: inputs[0].data.map((value) => value - 1000) });
      const moved = [near, ...tensors.slice(1)];
      const expected = gradients(() => sum(mul(spec.run(moved, options), toTensor(dy))), moved).grads;
      tensors.forEach((x, i) => checkClose(`gradient of argument ${i}`, grads.get(x)!.data(), expected.get(moved[i]!)!.data(), terms));
    });
  });
});

describe("running statistics", () => {
  const steps = [randomArray([6, 5, 3, 4], 1), randomArray([6, 5, 3, 4], 2), randomArray([6, 5, 3, 4], 3)];
  const elements = (x: NdArray, wanted: (n: number, c: number) => boolean): number[] => {
    return [...x.data].filter((_, i) => wanted(Math.floor(i / 60), Math.floor(i / 12) % 5));
  };
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const unbiased = (values: number[]): number => values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1);

  test("batchNorm: means and unbiased variances join with the momentum, in training only", () => {
    scope(() => {
      const runningMean = zeros([5]), runningVar = tensor([1, 1, 1, 1, 1]);
      const expected = { mean: new Array<number>(5).fill(0), variance: new Array<number>(5).fill(1) };
      for (const x of steps) {
        batchNorm(toTensor(x), runningMean, runningVar, { training: true, momentum: 0.3 });
        batchNorm(toTensor(x), runningMean, runningVar);
        for (let c = 0; c < 5; c++) {
          const values = elements(x, (_, channel) => channel === c);
          expected.mean[c] = 0.7 * expected.mean[c]! + 0.3 * mean(values);
          expected.variance[c] = 0.7 * expected.variance[c]! + 0.3 * unbiased(values);
        }
      }
      checkClose("mean", runningMean.data(), expected.mean, 72);
      checkClose("variance", runningVar.data(), expected.variance, 72);
    });
  });

  test("instanceNorm: means over the batch of the maps' statistics", () => {
    scope(() => {
      const runningMean = zeros([5]), runningVar = tensor([1, 1, 1, 1, 1]);
      const expected = { mean: new Array<number>(5).fill(0), variance: new Array<number>(5).fill(1) };
      for (const x of steps) {
        instanceNorm(toTensor(x), { runningMean, runningVar, momentum: 0.3 });
        instanceNorm(toTensor(x), { runningMean, runningVar, useInputStats: false });
        for (let c = 0; c < 5; c++) {
          const maps = [0, 1, 2, 3, 4, 5].map((n) => elements(x, (sample, channel) => sample === n && channel === c));
          expected.mean[c] = 0.7 * expected.mean[c]! + 0.3 * mean(maps.map(mean));
          expected.variance[c] = 0.7 * expected.variance[c]! + 0.3 * mean(maps.map(unbiased));
        }
      }
      checkClose("mean", runningMean.data(), expected.mean, 72);
      checkClose("variance", runningVar.data(), expected.variance, 72);
    });
  });

  test("are updated once inside of nested gradients too", () => {
    scope(() => {
      const x = toTensor(steps[0]!);
      const plain = zeros([5]), nested = zeros([5]), variance = zeros([5]), other = zeros([5]);
      batchNorm(x, plain, variance, { training: true });
      gradients(() => sum(gradients(() => sum(batchNorm(x, nested, other, { training: true })), [x]).grads.get(x)!), [x]);
      expect(nested.data()).toEqual(plain.data());
      expect(other.data()).toEqual(variance.data());
    });
  });

  test("that change after the forward pass do not change its gradients", () => {
    scope(() => {
      const x = toTensor(steps[0]!), mean = zeros([5]), variance = tensor([1, 2, 3, 4, 5]);
      const { grads } = gradients(() => {
        const y = sum(batchNorm(x, mean, variance, { eps: 0 }));
        variance.view().fill(100);
        return y;
      }, [x]);
      expect(grads.get(x)!.data()[0]).toBe(1);
      expect(grads.get(x)!.data()[12]).toBe(Math.fround(1 / Math.sqrt(2)));
    });
  });

  test("stay where they are for an empty batch", () => {
    scope(() => {
      const mean = tensor([1, 2]), variance = tensor([3, 4]);
      batchNorm(zeros([0, 2, 3, 3]), mean, variance, { training: true });
      expect([...mean.data(), ...variance.data()]).toEqual([1, 2, 3, 4]);
    });
  });
});

describe("groups of one element or of equal ones", () => {
  const run = (fn: (x: Tensor) => Tensor, x: NdArray) => scope(() => {
    const from = toTensor(x), dy = toTensor(randomArray(x.shape, 3));
    const { grads } = gradients(() => sum(mul(fn(from), dy)), [from]);
    return { y: [...fn(from).data()], dx: [...grads.get(from)!.data()] };
  });
  const none = (n: number): number[] => new Array<number>(n).fill(0);

  test("of one element are 0, and so is their gradient, exactly", () => {
    for (const offset of [0, 1000]) {
      const x = { shape: [4, 6], data: randomArray([4, 6], 1).data.map((value) => Math.fround(value + offset)) };
      const { y, dx } = run((from) => groupNorm(from, 6), x);
      expect(y.map(Math.abs)).toEqual(none(24));
      expect(dx.map(Math.abs)).toEqual(none(24));
      const column = { shape: [24, 1], data: x.data };
      expect(run((from) => layerNorm(from, 1), column).y.map(Math.abs)).toEqual(none(24));
    }
  });

  test("of equal elements are 0, exactly", () => {
    const x = ndarray([3, 2, 5, 5], new Float64Array(150).fill(Math.fround(0.1)));
    const batch = (from: Tensor) => batchNorm(from, undefined, undefined, { training: true });
    for (const fn of [batch, (from: Tensor) => instanceNorm(from), (from: Tensor) => groupNorm(from, 1)]) {
      expect(run(fn, x).y).toEqual(none(150));
    }
  });
});

test("NaN and infinities reach their group and no other", () => {
  scope(() => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const x = randomArray([3, 4, 2, 2], 1);
      x.data[17] = value; // sample 1, channel 0
      const y = instanceNorm(toTensor(x)).data();
      y.forEach((one, i) => expect(Number.isNaN(one)).toBe(i >= 16 && i < 20));
    }
  });
});

describe("layouts and tapes", () => {
  const ops: [string, (x: Tensor, weight?: Tensor, bias?: Tensor) => Tensor][] = [
    ["batchNorm", (x, weight, bias) => batchNorm(x, undefined, undefined, { weight, bias, training: true })],
    ["instanceNorm", (x, weight, bias) => instanceNorm(x, { weight, bias })],
    ["groupNorm", (x, weight, bias) => groupNorm(x, 2, { weight, bias })],
    ["layerNorm", (x, weight, bias) => layerNorm(x, 4, { weight, bias })],
  ];

  test.each(ops)("%s returns the layout of its input", (_, op) => {
    scope(() => {
      const x = toTensor(randomArray([2, 4, 3, 4], 1));
      for (const layout of ["rowMajor", "channelsLast"] as const) expect(op(withLayout(x, layout)).layout).toBe(layout);
    });
  });

  test.each(ops)("%s gives each argument the same gradient, whichever others are asked for", (_, op) => {
    scope(() => {
      const inputs = [[2, 4, 3, 4], [4], [4]].map((shape, i) => toTensor(randomArray(shape, i + 1)));
      const dy = toTensor(randomArray([2, 4, 3, 4], 9));
      const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor];
      const slopes = (wanted: Tensor[]) => gradients(() => sum(mul(op(x, weight, bias), dy)), wanted).grads;
      const all = slopes(inputs);
      for (const one of inputs) expect(slopes([one]).get(one)!.data()).toEqual(all.get(one)!.data());
    });
  });

  test.each(ops)("%s leaves nothing behind but its result", (_, op) => {
    const x = withLayout(toTensor(randomArray([2, 4, 3, 4], 1)), "rowMajor");
    op(x).dispose();
    const before = memory();
    const y = op(x);
    expect(memory().tensors).toBe(before.tensors + 1);
    y.dispose();
    expect(memory()).toEqual(before);
    x.dispose();
  });
});
