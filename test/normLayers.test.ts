import { describe, expect, test } from "vitest";
import {
  add, BatchNorm1d, BatchNorm2d, BatchNorm3d, Dropout, Dropout1d, Dropout2d, Dropout3d, gradients, GroupNorm, Identity, InstanceNorm1d,
  InstanceNorm2d, InstanceNorm3d, LayerNorm, Module, scope, Sequential, ShapeError, sum, tensor, zeros,
} from "../src/index.ts";
import { mul } from "../src/ops/mul.ts";
import { Block, Net18, picture } from "./models.ts";

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
