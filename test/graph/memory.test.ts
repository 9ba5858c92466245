// What a session keeps in memory, against what it cannot do without: the weights, and what the widest node reads and writes.

import { expect, it } from "vitest";
import { manualSeed, memory, type Module, scope } from "../../src/index.ts";
import { compile } from "../../src/onnx/index.ts";
import { MobileNetV2, ResNet18 } from "../../src/zoo/index.ts";
import { randomArray } from "../array.ts";
import { toTensor } from "../check.ts";

// The widest neighbours by the tables of the papers, for pictures of 224x224: an expansion and the depthwise convolution that
// halves it; the first convolution and the pooling behind it.
const networks: [new () => Module, number][] = [
  [MobileNetV2, 96 * 112 * 112 + 96 * 56 * 56],
  [ResNet18, 64 * 112 * 112 + 64 * 56 * 56],
];

for (const [Model, pair] of networks) {
  it(`${Model.name} keeps its weights, the widest pair of maps, and less than 15 % beside them`, () => {
    manualSeed(1);
    const model = new Model(), parameters = model.parameters().reduce((sum, { size }) => sum + size, 0);
    const input = [1, 3, 224, 224], bound = 4 * (parameters + pair);
    // The model's own parameters take their memory at the first use.
    for (const one of model.stateDict().values()) void one.ptr;
    const before = memory().bytes;
    const session = compile(model, { input, exact: true });
    scope(() => {
      const x = toTensor(randomArray(input, 2));
      const run = (): void => session.run({ input: x })["output"]!.dispose();
      run();
      const kept = memory().bytes, { weights, maps } = session.memory();
      for (let i = 0; i < 3; i++) run();
      expect(memory().bytes).toBe(kept);
      const [all, w, m, ...bounds] = [kept - before, weights, maps, 4 * parameters, 4 * pair].map((bytes) => (bytes / 1e6).toFixed(2));
      const percent = (100 * ((weights + maps) / bound - 1)).toFixed(1);
      console.log(`${Model.name}: weights ${w} + maps ${m} MB, bound ${bounds.join(" + ")} MB, ${percent} % above; in all ${all} MB`);
      expect(weights + maps).toBeLessThan(1.15 * bound);
      // What the allocator rounds up, and the input itself.
      expect(kept - before).toBeLessThan(1.15 * bound + 4 * x.size);
    });
    session.dispose();
    expect(memory().bytes).toBe(before);
    for (const one of model.stateDict().values()) one.dispose();
  });
}
