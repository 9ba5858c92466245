import { AdaptiveAvgPool2d } from "../layers/adaptiveAvgPool2d.ts";
import { BatchNorm2d } from "../layers/batchNorm2d.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Linear } from "../layers/linear.ts";
import { MaxPool2d } from "../layers/maxPool2d.ts";
import { Module, Sequential } from "../layers/module.ts";
import { add } from "../ops/add.ts";
import { relu } from "../ops/relu.ts";
import { flatten } from "../ops/reshape.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";

// Source: He et al., "Deep residual learning for image recognition", 2015; in the bottleneck the 3x3 convolution has the stride,
// as in torchvision.

/** Two 3x3 convolutions and a shortcut. */
class BasicBlock extends Module {
  static readonly expansion = 1;
  conv1: Conv2d;
  bn1: BatchNorm2d;
  conv2: Conv2d;
  bn2: BatchNorm2d;
  downsample: Sequential | undefined;

  constructor(inChannels: number, width: number, stride: number, downsample: Sequential | undefined) {
    super();
    this.conv1 = new Conv2d(inChannels, width, 3, { stride, padding: 1, bias: false });
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = new Conv2d(width, width, 3, { padding: 1, bias: false });
    this.bn2 = new BatchNorm2d(width);
    this.downsample = downsample;
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const y = relu(this.bn1.forward(this.conv1.forward(x)));
      const z = this.bn2.forward(this.conv2.forward(y));
      return relu(add(z, this.downsample?.forward(x) ?? x));
    });
  }
}

/** A 3x3 convolution between two 1x1 ones that narrow and widen, and a shortcut. */
class Bottleneck extends Module {
  static readonly expansion = 4;
  conv1: Conv2d;
  bn1: BatchNorm2d;
  conv2: Conv2d;
  bn2: BatchNorm2d;
  conv3: Conv2d;
  bn3: BatchNorm2d;
  downsample: Sequential | undefined;

  constructor(inChannels: number, width: number, stride: number, downsample: Sequential | undefined) {
    super();
    this.conv1 = new Conv2d(inChannels, width, 1, { bias: false });
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = new Conv2d(width, width, 3, { stride, padding: 1, bias: false });
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = new Conv2d(width, 4 * width, 1, { bias: false });
    this.bn3 = new BatchNorm2d(4 * width);
    this.downsample = downsample;
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const y = relu(this.bn1.forward(this.conv1.forward(x)));
      const z = this.bn3.forward(this.conv3.forward(relu(this.bn2.forward(this.conv2.forward(y)))));
      return relu(add(z, this.downsample?.forward(x) ?? x));
    });
  }
}

abstract class ResNet extends Module {
  conv1: Conv2d = new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false });
  bn1: BatchNorm2d = new BatchNorm2d(64);
  maxpool: MaxPool2d = new MaxPool2d(3, { stride: 2, padding: 1 });
  layer1: Sequential;
  layer2: Sequential;
  layer3: Sequential;
  layer4: Sequential;
  avgpool: AdaptiveAvgPool2d = new AdaptiveAvgPool2d(1);
  fc: Linear;

  constructor(Block: typeof BasicBlock | typeof Bottleneck, blocks: readonly [number, number, number, number], numClasses: number) {
    super();
    let channels = 64;
    const layer = (width: number, count: number, stride: number): Sequential => {
      const first = channels;
      channels = width * Block.expansion;
      return new Sequential(...Array.from({ length: count }, (_, i) => {
        if (i > 0) return new Block(channels, width, 1, undefined);
        const reshapes = stride !== 1 || first !== channels;
        const downsample = reshapes ? new Sequential(new Conv2d(first, channels, 1, { stride, bias: false }), new BatchNorm2d(channels)) : undefined;
        return new Block(first, width, stride, downsample);
      }));
    };
    this.layer1 = layer(64, blocks[0], 1);
    this.layer2 = layer(128, blocks[1], 2);
    this.layer3 = layer(256, blocks[2], 2);
    this.layer4 = layer(512, blocks[3], 2);
    this.fc = new Linear(channels, numClasses);
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      let y = this.maxpool.forward(relu(this.bn1.forward(this.conv1.forward(x))));
      for (const layer of [this.layer1, this.layer2, this.layer3, this.layer4]) y = layer.forward(y);
      return this.fc.forward(flatten(this.avgpool.forward(y), 1));
    });
  }
}

/** ResNet with 18 layers of weights, 11,689,512 parameters. Input [N, 3, 224, 224]. */
export class ResNet18 extends ResNet {
  constructor(numClasses: number = 1000) {
    super(BasicBlock, [2, 2, 2, 2], numClasses);
  }
}

/** ResNet with 50 layers of weights, 25,557,032 parameters. Input [N, 3, 224, 224]. */
export class ResNet50 extends ResNet {
  constructor(numClasses: number = 1000) {
    super(Bottleneck, [3, 4, 6, 3], numClasses);
  }
}
