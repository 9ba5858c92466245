// What is written runs in ONNX Runtime, with equal results.

import { describe, expect, it } from "vitest";
import { GraphError } from "../../src/graph/operator.ts";
import { trace } from "../../src/graph/trace.ts";
import { argmax, Module, scope, type Tensor } from "../../src/index.ts";
import { loadOnnx, toOnnx } from "../../src/onnx/index.ts";
import { writeOnnx } from "../../src/onnx/write.ts";
import { MobileNetV3Small, SqueezeNet } from "../../src/zoo/index.ts";
import { randomArray } from "../array.ts";
import { checkClose, title, toTensor } from "../check.ts";
import { networks, termsOf, trained } from "../graph/networks.ts";
import { specs } from "../specs/index.ts";
import type { Case, OpSpec } from "../specs/spec.ts";
import { type Floats, loadInRuntime } from "./runtime.ts";

// What ONNX allows and the engine does not do, by the case's title.
const beyondRuntime: Readonly<Record<string, { title: string; reason: string }>> = {
  interpolate: { title: "1x5x5 {scaleFactor:1.1}", reason: "it hands on what keeps its size, whatever the factor" },
  pad: { title: "scalar {padding:[]}", reason: "it pads no scalars" },
};

interface Written {
  bytes: Uint8Array;
  feeds: Record<string, Floats>;
  expected: Floats;
}

/** A case computed here and written, with all arguments as inputs or those behind the first as constants. */
function write<O>(spec: OpSpec<O>, { shapes, options }: Case<O>, constant: boolean): Written {
  return scope(() => {
    const tensors = shapes.map((shape, i) => toTensor(randomArray(shape, i + 1)));
    const inputs = new Map(tensors.slice(0, constant ? 1 : undefined).map((x, i) => [`x${i}`, x]));
    const bytes = writeOnnx(trace("trace", () => spec.run(tensors, options), inputs));
    const feeds = Object.fromEntries([...inputs].map(([name, x]) => [name, { shape: x.shape, data: x.data() }]));
    const y = spec.run(tensors, options);
    return { bytes, feeds, expected: { shape: y.shape, data: y.data() } };
  });
}

async function check<O>(spec: OpSpec<O>, one: Case<O>, { bytes, feeds, expected }: Written): Promise<void> {
  const model = await loadInRuntime(bytes);
  try {
    const y = await model.run(feeds);
    expect(y.shape).toEqual(expected.shape);
    checkClose(spec.name, y.data, expected.data, spec.terms(one.shapes, one.options));
  } finally {
    await model.release();
  }
}

describe("operations in ONNX Runtime", () => {
  for (const spec of specs) {
    const cases = spec.cases.filter(({ shapes }) => shapes.every((shape) => shape.every((length) => length > 0)));
    it(spec.name, async () => {
      for (const one of cases) {
        for (const constant of one.shapes.length > 1 ? [false, true] : [false]) {
          try {
            const written = write(spec, one, constant);
            if (beyondRuntime[spec.name]?.title === title(one)) await expect(check(spec, one, written)).rejects.toThrow();
            else await check(spec, one, written);
          } catch (error) {
            // Which cases have no form is told in trace.test.ts.
            if (error instanceof GraphError && error.message.includes("no form in ONNX")) continue;
            throw new Error(`${title(one)}${constant ? ", constants" : ""}: ${(error as Error).message}`, { cause: error });
          }
        }
      }
    });
  }
});

async function checkModel(model: Module, input: readonly number[], batches: readonly number[]): Promise<void> {
  const bytes = toOnnx(model, { input: ["batch", ...input] }), terms = termsOf(model);
  const engines = [await loadInRuntime(bytes), await loadInRuntime(bytes, "all")];
  const read = await loadOnnx(bytes);
  model.eval();
  for (const n of batches) {
    const x = toTensor(randomArray([n, ...input], 3 + n));
    const expected = model.forward(x) as Tensor;
    const own = read.run({ input: x })["output"]!;
    expect(own.shape).toEqual(expected.shape);
    checkClose("read again", own.data(), expected.data(), terms);
    for (const engine of engines) {
      const y = await engine.run({ input: { shape: x.shape, data: x.data() } });
      expect(y.shape).toEqual(expected.shape);
      checkClose("ONNX Runtime", y.data, expected.data(), terms);
    }
    for (const one of [x, expected, own]) one.dispose();
  }
  for (const engine of engines) await engine.release();
  read.dispose();
}

describe("networks in ONNX Runtime", () => {
  for (const [name, [make, input]] of Object.entries(networks)) {
    it(`${name}, at several batch sizes`, () => checkModel(trained(make), input, [1, 3, 2]));
  }

  for (const Model of [MobileNetV3Small, SqueezeNet]) {
    it(Model.name, () => checkModel(trained(() => new Model(10)), [3, 64, 64], [1, 2]));
  }

  it("gives indices as integers", async () => {
    class Label extends Module {
      forward(x: Tensor): Tensor {
        return argmax(x, 1) as unknown as Tensor;
      }
    }
    const engine = await loadInRuntime(toOnnx(new Label(), { input: ["batch", 4] }));
    const y = await engine.run({ input: { shape: [2, 4], data: Float32Array.of(1, 5, 2, 3, 0, -1, -2, 7) } });
    expect(y).toEqual({ shape: [2], data: [1, 3] });
    await engine.release();
  });
});
