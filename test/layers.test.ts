import { describe, expect, test } from "vitest";
import {
  add, BatchNorm1d, BatchNorm2d, BatchNorm3d, Buffer, Conv2d, defaultRandom, Dropout, Dropout1d, Dropout2d, Dropout3d, Flatten,
  fromSafetensors, gradients, GroupNorm, Identity, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm, Linear, manualSeed, memory,
  Module, Parameter, relu, ReLU, scope, Sequential, ShapeError, sum, type Tensor, tensor, toSafetensors, zeros,
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

// As torchvision names the parts of a residual network.
class Block extends Module {
  conv1: Conv2d;
  bn1: BatchNorm2d;
  downsample: Sequential;
  constructor(inChannels: number, channels: number) {
    super();
    this.conv1 = new Conv2d(inChannels, channels, 3, { padding: 1, bias: false });
    this.bn1 = new BatchNorm2d(channels);
    this.downsample = new Sequential(new Conv2d(inChannels, channels, 1, { bias: false }), new BatchNorm2d(channels));
  }
  forward(x: Tensor): Tensor {
    return relu(add(this.downsample.forward(x), this.bn1.forward(this.conv1.forward(x))));
  }
}

class Net18 extends Module {
  conv1 = new Conv2d(3, 4, 3, { bias: false });
  bn1 = new BatchNorm2d(4);
  layer1 = new Sequential(new Block(4, 6));
  drop = new Dropout(0.5);
  fc = new Linear(6 * 16, 2);
  forward(x: Tensor): Tensor {
    const y = this.layer1.forward(relu(this.bn1.forward(this.conv1.forward(x))));
    return this.fc.forward(new Flatten().forward(this.drop.forward(y)));
  }
}

const picture = (): Tensor => tensor(Float32Array.from({ length: 4 * 3 * 36 }, (_, i) => Math.sin(i * i)), [4, 3, 6, 6]);

describe("training and evaluation", () => {
  test("are set for all modules below", () => {
    const net = new Net18();
    const modes = () => [...net.namedModules().values()].map(({ training }) => training);
    expect(modes().every((mode) => mode)).toBe(true);
    expect(net.eval()).toBe(net);
    expect(modes().some((mode) => mode)).toBe(false);
    net.layer1.train();
    const block = net.layer1.modules[0] as Block;
    expect([net.training, block.training, block.downsample.modules[1]!.training, net.fc.training]).toEqual([false, true, true, false]);
    expect(net.train().eval().train(true)).toBe(net);
    expect(modes().every((mode) => mode)).toBe(true);
    expect(() => net.train(1 as never)).toThrow(/train: mode must be true or false, got 1/);
    net.dispose();
  });

  test("evaluation repeats itself and changes nothing; training drops, and moves the running statistics", () => {
    const net = new Net18(), x = picture();
    scope(() => {
      const state = () => JSON.stringify([...net.stateDict()].map(([name, value]) => [name, [...value.data()]]));
      const first = state();
      expect(net.eval().forward(x).data()).toEqual(net.forward(x).data());
      expect(state()).toBe(first);
      expect(net.train().forward(x).data()).not.toEqual(net.forward(x).data());
      expect(state()).not.toBe(first);
      const counts = [...net.namedBuffers()].filter(([name]) => name.endsWith("num_batches_tracked"));
      expect(counts.map(([, value]) => value.item())).toEqual([2, 2, 2]);
    });
    net.dispose();
    x.dispose();
  });

  test("apply visits inner modules first, in order, then the module itself", () => {
    const net = new Net18();
    const names = new Map([...net.namedModules()].map(([name, module]) => [module, name]));
    const visited: string[] = [];
    expect(net.apply((module) => visited.push(names.get(module)!))).toBe(net);
    expect(visited).toEqual([
      "conv1", "bn1", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.downsample.0", "layer1.0.downsample.1", "layer1.0.downsample", "layer1.0",
      "layer1", "drop", "fc", "",
    ]);
    expect([...names.values()].slice(0, 5)).toEqual(["", "conv1", "bn1", "layer1", "layer1.0"]);
    net.dispose();
  });
});

describe("normalisation layers", () => {
  test("start from ones and zeros, with the tensors that the options ask for", () => {
    const names = (module: Module): string[] => {
      return [...module.stateDict()].map(([name, { shape, dtype }]) => `${name} [${shape}]${dtype === "int32" ? " int32" : ""}`);
    };
    const affine = ["weight [4]", "bias [4]"], tracked = ["running_mean [4]", "running_var [4]", "num_batches_tracked [] int32"];
    for (const Layer of [BatchNorm1d, BatchNorm2d, BatchNorm3d]) {
      expect(names(new Layer(4))).toEqual([...affine, ...tracked]);
      expect(names(new Layer(4, { affine: false }))).toEqual(tracked);
      expect(names(new Layer(4, { trackRunningStats: false }))).toEqual(affine);
    }
    for (const Layer of [InstanceNorm1d, InstanceNorm2d, InstanceNorm3d]) {
      expect(names(new Layer(4))).toEqual([]);
      expect(names(new Layer(4, { affine: true, trackRunningStats: true }))).toEqual([...affine, ...tracked]);
    }
    expect(names(new GroupNorm(2, 4))).toEqual(affine);
    expect(names(new GroupNorm(2, 4, { affine: false }))).toEqual([]);
    expect(names(new LayerNorm([4, 5]))).toEqual(["weight [4,5]", "bias [4,5]"]);
    expect(names(new LayerNorm(4, { elementwiseAffine: false }))).toEqual([]);
    const layer = new BatchNorm2d(3);
    expect([...layer.stateDict().values()].map((value) => [...value.data()])).toEqual([[1, 1, 1], [0, 0, 0], [0, 0, 0], [1, 1, 1], [0]]);
    layer.dispose();
  });

  test("apply to the ranks of their names", () => {
    scope(() => {
      const shapes = [[4, 8], [4, 8, 3], [4, 8, 3, 2], [4, 8, 2, 3, 2]];
      const accepted = (layer: Module): number[] => shapes.flatMap((shape, i) => {
        try {
          expect(layer.forward(zeros(shape)).shape).toEqual(shape);
          return [i];
        } catch (error) {
          expect(error).toBeInstanceOf(ShapeError);
          return [];
        }
      });
      expect([new BatchNorm1d(8), new BatchNorm2d(8), new BatchNorm3d(8)].map(accepted)).toEqual([[0, 1], [2], [3]]);
      expect([new InstanceNorm1d(8), new InstanceNorm2d(8), new InstanceNorm3d(8)].map(accepted)).toEqual([[1], [2], [3]]);
      expect([new GroupNorm(2, 8), new LayerNorm(2), new LayerNorm([3, 2])].map(accepted)).toEqual([[0, 1, 2, 3], [2, 3], [2, 3]]);
    });
  });

  test("BatchNorm2d with momentum null: all batches weigh alike", () => {
    const layer = new BatchNorm2d(1, { momentum: null });
    scope(() => {
      for (const values of [[0, 2], [4, 6], [10, 20]]) layer.forward(tensor(values, [2, 1, 1, 1]));
      // Means 1, 5, 15; unbiased variances 2, 2, 50.
      expect(layer.runningMean!.item()).toBeCloseTo(7, 5);
      expect(layer.runningVar!.item()).toBeCloseTo(18, 5);
      expect(layer.numBatchesTracked!.item()).toBe(3);
    });
    layer.dispose();
  });

  test("BatchNorm1d without running statistics uses the batch's in evaluation too", () => {
    const layer = new BatchNorm1d(1, { trackRunningStats: false, affine: false, eps: 0 }).eval();
    scope(() => expect([...layer.forward(tensor([[1], [3]])).data()]).toEqual([-1, 1]));
  });

  test("InstanceNorm2d uses running statistics only after eval(), and only if it has them", () => {
    const plain = new InstanceNorm2d(1, { eps: 0 }).eval();
    const tracking = new InstanceNorm2d(1, { trackRunningStats: true, eps: 0, momentum: 0.5 });
    scope(() => {
      const x = tensor([1, 3], [1, 1, 1, 2]);
      for (const layer of [plain, tracking]) expect([...layer.forward(x).data()]).toEqual([-1, 1]);
      // Mean 2 and unbiased variance 2 join 0 and 1: mean 1, variance 1.5.
      expect([...tracking.eval().forward(x).data()]).toEqual([0, Math.fround(2 * Math.fround(1 / Math.sqrt(1.5)))]);
      expect(tracking.numBatchesTracked!.item()).toBe(0);
    });
    tracking.dispose();
  });

  test("refuse other ranks and channels by their own name", () => {
    const one = new BatchNorm1d(4), two = new BatchNorm2d(4, { affine: false });
    const refused = (layer: Module, shape: number[], message: RegExp): void => {
      expect(() => scope(() => layer.forward(zeros(shape)))).toThrow(ShapeError);
      expect(() => scope(() => layer.forward(zeros(shape)))).toThrow(message);
    };
    refused(two, [2, 4, 3], /^BatchNorm2d: x must be \[N, C, H, W\], it has 3 axes \(x \[2, 4, 3\]\)/);
    refused(one, [2, 4, 3, 3], /^BatchNorm1d: x must be \[N, C\] or \[N, C, L\], it has 4 axes \(x \[2, 4, 3, 3\]\)/);
    refused(two, [2, 3, 3, 3], /^BatchNorm2d: x has 3 channels, the layer expects 4 \(x \[2, 3, 3, 3\]\)/);
    expect(() => two.forward([1] as never)).toThrow(/^BatchNorm2d: x must be a tensor, got a value of type Array/);
  });

  test("a batch that is refused is not counted", () => {
    const layer = new BatchNorm1d(2);
    expect(() => scope(() => layer.forward(zeros([1, 2])))).toThrow(/batchNorm: training needs more than 1 value per channel/);
    expect(layer.numBatchesTracked!.item()).toBe(0);
    expect([...layer.runningVar!.data()]).toEqual([1, 1]);
    layer.dispose();
  });

  test("learn: weights and biases get gradients, buffers are no parameters", () => {
    const layer = new BatchNorm2d(3), x = picture();
    expect(layer.parameters()).toEqual([layer.weight, layer.bias]);
    scope(() => {
      const { grads } = gradients(() => sum(mul(layer.forward(x), x)), layer.parameters());
      expect([...grads.get(layer.bias!)!.data()].every((value) => value !== 0)).toBe(true);
      expect([...grads.get(layer.weight!)!.data()].every((value) => value > 0)).toBe(true);
    });
    layer.dispose();
    x.dispose();
  });
});

describe("Identity and dropout", () => {
  test("give a tensor of its own back where nothing happens", () => {
    const x = tensor([1, 2, 3]);
    for (const layer of [new Identity(), new Dropout().eval(), new Sequential(new Identity(), new Dropout(0))]) {
      const y = layer.forward(x);
      expect([...y.data()]).toEqual([1, 2, 3]);
      y.dispose();
    }
    expect([...x.data()]).toEqual([1, 2, 3]);
    scope(() => expect([...gradients(() => sum(new Identity().forward(x)), [x]).grads.get(x)!.data()]).toEqual([1, 1, 1]));
    x.dispose();
  });

  test("drop in training", () => {
    scope(() => {
      for (const [i, layer] of [new Dropout(0.9), new Dropout1d(0.9), new Dropout2d(0.9), new Dropout3d(0.9)].entries()) {
        const x = add(zeros([10, 10, 1, 1, 1].slice(0, i + 2)), 1);
        const zero = layer.forward(x).data().filter((value) => value === 0).length;
        expect(zero).toBeGreaterThan(70);
        expect(zero).toBeLessThan(100);
        expect(layer.eval().forward(x).data()).toEqual(x.data());
      }
    });
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

describe("state dictionaries", () => {
  test("have PyTorch's names in PyTorch's order, buffers included", () => {
    const net = new Net18();
    const norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    expect([...net.stateDict().keys()]).toEqual([
      "conv1.weight", ...norm.map((name) => `bn1.${name}`), "layer1.0.conv1.weight", ...norm.map((name) => `layer1.0.bn1.${name}`),
      "layer1.0.downsample.0.weight", ...norm.map((name) => `layer1.0.downsample.1.${name}`), "fc.weight", "fc.bias",
    ]);
    net.dispose();
  });

  test("leave the names of fields as they are; only a buffer may have another", () => {
    class Odd extends Module {
      Mixed_5b = new Linear(1, 1, { bias: false });
      someLayer = new Linear(1, 1, { bias: false });
      posEmbedding = new Parameter([1], (values) => values.fill(0));
      lastSeen = new Buffer([1], (values) => values.fill(0));
      runningMax = new Buffer([2], (values) => values.fill(3), { dtype: "int32", name: "running_max" });
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const odd = new Odd();
    expect([...odd.stateDict().keys()]).toEqual(["posEmbedding", "lastSeen", "running_max", "Mixed_5b.weight", "someLayer.weight"]);
    expect([...odd.namedBuffers().keys()]).toEqual(["lastSeen", "running_max"]);
    expect([...odd.namedParameters().keys()]).toEqual(["posEmbedding", "Mixed_5b.weight", "someLayer.weight"]);
    expect([...odd.runningMax.data()]).toEqual([3, 3]);
    odd.dispose();
    expect(odd.lastSeen.disposed).toBe(true);
  });

  test("hold shared tensors under each of their names, as in PyTorch; lists hold them once", () => {
    const layer = new BatchNorm1d(2), twice = new Sequential(layer, layer);
    expect([...twice.stateDict().keys()].length).toBe(10);
    expect([...twice.namedParameters().keys()]).toEqual(["0.weight", "0.bias"]);
    expect([...twice.namedBuffers().keys()]).toEqual(["0.running_mean", "0.running_var", "0.num_batches_tracked"]);
    twice.dispose();
  });

  test("go through a safetensors file and back: parameters, running statistics and counts", () => {
    const a = new Net18(), b = new Net18(), x = picture();
    scope(() => {
      for (let i = 0; i < 3; i++) a.forward(x);
      expect(b.loadStateDict(fromSafetensors(toSafetensors(a.stateDict())))).toEqual({ missing: [], unexpected: [] });
      for (const [name, value] of a.stateDict()) expect(b.stateDict().get(name)!.data(), name).toEqual(value.data());
      expect(b.bn1.numBatchesTracked!.item()).toBe(3);
      expect(b.eval().forward(x).data()).toEqual(a.eval().forward(x).data());
    });
    for (const one of [a, b, x]) one.dispose();
  });

  test("load in part where strict is false, and tell what did not meet", () => {
    const model = new Linear(3, 2), weight = tensor(new Float32Array(6).fill(2), [2, 3]), other = zeros([1]);
    const bias = model.bias!.data();
    const result = model.loadStateDict(new Map([["weight", weight], ["head.weight", other]]), { strict: false });
    expect(result).toEqual({ missing: ["bias"], unexpected: ["head.weight"] });
    expect(model.weight.data()).toEqual(weight.data());
    expect(model.bias!.data()).toEqual(bias);
    expect(() => model.loadStateDict(new Map([["weight", other]]), { strict: false })).toThrow(/weight has shape \[1\], the module expects \[2, 3\]/);
    expect(() => model.loadStateDict(new Map(), { strict: "no" as never })).toThrow(/loadStateDict: strict must be true or false, got "no"/);
    for (const one of [model, weight, other]) one.dispose();
  });

  test("may lack num_batches_tracked, as PyTorch's older files do, and nothing else", () => {
    const a = new BatchNorm2d(2), b = new BatchNorm2d(2);
    const without = (name: string) => new Map([...a.stateDict()].filter(([key]) => key !== name));
    expect(b.loadStateDict(without("num_batches_tracked"))).toEqual({ missing: ["num_batches_tracked"], unexpected: [] });
    expect(() => b.loadStateDict(without("running_var"))).toThrow(/loadStateDict: missing running_var/);
    for (const one of [a, b]) one.dispose();
  });

  test("refuse another dtype, what is no map and what was disposed", () => {
    const layer = new BatchNorm2d(1), gone = zeros([1]), float = zeros([]);
    gone.dispose();
    const state = layer.stateDict();
    const load = (name: string, value: Tensor) => () => layer.loadStateDict(new Map([...state, [name, value]]));
    expect(load("num_batches_tracked", float)).toThrow(/loadStateDict: num_batches_tracked must be int32, it is float32/);
    expect(load("bias", gone)).toThrow(/loadStateDict: bias \[1\] is used after it was disposed/);
    expect(() => layer.loadStateDict({} as never)).toThrow(/loadStateDict: state must be a map of tensors by name, got a value of/);
    for (const one of [layer, float]) one.dispose();
  });

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
