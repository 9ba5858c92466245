import { describe, expect, test } from "vitest";
import {
  Adam, Conv2d, Flatten, gradients, Linear, memory, type Optimizer, Parameter, ReLU, scope, Sequential, SGD, ShapeError, softmaxCrossEntropy, sum, type Tensor,
  tensor, zeros,
} from "../src/index.ts";
import { mul } from "../src/ops/mul.ts";

const START = [0.5, -1, 2, 0.25, -0.125];

// Gradients of sum(p * p * c): 2 c p.
const C = [1, 2, -0.5, 3, 0.75];

function run(make: (p: Tensor) => Optimizer, steps: number): Float32Array {
  const p = new Parameter([5], (values) => values.set(START));
  const optimizer = make(p);
  for (let i = 0; i < steps; i++) {
    scope(() => {
      const c = tensor(C);
      optimizer.step(gradients(() => sum(mul(mul(p, p), c)), [p]).grads);
    });
  }
  const values = p.data();
  p.dispose();
  return values;
}

function close(got: Float32Array, expected: number[]): void {
  expected.forEach((value, i) => expect(Math.abs(got[i]! - value), `${got} against ${expected}`).toBeLessThan(2e-6 * (1 + Math.abs(value))));
}

describe("SGD", () => {
  test.each([
    { lr: 0.1 },
    { lr: 0.1, weightDecay: 0.2 },
    { lr: 0.05, momentum: 0.9 },
    { lr: 0.05, momentum: 0.9, weightDecay: 0.01 },
  ])("follows the definition: %o", (options) => {
    const { lr, momentum = 0, weightDecay = 0 } = { momentum: 0, weightDecay: 0, ...options };
    const p = [...START], v = p.map(() => 0);
    for (let step = 0; step < 7; step++) {
      for (let i = 0; i < 5; i++) {
        v[i] = momentum * v[i]! + 2 * C[i]! * p[i]! + weightDecay * p[i]!;
        p[i]! -= lr * v[i]!;
      }
    }
    close(run((parameter) => new SGD([parameter], options), 7), p);
  });
});

describe("Adam", () => {
  test.each([{ lr: 0.1 }, { lr: 0.01, betas: [0.8, 0.95] as const, eps: 1e-4, weightDecay: 0.1 }])("follows the definition: %o", (options) => {
    const { lr, betas: [b1, b2], eps, weightDecay } = { betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 0, ...options };
    const p = [...START], m = p.map(() => 0), v = p.map(() => 0);
    for (let t = 1; t <= 7; t++) {
      for (let i = 0; i < 5; i++) {
        const g = 2 * C[i]! * p[i]! + weightDecay * p[i]!;
        m[i] = b1 * m[i]! + (1 - b1) * g;
        v[i] = b2 * v[i]! + (1 - b2) * g * g;
        p[i]! -= (lr * m[i]!) / (1 - b1 ** t) / (Math.sqrt(v[i]! / (1 - b2 ** t)) + eps);
      }
    }
    close(run((parameter) => new Adam([parameter], options), 7), p);
  });
});

test("a step consumes the gradients and leaves parameters without one alone", () => {
  const used = new Parameter([2], (values) => values.fill(1)), unused = new Parameter([2], (values) => values.fill(1));
  const optimizer = new SGD([used, unused], { lr: 1, weightDecay: 1 });
  const { grads } = gradients(() => sum(used), [used]);
  const g = grads.get(used)!;
  optimizer.step(grads);
  expect(g.disposed).toBe(true);
  expect([...used.data()]).toEqual([-1, -1]);
  expect([...unused.data()]).toEqual([1, 1]);
  used.dispose();
  unused.dispose();
});

test("the learning rate may change between steps", () => {
  const p = new Parameter([1], (values) => values.fill(1));
  const optimizer = new SGD([p], { lr: 0.5 });
  optimizer.lr = 0.25;
  optimizer.step(gradients(() => sum(p), [p]).grads);
  expect(p.item()).toBe(0.75);
  expect(() => (optimizer.lr = NaN)).toThrow(/SGD: lr must be a finite number of at least 0, got NaN/);
  expect(optimizer.lr).toBe(0.25);
  p.dispose();
});

describe("bad arguments", () => {
  const p = [new Parameter([2], (values) => values.fill(1))];
  test.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    ["NaN as learning rate", () => new SGD(p, { lr: NaN }), RangeError, /SGD: lr must be a finite number of at least 0, got NaN/],
    ["a negative learning rate", () => new Adam(p, { lr: -1 }), RangeError, /Adam: lr must be a finite number of at least 0, got -1/],
    ["no learning rate", () => new SGD(p, {} as never), TypeError, /SGD: lr must be a number, got undefined/],
    ["no options", () => new SGD(p, undefined as never), TypeError, /SGD: lr must be a number, got undefined/],
    ["infinite momentum", () => new SGD(p, { lr: 1, momentum: Infinity }), RangeError, /SGD: momentum must be a finite number of at least 0, got Infinity/],
    ["negative weight decay", () => new SGD(p, { lr: 1, weightDecay: -0.1 }), RangeError, /SGD: weightDecay must be .* got -0.1/],
    ["beta of 1", () => new Adam(p, { betas: [0.9, 1] }), RangeError, /Adam: betas\[1\] must be .* got 1/],
    ["eps NaN", () => new Adam(p, { eps: NaN }), RangeError, /Adam: eps must be .* got NaN/],
    ["no parameters", () => new SGD([], { lr: 1 }), RangeError, /SGD: there are no parameters to optimise/],
    ["parameters that are none", () => new SGD([1 as never], { lr: 1 }), TypeError, /SGD: parameters must be tensors, got 1/],
    ["gradients that are none", () => new SGD(p, { lr: 1 }).step([] as never), TypeError, /SGD.step: grads must be the map that gradients returns, got a value of type Array/],
    ["a gradient of another shape", () => scope(() => new SGD(p, { lr: 1 }).step(new Map([[p[0]!, zeros([3])]]))), ShapeError, /SGD.step: gradient has shape \[3\], its parameter \[2\]/],
  ])("%s", (_, call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});

test("10,000 training steps leave the memory where it was after step 10", { timeout: 60_000 }, () => {
  const model = new Sequential(new Conv2d(1, 2, 3), new ReLU(), new Flatten(), new Linear(32, 3));
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const x = tensor(Float32Array.from({ length: 72 }, (_, i) => Math.sin(i)), [2, 1, 6, 6]);
  let after10 = memory();
  for (let step = 1; step <= 10_000; step++) {
    const { grads } = gradients(() => softmaxCrossEntropy(model.forward(x), [0, 2]), model.parameters());
    optimizer.step(grads);
    if (step === 10) after10 = memory();
  }
  expect(memory()).toEqual(after10);
  model.dispose();
  x.dispose();
});
