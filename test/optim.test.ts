import { describe, expect, test } from "vitest";
import {
  Adam, type AdamOptions, AdamW, clipGradNorm, clipGradValue, Conv2d, Flatten, fromSafetensors, full, gradients, Linear,
  memory, type Optimizer, Parameter, ReLU, RMSprop, type RMSpropOptions, scope, Sequential, SGD, type SGDOptions, ShapeError,
  softmaxCrossEntropy, sum, type Tensor, tensor, toSafetensors, zeros,
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

/** Follows seven steps of a definition in double precision: `make` gives one parameter's rule, with its state inside. */
function follows(optimizer: (p: Tensor) => Optimizer, make: () => (p: number, g: number, t: number) => number): void {
  const expected = START.map((start, i) => {
    const rule = make();
    let p = start;
    for (let t = 1; t <= 7; t++) p = rule(p, 2 * C[i]! * p, t);
    return p;
  });
  close(run(optimizer, 7), expected);
}

describe("SGD", () => {
  test.each<SGDOptions>([
    { lr: 0.1 },
    { lr: 0.1, weightDecay: 0.2 },
    { lr: 0.05, momentum: 0.9 },
    { lr: 0.05, momentum: 0.9, weightDecay: 0.01 },
    { lr: 0.05, momentum: 0.9, dampening: 0.5 },
    { lr: 0.05, momentum: 0.5, dampening: -0.5, weightDecay: 0.01 },
    { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  ])("follows the definition: %o", (options) => {
    const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    follows((parameter) => new SGD([parameter], options), () => {
      let v = 0;
      return (p, g, t) => {
        const h = g + weightDecay * p;
        v = t === 1 ? h : momentum * v + (1 - dampening) * h;
        return p - lr * (nesterov ? h + momentum * v : v);
      };
    });
  });
});

describe("Adam and AdamW", () => {
  const options: AdamOptions[] = [{ lr: 0.1 }, { lr: 0.01, betas: [0.8, 0.95], eps: 1e-4, weightDecay: 0.1 }, { lr: 0.1, betas: [0.5, 0.3], amsgrad: true }];
  for (const Optimiser of [Adam, AdamW]) {
    test.each(options)(`${Optimiser.name} follows the definition: %o`, (one) => {
      const decoupled = Optimiser === AdamW;
      const { lr = 0, betas: [b1, b2] = [0.9, 0.999], eps = 1e-8, weightDecay = decoupled ? 0.01 : 0, amsgrad = false } = one;
      follows((parameter) => new Optimiser([parameter], one), () => {
        let m = 0, v = 0, top = 0;
        return (p, g, t) => {
          const h = decoupled ? g : g + weightDecay * p;
          m = b1 * m + (1 - b1) * h;
          v = b2 * v + (1 - b2) * h * h;
          top = Math.max(top, v);
          return (decoupled ? (1 - lr * weightDecay) * p : p) - (lr * m) / (1 - b1 ** t) / (Math.sqrt((amsgrad ? top : v) / (1 - b2 ** t)) + eps);
        };
      });
    });
  }
});

describe("RMSprop", () => {
  test.each<RMSpropOptions>([
    {}, { lr: 0.05, alpha: 0.5, eps: 1e-3, weightDecay: 0.1 }, { momentum: 0.9 }, { centered: true }, { lr: 0.02, alpha: 0.9, centered: true, momentum: 0.5 },
  ])("follows the definition: %o", (options) => {
    const { lr = 0.01, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false } = options;
    follows((parameter) => new RMSprop([parameter], options), () => {
      let v = 0, mean = 0, b = 0;
      return (p, g) => {
        const h = g + weightDecay * p;
        v = alpha * v + (1 - alpha) * h * h;
        mean = alpha * mean + (1 - alpha) * h;
        b = momentum * b + h / (Math.sqrt(centered ? v - mean * mean : v) + eps);
        return p - lr * b;
      };
    });
  });

  test("centered: a gradient that never changes has no variance, not a negative one", () => {
    const p = new Parameter([5], (values) => values.fill(1));
    const optimizer = new RMSprop([p], { lr: 1e-6, alpha: 0.5, eps: 1, centered: true });
    for (let i = 0; i < 100; i++) optimizer.step(new Map([[p, full([5], 0.3 + i / 1e6)]]));
    expect([...p.data()].every(Number.isFinite)).toBe(true);
    optimizer.dispose();
    p.dispose();
  });
});

describe("state", () => {
  const makers: [string, (p: Tensor[]) => Optimizer, string[]][] = [
    ["SGD", (p) => new SGD(p, { lr: 0.1 }), []],
    ["SGD with a momentum", (p) => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5 }), ["momentum_buffer"]],
    ["Adam", (p) => new Adam(p, { lr: 0.1 }), ["exp_avg", "exp_avg_sq"]],
    ["AdamW with amsgrad", (p) => new AdamW(p, { lr: 0.1, amsgrad: true }), ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]],
    ["RMSprop", (p) => new RMSprop(p, { lr: 0.1, centered: true, momentum: 0.9 }), ["square_avg", "grad_avg", "momentum_buffer"]],
  ];
  const shapes = [[5], [2, 3, 2, 2]];
  const parameters = () => shapes.map((shape) => new Parameter(shape, (values) => values.forEach((_, i) => (values[i] = Math.sin(i)))));
  const grads = (of: Tensor[], t: number) => new Map(of.map((p) => [p, tensor(Float32Array.from({ length: p.size }, (_, i) => Math.cos(i + t)), p.shape)]));

  test.each(makers)("%s goes on from a saved state as if nothing had happened", (_, make, names) => {
    const through = parameters(), resumed = parameters();
    const first = make(through);
    for (let t = 0; t < 3; t++) first.step(grads(through, t));
    through.forEach((p, i) => resumed[i]!.view().set(p.view()));
    scope(() => {
      const state = first.stateDict();
      expect([...state.keys()]).toEqual([0, 1].flatMap((i) => ["step", ...names].map((name) => `${i}.${name}`)));
      expect(state.get("1.step")!.item()).toBe(3);
      for (const name of names) expect(state.get(`1.${name}`)!.shape).toEqual(shapes[1]);
      const second = make(resumed);
      // Through a file and back: names, shapes and the order of the elements survive.
      second.loadStateDict(fromSafetensors(toSafetensors(state)) as Map<string, Tensor>);
      for (let t = 3; t < 6; t++) {
        first.step(grads(through, t));
        second.step(grads(resumed, t));
      }
      second.dispose();
    });
    through.forEach((p, i) => expect(resumed[i]!.data()).toEqual(p.data()));
    first.dispose();
    for (const p of [...through, ...resumed]) p.dispose();
  });

  test.each(makers)("%s gives all of its memory back", (_, make) => {
    const ps = parameters();
    ps.forEach((p) => p.ptr);
    const before = memory();
    const optimizer = make(ps);
    for (let t = 0; t < 2; t++) {
      optimizer.step(grads(ps, t));
      optimizer.loadStateDict(optimizer.stateDict());
      optimizer.dispose();
    }
    // The step counts of the two state dictionaries belong to nobody.
    expect(memory().tensors - before.tensors).toBe(4);
    ps.forEach((p) => p.dispose());
  });

  test("what does not fit is refused and changes nothing", () => {
    scope(() => {
      const ps = parameters();
      const optimizer = new Adam(ps, { lr: 0.1 });
      optimizer.step(grads(ps, 0));
      const before = new Map([...optimizer.stateDict()].map(([name, x]) => [name, x.data()]));
      const refuses = (state: [string, Tensor][], message: RegExp) => expect(() => optimizer.loadStateDict(new Map(state))).toThrow(message);
      const [step, m] = [full([], 1), zeros([5])];
      refuses([["0.step", step], ["0.exp_avg", zeros([6])]], /^Adam.loadStateDict: 0.exp_avg has shape \[6\], its parameter \[5\]/);
      refuses([["0.exp_avg", m]], /^Adam.loadStateDict: missing 0.step/);
      refuses([["0.step", step], ["0.momentum_buffer", m], ["2.step", step]], /^Adam.loadStateDict: unknown 0.momentum_buffer, 2.step/);
      refuses([["0.step", zeros([2])]], /item: the tensor must have 1 element/);
      expect(new Map([...optimizer.stateDict()].map(([name, x]) => [name, x.data()]))).toEqual(before);
      optimizer.dispose();
      ps.forEach((p) => p.dispose());
    });
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
    ["betas that are none", () => new AdamW(p, { betas: 0.9 as never }), TypeError, /AdamW: betas must be a list of 2 numbers, got 0.9/],
    ["a single beta", () => new AdamW(p, { betas: [0.9] as never }), TypeError, /AdamW: betas\[1\] must be a number, got undefined/],
    ["amsgrad of wrong kind", () => new Adam(p, { amsgrad: 1 as never }), TypeError, /Adam: amsgrad must be true or false, got 1/],
    ["nesterov without a momentum", () => new SGD(p, { lr: 1, nesterov: true }), RangeError, /SGD: nesterov needs a momentum and no dampening, got momentum 0 and dampening 0/],
    ["nesterov with a dampening", () => new SGD(p, { lr: 1, nesterov: true, momentum: 0.9, dampening: 0.1 }), RangeError, /SGD: nesterov .* got momentum 0.9 and dampening 0.1/],
    ["dampening NaN", () => new SGD(p, { lr: 1, dampening: NaN }), RangeError, /SGD: dampening must be finite, got NaN/],
    ["negative alpha", () => new RMSprop(p, { alpha: -1 }), RangeError, /RMSprop: alpha must be .* got -1/],
    ["centered of wrong kind", () => new RMSprop(p, { centered: 1 as never }), TypeError, /RMSprop: centered must be true or false, got 1/],
    ["norms of no gradients", () => clipGradNorm([] as never, 1), TypeError, /clipGradNorm: grads must be the map that gradients returns, got a value of type Array/],
    ["a negative norm", () => clipGradNorm(new Map(), -1), RangeError, /clipGradNorm: maxNorm must be .* got -1/],
    ["a bound that is NaN", () => clipGradValue(new Map(), NaN), RangeError, /clipGradValue: clipValue must be .* got NaN/],
    ["clipping what an outer tape needs", () => scope(() => gradients(() => {
      clipGradNorm(new Map(), 1);
      return sum(p[0]!);
    }, p)), Error, /clipGradNorm: gradients cannot be changed in place inside of gradients/],
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
