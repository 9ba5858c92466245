import { ReLU6 } from "../layers/activations.ts";
import { BatchNorm2d } from "../layers/batchNorm2d.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { Linear } from "../layers/linear.ts";
import { Module, Sequential } from "../layers/module.ts";
import { add } from "../ops/add.ts";
import { mean } from "../ops/sum.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { ConvNorm } from "./convNorm.ts";

/** Widens by 1x1, filters every channel by itself, narrows by 1x1 without an activation; a shortcut where the shape stays. */
class InvertedResidual extends Module {
  conv: Sequential;
  readonly residual: boolean;

  constructor(inChannels: number, outChannels: number, stride: number, expansion: number) {
    super();
    const hidden = inChannels * expansion;
    this.residual = stride === 1 && inChannels === outChannels;
    this.conv = new Sequential(
      ...(expansion === 1 ? [] : [new ConvNorm(inChannels, hidden, 1, { activation: new ReLU6() })]),
      new ConvNorm(hidden, hidden, 3, { stride, groups: hidden, activation: new ReLU6() }),
      new Conv2d(hidden, outChannels, 1, { bias: false }),
      new BatchNorm2d(outChannels),
    );
  }

  forward(x: Tensor): Tensor {
    return scope(() => (this.residual ? add(x, this.conv.forward(x)) : this.conv.forward(x)));
  }
}

// Expansion, channels, blocks, stride of the first.
const stages = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]] as const;

/**
 * MobileNetV2, 3,504,872 parameters. Input [N, 3, 224, 224].
 *
 * Source: Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", 2018, as in torchvision.
 */
export class MobileNetV2 extends Module {
  features: Sequential;
  classifier: Sequential;

  constructor(numClasses: number = 1000) {
    super();
    let channels = 32;
    const blocks = stages.flatMap(([expansion, width, count, stride]) => Array.from({ length: count }, (_, i) => {
      const block = new InvertedResidual(channels, width, i === 0 ? stride : 1, expansion);
      channels = width;
      return block;
    }));
    const first = new ConvNorm(3, 32, 3, { stride: 2, activation: new ReLU6() });
    this.features = new Sequential(first, ...blocks, new ConvNorm(channels, 1280, 1, { activation: new ReLU6() }));
    this.classifier = new Sequential(new Dropout(0.2), new Linear(1280, numClasses));
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(mean(this.features.forward(x), [2, 3])));
  }
}
