import { describe, expect, test } from "vitest";
import {
  BatchNorm1d, BatchNorm2d, Conv2d, defaultRandom, Dropout, Dropout2d, Flatten, gradients, GroupNorm, InstanceNorm3d, LayerNorm, Linear,
  manualSeed, memory, relu, ReLU, scope, Sequential, ShapeError, sum, tensor, zeros,
} from "../src/index.ts";
import { mul } from "../src/ops/mul.ts";
import { Net } from "./models.ts";

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

// As torchvision names the parts of a residual network.
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

  test("changes no running statistics, draws no random numbers, and describes a batch of 1 in training too", () => {
    const model = new Sequential(new Flatten(), new Linear(12, 4), new BatchNorm1d(4), new Dropout(), new LayerNorm(4), new GroupNorm(2, 4));
    const norm = model.modules[2] as BatchNorm1d;
    const random = [...defaultRandom().state], before = memory();
    const summary = model.summary([1, 3, 2, 2]);
    expect(summary.rows.map(({ type, outputShape, parameters }) => [type, outputShape, parameters])).toEqual([
      ["Flatten", [1, 12], 0], ["Linear", [1, 4], 52], ["BatchNorm1d", [1, 4], 8], ["Dropout", [1, 4], 0], ["LayerNorm", [1, 4], 8],
      ["GroupNorm", [1, 4], 8],
    ]);
    expect(model.summary([0, 3, 2, 2]).outputShape).toEqual([0, 4]);
    expect(memory()).toEqual(before);
    expect([...defaultRandom().state]).toEqual(random);
    expect(norm.training).toBe(true);
    expect([...norm.namedBuffers().values()].map((value) => [...value.data()])).toEqual([[0, 0, 0, 0], [1, 1, 1, 1], [0]]);
    model.dispose();
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
    ["BatchNorm2d without channels", () => new BatchNorm2d(0), RangeError, /BatchNorm2d: numFeatures must be a positive integer, got 0/],
    ["BatchNorm1d with a negative eps", () => new BatchNorm1d(4, { eps: -1 }), RangeError, /BatchNorm1d: eps must be a finite number of at least 0, got -1/],
    ["BatchNorm1d with a momentum of wrong kind", () => new BatchNorm1d(4, { momentum: "0.1" as never }), TypeError, /BatchNorm1d: momentum must be a number, got "0.1"/],
    ["InstanceNorm3d of wrong kind", () => new InstanceNorm3d(4, { affine: 1 as never }), TypeError, /InstanceNorm3d: affine must be true or false, got 1/],
    ["GroupNorm with groups that do not divide", () => new GroupNorm(4, 6), ShapeError, /GroupNorm: 6 channels are not divisible by 4 groups/],
    ["LayerNorm without axes", () => new LayerNorm([]), ShapeError, /LayerNorm: normalizedShape must have at least 1 axis/],
    ["Dropout with p above 1", () => new Dropout(1.5), RangeError, /Dropout: p must be a number from 0 to 1, got 1.5/],
    ["Dropout2d of wrong kind", () => new Dropout2d("all" as never), TypeError, /Dropout2d: p must be a number, got "all"/],
    ["Linear of wrong kind", () => new Linear("3" as never, 4), TypeError, /Linear: inFeatures must be a number, got "3"/],
  ])("%s", (_, call, error, message) => {
    const before = memory();
    expect(call).toThrow(error);
    expect(call).toThrow(message);
    expect(memory()).toEqual(before);
  });
});
