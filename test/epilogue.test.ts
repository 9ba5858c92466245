import { describe, expect, test } from "vitest";
import { add, clamp, conv2d, hardsigmoid, hardswish, leakyRelu, Linear, linear, memory, relu, scope, sigmoid, silu, type Tensor, zeros } from "../src/index.ts";
import type { Activation } from "../src/epilogue.ts";
import { convFused } from "../src/ops/convolution.ts";
import { productFused } from "../src/ops/matmul.ts";
import { toLayout } from "../src/tensor.ts";
import { convWindow } from "../src/window.ts";
import { randomArray } from "./array.ts";
import { checkClose, toTensor } from "./check.ts";

const activations: [string, Activation | undefined, (x: Tensor) => Tensor][] = [
  ["nothing", undefined, (x) => x],
  ["relu", { kind: "clamp", lower: 0, upper: Infinity }, relu],
  ["clamp", { kind: "clamp", lower: -0.5, upper: 0.75 }, (x) => clamp(x, -0.5, 0.75)],
  ["leakyRelu", { kind: "leakyRelu", slope: 0.3 }, (x) => leakyRelu(x, { negativeSlope: 0.3 })],
  ["sigmoid", { kind: "sigmoid" }, sigmoid],
  ["silu", { kind: "silu" }, silu],
  ["hardsigmoid", { kind: "hardsigmoid" }, hardsigmoid],
  ["hardswish", { kind: "hardswish" }, hardswish],
];

describe.each(activations)("an epilogue with %s is the operations one after the other", (_, activation, apply) => {
  // Plain, strided, pointwise, grouped, depthwise.
  test.each([
    { x: [2, 5, 7, 6], w: [9, 5, 3, 3], options: { padding: 1 } },
    { x: [1, 4, 9, 9], w: [6, 4, 3, 2], options: { stride: 2 } },
    { x: [2, 12, 5, 5], w: [20, 12, 1, 1], options: {} },
    { x: [1, 6, 6, 6], w: [4, 3, 3, 3], options: { groups: 2, dilation: 2, padding: 2 } },
    { x: [1, 19, 6, 7], w: [19, 1, 3, 3], options: { groups: 19, padding: 1 } },
  ])("convolution %o", ({ x: xShape, w: wShape, options }) => {
    scope(() => {
      const x = toTensor(randomArray(xShape, 1)), w = toTensor(randomArray(wShape, 2)), bias = toTensor(randomArray([wShape[0]!], 3));
      const win = convWindow("conv2d", 2, xShape, wShape, options);
      const residual = toTensor(randomArray(win.outputShape, 4));
      for (const [by, added] of [[undefined, undefined], [bias, undefined], [undefined, residual], [bias, toLayout(residual, "rowMajor")]] as const) {
        const plain = conv2d(x, w, by ? { ...options, bias: by } : options);
        const expected = apply(added ? add(plain, added) : plain);
        const { tensors } = memory();
        const y = convFused(x, w, win, { bias: by, residual: added, activation });
        expect(memory().tensors).toBe(tensors + 1);
        checkClose("y", y.data(), expected.data(), wShape[1]! * wShape[2]! * wShape[3]!);
      }
    });
  });

  test.each([[1, 1, 1], [1, 17, 30], [3, 8, 5], [30, 19, 70]])("product of %i rows, %i columns, %i terms", (m, n, k) => {
    scope(() => {
      const x = toTensor(randomArray([m, k], 1)), w = toTensor(randomArray([n, k], 2)), bias = toTensor(randomArray([n], 3));
      const residual = toTensor(randomArray([m, n], 4));
      for (const [by, added] of [[undefined, undefined], [bias, undefined], [undefined, residual], [bias, residual]] as const) {
        const plain = linear(x, w, by);
        const expected = apply(added ? add(plain, added) : plain);
        const y = productFused(x, w, false, true, { bias: by, residual: added, activation });
        checkClose("y", y.data(), expected.data(), k);
      }
    });
  });
});

test("a bias whose memory is taken while the epilogue is written is not lost", () => {
  // So large that the memory grows.
  const layer = new Linear(1, 6_000_000);
  const first = scope(() => layer.forward(zeros([1, 1])).view().slice(0, 8));
  expect([...first]).toEqual([...layer.bias!.view().slice(0, 8)]);
  layer.dispose();
});
