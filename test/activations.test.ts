// Activations, softmax and losses where the specs do not look: second derivatives, kinks, extremes.

import { describe, expect, test } from "vitest";
import {
  add, binaryCrossEntropy, binaryCrossEntropyWithLogits, crossEntropy, elu, full, gelu, gradients, hardsigmoid, hardswish, hardtanh,
  klDiv, l1Loss, leakyRelu, logSoftmax, logsumexp, memory, mish, mul, nllLoss, prelu, PReLU, relu6, scope, selu, sigmoid, silu,
  softmax, softmaxCrossEntropy, softplus, softsign, sum, tanh, type Tensor, tensor,
} from "../src/index.ts";
import { dot, plus, randomArray } from "./array.ts";
import { EPSILON, title, toTensor } from "./check.ts";
import { specs } from "./specs/index.ts";
import type { Case, OpSpec } from "./specs/spec.ts";

const names = [
  "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leakyRelu", "mish", "prelu", "relu6", "selu", "sigmoid", "silu", "softplus",
  "softsign", "tanh", "softmax", "logSoftmax", "logsumexp", "softmaxCrossEntropy", "crossEntropy", "crossEntropy of probabilities",
  "nllLoss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits", "huberLoss", "klDiv", "l1Loss", "mseLoss", "smoothL1Loss",
];

/**
 * The Hessian of <f(x), dy> in all arguments together, times v, along u: gradients of gradients against mixed differences of
 * the reference, at two steps, so that what is left of them is of the fourth order.
 */
function checkHessian<O>(spec: OpSpec<O>, { shapes, options }: Case<O>): void {
  scope(() => {
    const inputs = shapes.map((shape, i) => randomArray(shape, i + 1));
    const dy = randomArray(spec.reference(inputs, options).shape, 99);
    const vs = inputs.map((x, i) => randomArray(x.shape, 200 + i)), us = inputs.map((x, i) => randomArray(x.shape, 300 + i));
    const tensors = inputs.map(toTensor), weights = toTensor(dy), directions = vs.map(toTensor);
    const { grads } = gradients(() => {
      const first = gradients(() => sum(mul(spec.run(tensors, options), weights)), tensors).grads;
      return tensors.map((x, i) => sum(mul(first.get(x)!, directions[i]!))).reduce((a, b) => add(a, b));
    }, tensors);
    const value = (s: number, t: number): number => {
      const moved = inputs.map((x, i) => plus(plus(x, s, vs[i]!), t, us[i]!));
      return dot(spec.reference(moved, options).data, dy.data);
    };
    const mixed = (h: number): number => (value(h, h) - value(h, -h) - value(-h, h) + value(-h, -h)) / (4 * h * h);
    const expected = (4 * mixed(STEP / 2) - mixed(STEP)) / 3;
    let got = 0, norm = 0;
    tensors.forEach((x, i) => {
      const h = grads.get(x)!.data(), u = us[i]!.data;
      got += dot(h, u);
      norm += Math.sqrt(dot(h, h) * dot(u, u));
    });
    // The differences are of numbers that are known to one part in 2 ** 52.
    const rounding = (8 * 2 ** -52 * (1 + Math.abs(value(0, 0)))) / (STEP / 2) ** 2;
    const bound = 2 * EPSILON * (4 + Math.sqrt(spec.terms(shapes, options))) * norm + rounding;
    if (!(Math.abs(got - expected) <= bound)) {
      throw new Error(`${spec.name}: <u, H v> is ${got}, expected ${expected}, off by ${got - expected}, allowed ${bound}`);
    }
  });
}

const STEP = 4e-4;

/** At most a dozen of a spec's small cases, of all kinds of options. */
function some<O>({ cases }: OpSpec<O>): Case<O>[] {
  const small = cases.filter(({ shapes }) => shapes.every((shape) => shape.reduce((a, b) => a * b, 1) <= 130 && !shape.includes(0)));
  return small.filter((_, i) => i % Math.ceil(small.length / 12) === 0);
}

describe("Hessians", () => {
  for (const spec of specs.filter(({ name }) => names.includes(name))) {
    for (const one of some(spec)) test(`${spec.name} ${title(one)}`, () => checkHessian(spec, one));
  }

  test("of every op named here", () => expect(names.filter((name) => !specs.some((spec) => spec.name === name))).toEqual([]));

  test("are not passed by a wrong one", () => {
    const wrong = { ...specs.find(({ name }) => name === "tanh")!, run: ([x]: Tensor[]) => sigmoid(mul(x!, 8)) };
    expect(() => checkHessian(wrong, { shapes: [[7, 9]], options: {} })).toThrow(/<u, H v>/);
  });

  test("third derivatives too", () => {
    scope(() => {
      const x = tensor([0.3]);
      const derivative = (f: () => Tensor) => sum(gradients(f, [x]).grads.get(x)!);
      const third = (f: (x: Tensor) => Tensor) => derivative(() => derivative(() => derivative(() => sum(f(x))))).item();
      const t = Math.tanh(0.3), s = 1 / (1 + Math.exp(-0.3));
      expect(third(tanh)).toBeCloseTo(-2 * (1 - t * t) * (1 - 3 * t * t), 5);
      expect(third(sigmoid)).toBeCloseTo(s * (1 - s) * (1 - 6 * s + 6 * s * s), 5);
      // phi(x) (x^3 - 4 x)
      expect(third(gelu)).toBeCloseTo((Math.exp(-0.045) / Math.sqrt(2 * Math.PI)) * (0.027 - 1.2), 5);
    });
  });
});

describe("kinks have PyTorch's derivatives", () => {
  const slopes = (f: (x: Tensor) => Tensor, at: number[]): number[] => scope(() => {
    const x = tensor(at);
    return [...gradients(() => sum(f(x)), [x]).grads.get(x)!.data()];
  });
  const near = (values: number[]) => values.map((value) => expect.closeTo(value, 6));
  test("relu6", () => expect(slopes(relu6, [0, 6, 3])).toEqual([0, 0, 1]));
  test("hardtanh", () => expect(slopes((x) => hardtanh(x), [-1, 1, 0])).toEqual([0, 0, 1]));
  test("hardsigmoid", () => expect(slopes(hardsigmoid, [-3, 3, 0])).toEqual(near([0, 0, 1 / 6])));
  test("hardswish", () => expect(slopes(hardswish, [-3, 3, 0])).toEqual([-0.5, 1.5, 0.5]));
  test("leakyRelu", () => expect(slopes((x) => leakyRelu(x, { negativeSlope: 0.25 }), [0, 1])).toEqual([0.25, 1]));
  test("prelu", () => expect(slopes((x) => prelu(x, tensor([0.25])), [0, 1])).toEqual([0.25, 1]));
  test("elu", () => expect(slopes((x) => elu(x, { alpha: 0.5 }), [0, 1])).toEqual([0.5, 1]));
  test("selu", () => expect(slopes(selu, [0])).toEqual(near([1.7580993])));
  test("softsign", () => expect(slopes(softsign, [0])).toEqual([1]));
  test("l1Loss", () => expect(slopes((x) => l1Loss(x, full([3], 1)), [0, 1, 2])).toEqual(near([-1 / 3, 0, 1 / 3])));
});

describe("large inputs", () => {
  const at = (f: (x: Tensor) => Tensor, values: number[]): number[] => scope(() => [...f(tensor(values)).data()].map((value) => value + 0));
  test.each<[string, (x: Tensor) => Tensor, number[]]>([
    ["sigmoid", sigmoid, [0, 1, 0, 1]],
    ["tanh", tanh, [-1, 1, -1, 1]],
    ["silu", silu, [0, 1000, 0, 1e30]],
    ["gelu", gelu, [0, 1000, 0, 1e30]],
    ["gelu, by tanh", (x) => gelu(x, { approximate: "tanh" }), [0, 1000, 0, 1e30]],
    ["softplus", softplus, [0, 1000, 0, 1e30]],
    ["mish", mish, [0, 1000, 0, 1e30]],
    ["hardswish", hardswish, [0, 1000, 0, 1e30]],
    ["elu", elu, [-1, 1000, -1, 1e30]],
    ["logsumexp", (x) => logsumexp(x, 0, { keepdim: true }), [1e30]],
    ["softmax", (x) => softmax(x, 0), [0, 0, 0, 1]],
  ])("%s does not overflow", (_, f, expected) => {
    expect(at(f, [-1000, 1000, -1e30, 1e30])).toEqual(expected.map(Math.fround));
    scope(() => {
      const x = tensor([-1000, 1000, -1e30, 1e30]);
      expect([...gradients(() => sum(f(x)), [x]).grads.get(x)!.data()].every(Number.isFinite)).toBe(true);
    });
  });
});

describe("losses at the ends", () => {
  const gradient = (f: (x: Tensor) => Tensor, x: Tensor): number[] => [...gradients(() => f(x), [x]).grads.get(x)!.data()];

  test("saturated logits: finite losses and gradients", () => {
    scope(() => {
      const x = tensor([-100, 100, -100, 100]), target = tensor([0, 1, 1, 0]);
      const losses = binaryCrossEntropyWithLogits(x, target, { reduction: "none" }).data();
      expect([...losses]).toEqual([0, 0, 100, 100].map((value) => expect.closeTo(value, 5)));
      expect(losses[0]).toBeGreaterThan(0);
      const slopes = gradient((x) => binaryCrossEntropyWithLogits(x, target, { reduction: "sum" }), x);
      expect(slopes).toEqual([0, 0, -1, 1].map((value) => expect.closeTo(value, 6)));
      const logits = tensor([[100, -100], [100, -100]]);
      for (const options of [{}, { weight: full([2], 1) }]) {
        expect(crossEntropy(logits, [0, 1], options).item()).toBe(100);
        const dlogits = gradient((x) => crossEntropy(x, [0, 1], options), logits);
        expect(dlogits).toEqual([0, 0, 0.5, -0.5].map((value) => expect.closeTo(value, 6)));
      }
    });
  });

  test("probabilities of 0 and 1: logarithms end at -100, and gradients at 1e12, as in PyTorch", () => {
    scope(() => {
      const x = tensor([0, 1, 0, 1]), target = tensor([0, 1, 1, 0]);
      expect([...binaryCrossEntropy(x, target, { reduction: "none" }).data()].map((value) => value + 0)).toEqual([0, 0, 100, 100]);
      const slopes = gradient((x) => binaryCrossEntropy(x, target, { reduction: "sum" }), x);
      expect(slopes).toEqual([0, 0, -1e12, 1e12].map((value) => expect.closeTo(value, -6)));
    });
  });

  test("klDiv of a target with zeros", () => {
    scope(() => {
      const x = tensor([-1, -2]), target = tensor([0, 1]);
      expect([...klDiv(x, target, { reduction: "none" }).data()].map((value) => value + 0)).toEqual([0, 2]);
      expect(gradient((x) => klDiv(x, target, { reduction: "sum" }), x).map((value) => value + 0)).toEqual([0, -1]);
    });
  });

  test("-Infinity among the logits: a class that is impossible", () => {
    scope(() => {
      const logits = tensor([[-Infinity, 1, 1]]);
      expect(crossEntropy(logits, [1]).item()).toBeCloseTo(Math.LN2, 6);
      expect(crossEntropy(logits, [0]).item()).toBe(Infinity);
      expect(gradient((x) => crossEntropy(x, [1]), logits)).toEqual([0, -0.5, 0.5].map((value) => expect.closeTo(value, 6)));
    });
  });

  test("nothing that counts: an error for the mean, 0 for the sum", () => {
    scope(() => {
      const logits = tensor([[1, 2], [3, 4]]);
      expect(() => crossEntropy(logits, [-100, -100])).toThrow(/none of 2 labels counts: they are ignoreIndex, or have weight 0/);
      expect(crossEntropy(logits, [-100, -100], { reduction: "sum" }).item() + 0).toBe(0);
      expect([...nllLoss(logits, [-100, 1], { reduction: "none" }).data()].map((value) => value + 0)).toEqual([0, -4]);
    });
  });
});

test("crossEntropy is softmaxCrossEntropy in the plain case, bit for bit, also where maps lie channels-last", () => {
  scope(() => {
    const rows = toTensor(randomArray([60, 7], 1)), maps = toTensor(randomArray([3, 7, 4, 5], 1));
    const labels = Array.from({ length: 60 }, (_, i) => (i * 5) % 7);
    expect(crossEntropy(rows, labels).item()).toBe(softmaxCrossEntropy(rows, labels).item());
    expect(crossEntropy(maps, labels).item()).toBeCloseTo(nllLoss(logSoftmax(maps, 1), labels).item(), 6);
  });
});

test("outside of gradients, ops leave nothing behind but their result", () => {
  const x = toTensor(randomArray([2, 3, 4, 5], 1)), target = toTensor(randomArray([2, 3, 4, 5], 2));
  const slope = tensor([0.1, 0.2, 0.3]), labels = new Array<number>(40).fill(1);
  const before = memory();
  for (const f of [
    () => softmax(x, 2), () => logsumexp(x, [0, 2]), () => mish(x), () => prelu(x, slope), () => crossEntropy(x, labels),
    () => crossEntropy(x, labels, { labelSmoothing: 0.1 }), () => crossEntropy(x, target), () => binaryCrossEntropyWithLogits(x, target),
    () => klDiv(x, target, { logTarget: true }), () => l1Loss(x, target),
  ]) {
    const y = f();
    expect(memory().tensors).toBe(before.tensors + 1);
    y.dispose();
    expect(memory().bytes).toBe(before.bytes);
  }
  for (const input of [x, target, slope]) input.dispose();
});

describe("PReLU", () => {
  test("learns one slope, or one for each channel, from 0.25", () => {
    const one = new PReLU(), many = new PReLU({ numParameters: 3, init: 0.5 });
    expect([...one.weight.data()]).toEqual([0.25]);
    expect([...many.weight.data()]).toEqual([0.5, 0.5, 0.5]);
    expect([...many.stateDict().keys()]).toEqual(["weight"]);
    scope(() => expect([...many.forward(tensor([[-2, 4, -6]])).data()]).toEqual([-1, 4, -3]));
    one.dispose();
    many.dispose();
  });
  test.each<[string, () => unknown, RegExp]>([
    ["no slopes", () => new PReLU({ numParameters: 0 }), /PReLU: numParameters must be a positive integer, got 0/],
    ["a number for options", () => new PReLU(3 as never), /PReLU: options must be an object, got 3/],
  ])("refuses %s", (_, call, message) => expect(call).toThrow(message));
});
