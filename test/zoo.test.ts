// The published networks: their sizes, the names of their parameters, and the shapes that they give.

import { expect, it } from "vitest";
import type { Module } from "../src/index.ts";
import * as zoo from "../src/zoo/index.ts";

// Numbers of parameters as torchvision publishes them; those of LeNet5, TinyYolo and UNet were added up by hand.
const models: [new () => Module, number, number[], number[]][] = [
  [zoo.AlexNet, 61_100_840, [1, 3, 224, 224], [1, 1000]],
  [zoo.DenseNet121, 7_978_856, [1, 3, 224, 224], [1, 1000]],
  [zoo.EfficientNetB0, 5_288_548, [1, 3, 224, 224], [1, 1000]],
  [zoo.LeNet5, 61_706, [1, 1, 32, 32], [1, 10]],
  [zoo.MobileNetV2, 3_504_872, [1, 3, 224, 224], [1, 1000]],
  [zoo.MobileNetV3Small, 2_542_856, [1, 3, 224, 224], [1, 1000]],
  [zoo.ResNet18, 11_689_512, [1, 3, 224, 224], [1, 1000]],
  [zoo.ResNet50, 25_557_032, [1, 3, 224, 224], [1, 1000]],
  [zoo.ShuffleNetV2, 2_278_604, [1, 3, 224, 224], [1, 1000]],
  [zoo.SqueezeNet, 1_235_496, [1, 3, 224, 224], [1, 1000]],
  [zoo.VGG11, 132_863_336, [1, 3, 224, 224], [1, 1000]],
  [zoo.VGG16, 138_357_544, [1, 3, 224, 224], [1, 1000]],
  [zoo.TinyYolo, 15_861_773, [1, 3, 416, 416], [1, 125, 13, 13]],
  [zoo.UNet, 1_926_433, [1, 1, 64, 48], [1, 1, 64, 48]],
];

for (const [Model, parameters, input, output] of models) {
  it(`${Model.name} has the published parameters and shapes`, () => {
    const summary = new Model().summary(input);
    expect(summary.outputShape).toEqual(output);
    expect(summary.parameters).toBe(parameters);
  });
}

// Some names of each state dictionary, as torchvision's files have them.
const names: [new () => Module, string[]][] = [
  [zoo.AlexNet, ["features.10.weight", "classifier.6.bias"]],
  [zoo.DenseNet121, ["features.conv0.weight", "features.denseblock3.denselayer24.norm2.running_var", "features.transition3.conv.weight", "features.norm5.bias", "classifier.weight"]],
  [zoo.EfficientNetB0, ["features.0.1.running_mean", "features.1.0.block.1.fc1.bias", "features.2.1.block.3.1.weight", "features.8.0.weight", "classifier.1.weight"]],
  [zoo.MobileNetV2, ["features.0.0.weight", "features.1.conv.1.weight", "features.17.conv.3.running_var", "features.18.1.bias", "classifier.1.bias"]],
  [zoo.MobileNetV3Small, ["features.1.block.1.fc2.weight", "features.11.block.3.0.weight", "features.12.1.num_batches_tracked", "classifier.3.bias"]],
  [zoo.ResNet18, ["conv1.weight", "layer2.0.downsample.1.running_mean", "layer4.1.bn2.weight", "fc.bias"]],
  [zoo.ResNet50, ["layer1.0.downsample.0.weight", "layer3.5.conv3.weight", "layer4.2.bn3.num_batches_tracked"]],
  [zoo.ShuffleNetV2, ["conv1.0.weight", "stage2.0.branch1.2.weight", "stage3.7.branch2.6.running_var", "conv5.1.bias"]],
  [zoo.SqueezeNet, ["features.3.squeeze.weight", "features.12.expand3x3.bias", "classifier.1.weight"]],
  [zoo.VGG16, ["features.28.weight", "classifier.3.bias"]],
];

for (const [Model, some] of names) {
  it(`${Model.name} names its parameters as torchvision does`, () => {
    const own = new Set(new Model().stateDict().keys());
    for (const name of some) expect(own).toContain(name);
  });
}
