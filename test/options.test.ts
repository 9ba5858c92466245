import { describe, expect, test } from "vitest";
import * as adjoint from "../src/index.ts";
import { memory, ones, zeros } from "../src/index.ts";

// What PyTorch takes by position stands in options here. An argument in their place must not be overlooked.
const x = zeros([1, 2, 8, 8]), w = zeros([3, 2, 3, 3]), line = zeros([1, 2, 8]), vector = ones([2]);
const parameters = [ones([2])];
const calls = {
  conv1d: () => adjoint.conv1d(line, zeros([3, 2, 3]), vector as never),
  conv2d: () => adjoint.conv2d(x, w, ones([3]) as never),
  conv2dInputAdjoint: () => adjoint.conv2dInputAdjoint(zeros([1, 3, 6, 6]), w, [1, 2, 8, 8], 1 as never),
  conv2dFilterAdjoint: () => adjoint.conv2dFilterAdjoint(x, zeros([1, 3, 6, 6]), [3, 2, 3, 3], 1 as never),
  convTranspose2d: () => adjoint.convTranspose2d(x, zeros([2, 3, 3, 3]), ones([3]) as never),
  im2col: () => adjoint.im2col(x, 3, 2 as never),
  maxPool1d: () => adjoint.maxPool1d(line, 3, 2 as never),
  maxPool2d: () => adjoint.maxPool2d(x, 3, 2 as never),
  avgPool2d: () => adjoint.avgPool2d(x, 3, [2, 2] as never),
  lpPool2d: () => adjoint.lpPool2d(x, 2, 3, 2 as never),
  sum: () => adjoint.sum(x, 1, true as never),
  mean: () => adjoint.mean(x, [2, 3], true as never),
  variance: () => adjoint.variance(x, 1, false as never),
  argmax: () => adjoint.argmax(x, 1, true as never),
  batchNorm: () => adjoint.batchNorm(x, zeros([2]), ones([2]), vector as never),
  layerNorm: () => adjoint.layerNorm(x, 8, ones([8]) as never),
  groupNorm: () => adjoint.groupNorm(x, 2, vector as never),
  instanceNorm: () => adjoint.instanceNorm(x, vector as never),
  localResponseNorm: () => adjoint.localResponseNorm(x, 3, 1e-4 as never),
  dropout: () => adjoint.dropout(x, 0.5, true as never),
  pad: () => adjoint.pad(x, [1, 1], "reflect" as never),
  embedding: () => adjoint.embedding([0], ones([2, 2]), 0 as never),
  leakyRelu: () => adjoint.leakyRelu(x, 0.1 as never),
  crossEntropy: () => adjoint.crossEntropy(ones([1, 2]), [0], vector as never),
  Conv2d: () => new adjoint.Conv2d(2, 3, 3, 1 as never),
  ConvTranspose2d: () => new adjoint.ConvTranspose2d(2, 3, 3, 2 as never),
  MaxPool2d: () => new adjoint.MaxPool2d(3, 2 as never),
  AvgPool2d: () => new adjoint.AvgPool2d(3, 2 as never),
  BatchNorm2d: () => new adjoint.BatchNorm2d(2, 1e-5 as never),
  InstanceNorm2d: () => new adjoint.InstanceNorm2d(2, 1e-5 as never),
  LayerNorm: () => new adjoint.LayerNorm(8, 1e-5 as never),
  GroupNorm: () => new adjoint.GroupNorm(2, 4, 1e-5 as never),
  Linear: () => new adjoint.Linear(2, 3, false as never),
  Embedding: () => new adjoint.Embedding(2, 3, 0 as never),
  Adam: () => new adjoint.Adam(parameters, 1e-3 as never),
  AdamW: () => new adjoint.AdamW(parameters, 1e-3 as never),
  RMSprop: () => new adjoint.RMSprop(parameters, 1e-2 as never),
};

describe("options are an object", () => {
  test.each(Object.entries(calls))("%s", (name, call) => {
    const refused = () => adjoint.scope(() => void call());
    const before = memory().tensors;
    expect(refused).toThrow(TypeError);
    expect(refused).toThrow(`${name}: options must be an object, got `);
    expect(memory().tensors).toBe(before);
  });
});

test("an object without prototype is one", () => {
  expect(adjoint.scope(() => adjoint.maxPool2d(x, 2, Object.assign(Object.create(null), { stride: 1 })).shape)).toEqual([1, 2, 7, 7]);
});
