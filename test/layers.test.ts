import { describe, expect, test } from "vitest";
import {
  add, Conv2d, Flatten, gradients, Linear, manualSeed, memory, Module, Parameter, relu, ReLU, scope, Sequential, ShapeError, sum, type Tensor, tensor, zeros,
} from "../src/index.ts";
import { mul } from "../src/ops/mul.ts";

class Residual extends Module {
  conv1 = new Conv2d(4, 4, 3, { padding: 1 });
  conv2 = new Conv2d(4, 4, 3, { padding: 1, bias: false });
  forward(x: Tensor): Tensor {
    return relu(add(x, this.conv2.forward(relu(this.conv1.forward(x)))));
  }
}

class Net extends Module {
  stem = new Conv2d(1, 4, 3);
  blocks = [new Residual(), new Residual()];
  head = new Sequential(new Flatten(), new Linear(144, 10));
  gain = new Parameter([1], (values) => values.fill(1));
  forward(x: Tensor): Tensor {
    let y = this.stem.forward(x);
    for (const block of this.blocks) y = block.forward(y);
    return this.head.forward(y);
  }
}

describe("modules", () => {
  test("name their parameters as PyTorch does", () => {
    expect([...new Net().stateDict().entries()].map(([name, { shape }]) => `${name} [${shape}]`)).toEqual([
      "gain [1]", "stem.weight [4,1,3,3]", "stem.bias [4]",
      "blocks.0.conv1.weight [4,4,3,3]", "blocks.0.conv1.bias [4]", "blocks.0.conv2.weight [4,4,3,3]",
      "blocks.1.conv1.weight [4,4,3,3]", "blocks.1.conv1.bias [4]", "blocks.1.conv2.weight [4,4,3,3]",
      "head.1.weight [10,144]", "head.1.bias [10]",
    ]);
  });

  test("count shared parameters once", () => {
    const layer = new Linear(3, 3);
    expect(new Sequential(layer, new ReLU(), layer).parameters().length).toBe(2);
  });

  test("own modules learn: every parameter that is used gets a gradient", () => {
    const net = new Net();
    scope(() => {
      const x = tensor(Float32Array.from({ length: 128 }, (_, i) => Math.sin(i)), [2, 1, 8, 8]);
      const weights = tensor(Float32Array.from({ length: 20 }, (_, i) => Math.cos(i)), [2, 10]);
      const { grads } = gradients(() => sum(mul(net.forward(x), weights)), net.parameters());
      for (const [name, parameter] of net.namedParameters()) {
        const g = grads.get(parameter)!;
        expect(g.shape, name).toEqual(parameter.shape);
        expect(g.data().some((value) => value !== 0), name).toBe(name !== "gain");
      }
    });
    net.dispose();
  });

  test("Sequential refuses what is no module", () => {
    expect(() => new Sequential(new ReLU(), relu as never)).toThrow(/Sequential: modules\[1\] must be a module, got a function/);
  });

  test("a forward pass outside of gradients keeps only its result", () => {
    const model = new Sequential(new Conv2d(1, 4, 3), new ReLU(), new Flatten(), new Linear(144, 3));
    const x = zeros([1, 1, 8, 8]);
    model.forward(x).dispose();
    const before = memory();
    const y = model.forward(x);
    expect(memory().tensors).toBe(before.tensors + 1);
    y.dispose();
    expect(memory()).toEqual(before);
    model.dispose();
    x.dispose();
  });

  test("disposed modules give their memory back", () => {
    const before = memory();
    const model = new Sequential(new Linear(10, 10), new Linear(10, 10));
    scope(() => model.forward(zeros([1, 10])).shape);
    expect(memory().bytes).toBeGreaterThan(before.bytes);
    model.dispose();
    expect({ ...memory(), capacity: 0 }).toEqual({ ...before, capacity: 0 });
  });

  test("a model made inside a scope survives it", () => {
    const layer = scope(() => new Linear(2, 2));
    expect(layer.weight.data().length).toBe(4);
    layer.dispose();
  });
});

describe("initialisation", () => {
  test("is PyTorch's: uniform within 1 / sqrt(fan in), weights and biases", () => {
    manualSeed(3);
    const conv = new Conv2d(8, 64, 5, { groups: 2 });
    const bound = 1 / Math.sqrt(4 * 25);
    for (const parameter of [conv.weight, conv.bias!]) {
      const values = parameter.data();
      expect(Math.max(...values)).toBeLessThanOrEqual(bound);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(-bound);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      // Five standard errors of the mean and of the variance of a uniform distribution.
      expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * values.length));
      expect(Math.abs(variance / (bound ** 2 / 3) - 1)).toBeLessThan((5 * Math.sqrt(0.8)) / Math.sqrt(values.length));
    }
    conv.dispose();
  });

  test("is seeded, and does not depend on which parameter is looked at first", () => {
    manualSeed(5);
    const first = new Sequential(new Linear(3, 4), new Linear(4, 5));
    const values = first.parameters().map((parameter) => [...parameter.data()]);
    manualSeed(5);
    const second = new Sequential(new Linear(3, 4), new Linear(4, 5));
    const backwards = second.parameters().reverse().map((parameter) => [...parameter.data()]).reverse();
    expect(backwards).toEqual(values);
    expect(values[0]).not.toEqual(values[2]);
    first.dispose();
    second.dispose();
  });
});

describe("summary", () => {
  test("tells output shapes and parameters, and takes no memory", () => {
    const model = new Sequential(new Conv2d(1, 8, 5, { padding: 2 }), new ReLU(), new Flatten(), new Linear(6272, 10));
    const before = memory();
    const summary = model.summary([32, 1, 28, 28]);
    expect(memory()).toEqual(before);
    expect(summary.rows.map(({ name, type, outputShape, parameters }) => [name, type, outputShape, parameters])).toEqual([
      ["0", "Conv2d", [32, 8, 28, 28], 208],
      ["1", "ReLU", [32, 8, 28, 28], 0],
      ["2", "Flatten", [32, 6272], 0],
      ["3", "Linear", [32, 10], 62730],
    ]);
    expect(summary.outputShape).toEqual([32, 10]);
    expect(summary.parameters).toBe(62938);
    expect(String(summary)).toMatch(/^Layer +Type +Output shape +Parameters\n.*\n0 +Conv2d +\[32, 8, 28, 28\] +208\n/);
    expect(model.forward).toBe(Sequential.prototype.forward);
    model.dispose();
  });

  test("the course notes' numbers: a linear layer on a picture, and a filter on any picture", () => {
    expect(new Linear(784, 1000).summary([1, 784]).parameters).toBe(785_000);
    expect(new Sequential(new Flatten(), new Linear(224 * 224 * 3, 1000)).summary([1, 3, 224, 224]).parameters).toBe(150_529_000);
    expect(new Conv2d(1, 1, 3, { padding: 1, bias: false }).summary([1, 1, 256, 256]).parameters).toBe(9);
  });

  test("names own modules by their fields", () => {
    expect(new Net().summary([1, 1, 8, 8]).rows.map(({ name }) => name)).toEqual([
      "stem", "blocks.0.conv1", "blocks.0.conv2", "blocks.1.conv1", "blocks.1.conv2", "head.0", "head.1",
    ]);
  });

  test("refuses an input that does not fit, and leaves the model as it was", () => {
    const model = new Sequential(new Conv2d(3, 8, 3), new Flatten(), new Linear(10, 10));
    expect(() => model.summary([1, 3, 8, 8])).toThrow(/linear: x has 288 features, w expects 10/);
    expect(() => model.summary([1, 3, -8, 8])).toThrow(/summary: shape must hold non-negative integers, got -8/);
    expect(Object.keys(model.modules[0]!)).not.toContain("forward");
  });
});

describe("bad arguments", () => {
  test.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    ["Conv2d without channels", () => new Conv2d(0, 8, 3), RangeError, /Conv2d: inChannels must be a positive integer, got 0/],
    ["Conv2d with half a channel", () => new Conv2d(3, 1.5, 3), RangeError, /Conv2d: outChannels must be a positive integer, got 1.5/],
    ["Conv2d with groups that do not divide", () => new Conv2d(3, 8, 3, { groups: 2 }), ShapeError, /Conv2d: inChannels 3 is not divisible by 2 groups/],
    ["Conv2d with a negative stride", () => new Conv2d(3, 8, 3, { stride: -2 }), RangeError, /Conv2d: stride must be a positive integer, got -2/],
    ["Conv2d with an empty kernel", () => new Conv2d(3, 8, 0), RangeError, /Conv2d: kernelSize must be a positive integer, got 0/],
    ["Linear of wrong kind", () => new Linear("3" as never, 4), TypeError, /Linear: inFeatures must be a number, got "3"/],
  ])("%s", (_, call, error, message) => {
    const before = memory();
    expect(call).toThrow(error);
    expect(call).toThrow(message);
    expect(memory()).toEqual(before);
  });
});

describe("state dictionaries", () => {
  test("load what another model saved", () => {
    const a = new Net(), b = new Net();
    b.loadStateDict(a.stateDict());
    for (const [name, parameter] of a.namedParameters()) expect(b.namedParameters().get(name)!.data(), name).toEqual(parameter.data());
    const weight = tensor(new Float32Array(36).fill(2), [4, 1, 3, 3]);
    b.loadStateDict(new Map([...b.stateDict(), ["stem.weight", weight]]));
    expect(b.stem.weight.data()).toEqual(weight.data());
    for (const tensor of [a, b, weight]) tensor.dispose();
  });

  test("refuse missing and unknown names and wrong shapes, and change nothing", () => {
    const model = new Linear(3, 2);
    const before = model.weight.data();
    const state = model.stateDict();
    const bias = zeros([2]), wrong = zeros([3, 2]), right = zeros([2, 3]);
    expect(() => model.loadStateDict(new Map([["bias", bias]]))).toThrow(/loadStateDict: missing weight/);
    expect(() => model.loadStateDict(new Map([...state, ["extra", bias]]))).toThrow(/loadStateDict: unexpected extra/);
    expect(() => model.loadStateDict(new Map([["weight", wrong], ["bias", bias]]))).toThrow(/weight has shape \[3, 2\], the module expects \[2, 3\]/);
    expect(() => model.loadStateDict(new Map([["weight", right], ["bias", wrong]]))).toThrow(ShapeError);
    expect(model.weight.data()).toEqual(before);
    for (const tensor of [bias, wrong, right, model]) tensor.dispose();
  });
});
