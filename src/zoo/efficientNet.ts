import { SiLU } from "../layers/activations.ts";
import { Dropout } from "../layers/dropout.ts";
import { Linear } from "../layers/linear.ts";
import { Module, Sequential } from "../layers/module.ts";
import { add } from "../ops/add.ts";
import { sigmoid } from "../ops/sigmoid.ts";
import { silu } from "../ops/silu.ts";
import { mean } from "../ops/sum.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { ConvNorm } from "./convNorm.ts";
import { SqueezeExcitation } from "./squeezeExcitation.ts";

/** An inverted residual with squeeze and excitation. In training torchvision drops some of them; here all of them run. */
class MBConv extends Module {
  block: Sequential;
  readonly residual: boolean;

  constructor(inChannels: number, outChannels: number, expansion: number, kernel: number, stride: number) {
    super();
    const hidden = inChannels * expansion;
    this.residual = stride === 1 && inChannels === outChannels;
    this.block = new Sequential(
      ...(expansion === 1 ? [] : [new ConvNorm(inChannels, hidden, 1, { activation: new SiLU() })]),
      new ConvNorm(hidden, hidden, kernel, { stride, groups: hidden, activation: new SiLU() }),
      new SqueezeExcitation(hidden, Math.max(1, Math.floor(inChannels / 4)), silu, sigmoid),
      new ConvNorm(hidden, outChannels, 1),
    );
  }

  forward(x: Tensor): Tensor {
    return scope(() => (this.residual ? add(this.block.forward(x), x) : this.block.forward(x)));
  }
}

// Expansion, kernel, stride of the first, channels, blocks.
const stages = [[1, 3, 1, 16, 1], [6, 3, 2, 24, 2], [6, 5, 2, 40, 2], [6, 3, 2, 80, 3], [6, 5, 1, 112, 3], [6, 5, 2, 192, 4], [6, 3, 1, 320, 1]] as const;

/**
 * EfficientNet-B0, 5,288,548 parameters. Input [N, 3, 224, 224].
 *
 * Source: Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", 2019, as in torchvision.
 */
export class EfficientNetB0 extends Module {
  features: Sequential;
  classifier: Sequential;

  constructor(numClasses: number = 1000) {
    super();
    let channels = 32;
    const body = stages.map(([expansion, kernel, stride, width, count]) => new Sequential(...Array.from({ length: count }, (_, i) => {
      const block = new MBConv(channels, width, expansion, kernel, i === 0 ? stride : 1);
      channels = width;
      return block;
    })));
    this.features = new Sequential(
      new ConvNorm(3, 32, 3, { stride: 2, activation: new SiLU() }), ...body, new ConvNorm(channels, 1280, 1, { activation: new SiLU() }),
    );
    this.classifier = new Sequential(new Dropout(0.2), new Linear(1280, numClasses));
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(mean(this.features.forward(x), [2, 3])));
  }
}
