// Models of layers, compiled, and written and read again: the session computes what the model computes.

import { describe, expect, it } from "vitest";
import { Conv2d, Dropout, memory, Module, ReLU, scope, Sequential, type Tensor, tensor } from "../../src/index.ts";
import { compile, loadOnnx, toOnnx } from "../../src/onnx/index.ts";
import * as zoo from "../../src/zoo/index.ts";
import { randomArray } from "../array.ts";
import { checkClose, toTensor } from "../check.ts";
import { networks, termsOf, trained } from "../graph/networks.ts";

const random = (shape: readonly number[], seed: number): Tensor => toTensor(randomArray(shape, seed));

describe("compile", () => {
  for (const [name, [make, input]] of Object.entries(networks)) {
    it(`${name}: equal results at every batch size, read again too`, async () => {
      const model = trained(make), terms = termsOf(model), options = { input: ["batch", ...input] };
      const read = await loadOnnx(toOnnx(model, options));
      const sessions = { compiled: compile(model, options), exact: compile(model, { ...options, exact: true }), read };
      model.eval();
      for (const [kind, session] of Object.entries(sessions)) {
        for (const n of [1, 3, 2]) {
          scope(() => {
            const x = random([n, ...input], n);
            const expected = model.forward(x) as Tensor, y = session.run({ input: x })["output"]!;
            expect(y.shape).toEqual(expected.shape);
            checkClose(`${kind}, batch ${n}`, y.data(), expected.data(), terms);
          });
        }
        session.dispose();
      }
    });
  }

  // The smallest pictures that the networks' poolings leave something of.
  const small: [new () => Module, number[]][] = [
    [zoo.LeNet5, [2, 1, 32, 32]], [zoo.SqueezeNet, [1, 3, 48, 48]], [zoo.UNet, [1, 1, 32, 48]], [zoo.MobileNetV2, [1, 3, 64, 64]],
    [zoo.MobileNetV3Small, [2, 3, 64, 64]], [zoo.ResNet18, [1, 3, 64, 64]], [zoo.ShuffleNetV2, [1, 3, 64, 64]],
    [zoo.EfficientNetB0, [1, 3, 64, 64]], [zoo.DenseNet121, [1, 3, 64, 64]],
  ];
  for (const [Model, shape] of small) {
    it(`${Model.name}: equal results`, () => {
      const model = trained(() => new Model());
      const session = compile(model, { input: shape });
      model.eval();
      scope(() => {
        const x = random(shape, 3);
        checkClose(Model.name, session.run({ input: x })["output"]!.data(), (model.forward(x) as Tensor).data(), termsOf(model));
      });
      session.dispose();
      for (const one of model.stateDict().values()) one.dispose();
    });
  }

  it("leaves the model as it was", () => {
    const model = new Sequential(new Conv2d(1, 2, 3), new Dropout(0.5), new ReLU());
    (model.modules[1] as Module).eval();
    const before = new Map([...model.namedModules()].map(([name, module]) => [name, module.training]));
    compile(model, { input: [1, 1, 8, 8] }).dispose();
    expect(new Map([...model.namedModules()].map(([name, module]) => [name, module.training]))).toEqual(before);
    class Failing extends Sequential {
      override forward(): Tensor {
        throw new Error("no");
      }
    }
    const failing = new Failing(new Dropout(0.5));
    const alive = memory().tensors;
    expect(() => compile(failing, { input: [1, 1, 8, 8] })).toThrow("no");
    expect(failing.modules[0]!.training).toBe(true);
    expect(memory().tensors).toBe(alive);
  });

  it("has copies of the weights", () => {
    const model = new Sequential(new Conv2d(1, 2, 1));
    const session = compile(model, { input: [1, 1, 2, 2] });
    scope(() => {
      const x = tensor([1, 2, 3, 4], [1, 1, 2, 2]);
      const before = session.run({ input: x })["output"]!.data();
      for (const parameter of model.parameters()) parameter.view().fill(0);
      expect(session.run({ input: x })["output"]!.data()).toEqual(before);
    });
    session.dispose();
  });

  it("refuses what is no model of one output", () => {
    class Heads extends Module {
      first = new Conv2d(1, 2, 1);
      second = new Conv2d(1, 3, 1);
      forward(x: Tensor): Tensor {
        return [this.first.forward(x), this.second.forward(x)] as unknown as Tensor;
      }
    }
    const alive = memory().tensors, heads = new Heads(), own = memory().tensors - alive;
    expect(() => compile(heads, { input: [1, 1, 4, 4] })).toThrow(/^compile: one tensor must be returned, got a value of type Array/);
    expect(() => toOnnx(heads, { input: [1, 1, 4, 4] })).toThrow(TypeError);
    expect(memory().tensors).toBe(alive + own);
    const conv = new Conv2d(1, 2, 3);
    expect(() => compile({} as Module, { input: [1] })).toThrow(/^compile: model must be a module, got a value of type Object/);
    expect(() => compile(conv, {} as never)).toThrow(/^compile: input must be a shape, got undefined/);
    const free = /^compile: only the batch's length may have a name, axis 2 has "h" \(input \[n, 1, h, 8\]\)/;
    expect(() => compile(conv, { input: ["n", 1, "h", 8] })).toThrow(free);
    expect(() => compile(conv, { input: [1, 1, -3, 8] })).toThrow(RangeError);
    expect(() => compile(conv, { input: [1, 2, 8, 8] })).toThrow(/conv2d: x has 2 channels, w expects 1/);
  });
});
