// What happens where the memory has no more: everything is tried with less room than it needs, from nothing up to what is enough. It
// must fail with the one error, give back all that it took, and compute the right thing as soon as there is room.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Adam, AdamW, Conv2d, Flatten, gradients, init, Linear, manualSeed, memory, type Module, mul, type Optimizer, Parameter, ReLU, RMSprop, scope,
  Sequential, SGD, softmaxCrossEntropy, sum, type Tensor, tensor, zeros,
} from "../src/index.ts";
import type { Graph } from "../src/graph/graph.ts";
import { Session } from "../src/graph/session.ts";
import { compile } from "../src/onnx/index.ts";
import { onnxOperators } from "../src/onnx/operators/index.ts";
import { borrow, giveBack } from "../src/runtime/memory.ts";
import { toLayout } from "../src/tensor.ts";
import { LeNet5, MobileNetV2 } from "../src/zoo/index.ts";
import { randomArray } from "./array.ts";
import { title, toTensor } from "./check.ts";
import { floats, graphOf, node } from "./graph/build.ts";
import { specs } from "./specs/index.ts";

const alive = () => ({ ...memory(), capacity: 0 });

beforeAll(async () => {
  // Enough for all that follows, which then does not grow.
  zeros([2 ** 24]).dispose();
  await init({ memoryLimit: memory().capacity });
});
afterAll(() => init({ memoryLimit: 2 ** 32 }));

/** Runs `fn` with one free run of so many bytes. */
function withRoom<T>(bytes: number, fn: () => T): T {
  const room = borrow(bytes)!, taken: [ptr: number, size: number][] = [];
  for (let size = 2 ** 26; size >= 16; size /= 2) {
    for (let ptr = borrow(size); ptr !== undefined; ptr = borrow(size)) taken.push([ptr, size]);
  }
  giveBack(room, bytes);
  try {
    return fn();
  } finally {
    for (const [ptr, size] of taken) giveBack(ptr, size);
  }
}

/**
 * Runs `fn` with more and more room, each time in a state that `reset` makes, until it succeeds.
 *
 * @returns how often it failed
 */
function starve(fn: () => readonly ArrayLike<number>[], reset = (): void => undefined): number {
  reset();
  const expected = fn();
  // Steps of a quarter: about the share of one block among several.
  for (let room = 16, failed = 0; ; room = Math.ceil(room / 12) * 16, failed++) {
    reset();
    const before = alive();
    try {
      expect(withRoom(room, fn)).toEqual(expected);
      expect(alive()).toEqual(before);
      return failed;
    } catch (error) {
      expect(String(error)).toMatch(/^RangeError: out of memory: \d+ bytes for /);
      expect(alive()).toEqual(before);
    }
    // It goes on where it was.
    expect(fn()).toEqual(expected);
  }
}

describe("operations", () => {
  for (const spec of specs) {
    const { shapes, options } = spec.cases.find((one) => one.shapes.every((shape) => !shape.includes(0))) ?? spec.cases[0]!;
    test(`${spec.name} ${title({ shapes, options })}`, () => scope(() => {
      const inputs = shapes.map((shape, i) => toTensor(randomArray(shape, i + 1)));
      starve(() => scope(() => [spec.run(inputs, options).data()]));
      expect(starve(() => scope(() => {
        const { value, grads } = gradients(() => {
          const y = spec.run(inputs, options);
          return sum(mul(y, y));
        }, inputs);
        return [[value], ...[...grads.values()].map((g) => g.data())];
      }))).toBeGreaterThan(1);
    }));
  }
});

describe("sessions", () => {
  // Parameters take their memory at the first use: here, before.
  const made = (model: Module): Module => {
    for (const one of model.stateDict().values()) void one.ptr;
    return model;
  };
  const drop = (model: Module): void => {
    for (const one of model.stateDict().values()) one.dispose();
  };

  test.each([["LeNet-5", LeNet5, [1, 1, 32, 32], 20], ["MobileNetV2", MobileNetV2, [1, 3, 32, 32], 20]] as const)("%s, compiled and run", (_, Model, input, least) => {
    manualSeed(1);
    const model = made(new Model());
    scope(() => {
      const x = toTensor(randomArray([...input], 1));
      expect(starve(() => {
        const session = compile(model, { input: [...input] });
        try {
          return scope(() => [session.run({ input: x })["output"]!.data()]);
        } finally {
          session.dispose();
        }
      })).toBeGreaterThan(least);
    });
    drop(model);
  });

  test("a graph that is fed integers, and one whose shapes hang on its input", () => {
    const early = graphOf([
      node("Cast", ["x"], ["a"], { to: 1 }),
      node("Neg", ["x"], ["n"]),
      node("Cast", ["n"], ["c"], { to: 1 }),
      node("Mul", ["a", "c"], ["b"]),
      node("Gather", ["table", "x"], ["e"]),
      node("Mul", ["e", "b"], ["y"]),
    ], { table: floats([50, 1], 2) });
    const late = graphOf([
      node("Relu", ["x"], ["r"]),
      node("NonZero", ["r"], ["i"]),
      node("Transpose", ["i"], ["j"]),
      node("GatherND", ["r", "j"], ["g"]),
      node("Exp", ["g"], ["y"]),
    ], {});
    scope(() => {
      const tokens = tensor(Int32Array.from({ length: 40 }, (_, i) => i), [40, 1]), numbers = toTensor(randomArray([300], 1));
      for (const [graph, x] of [[{ ...early, inputs: [{ name: "x", dtype: "int64", shape: undefined }] } as Graph, tokens], [late, numbers]] as const) {
        expect(starve(() => {
          const session = new Session(graph, onnxOperators);
          try {
            return scope(() => [session.run({ x })["y"]!.data()]);
          } finally {
            session.dispose();
          }
        })).toBeGreaterThan(10);
      }
    });
  });

  test("a plan for a second shape, which fails, leaves those there are as they were", () => {
    manualSeed(1);
    const model = made(new LeNet5()), session = compile(model, { input: ["n", 1, 32, 32] });
    const bound = session.bind({ input: [1, 1, 32, 32] });
    scope(() => {
      const images = [1, 2, 3].map((n) => toTensor(randomArray([n, 1, 32, 32], n)));
      const run = (): Float32Array[] => images.map((x) => scope(() => session.run({ input: x })["output"]!.data() as Float32Array));
      const expected = run();
      const x = toTensor(randomArray([4, 1, 32, 32], 4));
      for (let room = 16; room < 2 ** 20; room *= 1.5) {
        const before = alive();
        expect(() => withRoom(Math.floor(room / 16) * 16, () => session.run({ input: x }))).toThrow(/^out of memory/);
        expect(alive()).toEqual(before);
        bound.input("input").set(images[0]!.data());
        bound.run();
        expect(bound.output("output").slice()).toEqual(expected[0]);
        expect(run()).toEqual(expected);
        if (room > 50000) break;
      }
    });
    session.dispose();
    drop(model);
  });
});

describe("training", () => {
  const optimizers: [string, (parameters: Tensor[]) => Optimizer][] = [
    ["SGD", (parameters) => new SGD(parameters, { lr: 0.1, momentum: 0.9, dampening: 0.5 })],
    ["Adam", (parameters) => new Adam(parameters, { amsgrad: true })],
    ["AdamW", (parameters) => new AdamW(parameters)],
    ["RMSprop", (parameters) => new RMSprop(parameters, { momentum: 0.5, centered: true })],
  ];

  test.each(optimizers)("%s makes a step as a whole or not at all", (_, make) => {
    // Every buffer fills one block: with room for k of them, the next one is refused.
    const shape = [256], bytes = 1024;
    const parameters = [1, 2, 3].map((seed) => new Parameter(shape, (values) => values.set(randomArray(shape, seed).data)));
    const start = parameters.map((p) => p.data());
    const grads = () => new Map(parameters.map((p) => [p, toTensor(randomArray(shape, 9))]));
    const states = (optimizer: Optimizer) => [...parameters, ...optimizer.stateDict().values()].map((one) => one.data());
    const reset = (): Optimizer => {
      parameters.forEach((p, i) => p.view().set(start[i]!));
      return make(parameters);
    };
    scope(() => {
      const free = reset();
      free.step(grads());
      const expected = states(free);
      free.dispose();
      let failed = 0;
      for (let blocks = 0; ; blocks++) {
        const optimizer = reset();
        const given = grads(), before = alive();
        let done = true;
        try {
          withRoom(blocks * bytes, () => optimizer.step(given));
        } catch (error) {
          done = false;
          failed++;
          expect(String(error)).toMatch("out of memory");
          expect(alive()).toEqual(before);
          expect(parameters.map((p) => p.data())).toEqual(start);
          expect(optimizer.stateDict().size).toBe(0);
          optimizer.step(given);
        }
        expect(states(optimizer)).toEqual(expected);
        optimizer.dispose();
        if (done) break;
      }
      expect(failed).toBeGreaterThanOrEqual(3);
    });
    for (const p of parameters) p.dispose();
  });

  test("loadStateDict loads all or nothing", () => {
    const model = new Sequential(new Conv2d(4, 4, 3), new Conv2d(4, 16, 3));
    scope(() => {
      const state = new Map([...model.stateDict()].map(([name, { shape }], i) => [name, toLayout(toTensor(randomArray(shape, i)), "rowMajor")]));
      const read = () => model.parameters().map((p) => p.view().slice());
      const before = read();
      expect(starve(() => {
        try {
          model.loadStateDict(state);
        } catch (error) {
          expect(read()).toEqual(before);
          throw error;
        }
        return read();
      }, () => model.parameters().forEach((p, i) => p.view().set(before[i]!)))).toBeGreaterThan(1);
    });
    for (const p of model.parameters()) p.dispose();
  });

  test("a step of a network, from the loss to the weights", () => {
    let model: Sequential, optimizer: Optimizer;
    const drop = (): void => {
      optimizer?.dispose();
      for (const p of model?.parameters() ?? []) p.dispose();
    };
    const reset = (): void => {
      drop();
      manualSeed(1);
      model = new Sequential(new Conv2d(2, 8, 3), new ReLU(), new Flatten(), new Linear(288, 10));
      optimizer = new Adam(model.parameters());
      for (const p of model.parameters()) void p.ptr;
    };
    scope(() => {
      const x = toTensor(randomArray([4, 2, 8, 8], 1));
      // What is remembered belongs to no step.
      const step = () => scope(() => {
        const { value, grads } = gradients(() => softmaxCrossEntropy(model.forward(x), [1, 2, 3, 4]), model.parameters());
        optimizer.step(grads);
        return value;
      });
      reset();
      const expected = [step(), step()], weights = model!.parameters().map((p) => p.data());
      let failed = 0;
      for (let room = 16; ; room = Math.ceil(room / 12) * 16) {
        reset();
        const before = alive();
        try {
          withRoom(room, step);
          break;
        } catch (error) {
          failed++;
          expect(String(error)).toMatch(/^RangeError: out of memory/);
          expect(alive()).toEqual(before);
        }
        expect([step(), step()]).toEqual(expected);
        expect(model!.parameters().map((p) => p.data())).toEqual(weights);
      }
      expect(failed).toBeGreaterThan(10);
      drop();
    });
  });
});
