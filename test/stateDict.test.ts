import { describe, expect, test } from "vitest";
import {
  BatchNorm1d, BatchNorm2d, Buffer, fromSafetensors, Linear, Module, Parameter, scope, Sequential, ShapeError, type Tensor, tensor,
  toSafetensors, zeros,
} from "../src/index.ts";
import { Net, Net18, picture } from "./models.ts";

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
