import { Hardswish, ReLU } from "../layers/activations.ts";
import { Dropout } from "../layers/dropout.ts";
import { Linear } from "../layers/linear.ts";
import { Module, Sequential } from "../layers/module.ts";
import { add } from "../ops/add.ts";
import { hardsigmoid } from "../ops/hardswish.ts";
import { relu } from "../ops/relu.ts";
import { mean } from "../ops/sum.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { ConvNorm } from "./convNorm.ts";
import { SqueezeExcitation } from "./squeezeExcitation.ts";

// torchvision's, for this network alone.
const norm = { eps: 1e-3, momentum: 0.01 };

// Channels in, kernel, channels in between, channels out, squeeze and excitation, hardswish, stride.
const blocks = [
  [16, 3, 16, 16, true, false, 2],
  [16, 3, 72, 24, false, false, 2],
  [24, 3, 88, 24, false, false, 1],
  [24, 5, 96, 40, true, true, 2],
  [40, 5, 240, 40, true, true, 1],
  [40, 5, 240, 40, true, true, 1],
  [40, 5, 120, 48, true, true, 1],
  [48, 5, 144, 48, true, true, 1],
  [48, 5, 288, 96, true, true, 2],
  [96, 5, 576, 96, true, true, 1],
  [96, 5, 576, 96, true, true, 1],
] as const;

class InvertedResidual extends Module {
  block: Sequential;
  readonly residual: boolean;

  constructor([inChannels, kernel, hidden, outChannels, squeezes, swish, stride]: (typeof blocks)[number]) {
    super();
    this.residual = stride === 1 && inChannels === outChannels;
    const activation = (): Module => (swish ? new Hardswish() : new ReLU());
    // As everywhere in this family, channels are multiples of 8.
    const squeezed = Math.max(8, Math.floor((hidden / 4 + 4) / 8) * 8);
    this.block = new Sequential(
      ...((hidden as number) === inChannels ? [] : [new ConvNorm(inChannels, hidden, 1, { ...norm, activation: activation() })]),
      new ConvNorm(hidden, hidden, kernel, { ...norm, stride, groups: hidden, activation: activation() }),
      ...(squeezes ? [new SqueezeExcitation(hidden, squeezed, relu, hardsigmoid)] : []),
      new ConvNorm(hidden, outChannels, 1, norm),
    );
  }

  forward(x: Tensor): Tensor {
    return scope(() => (this.residual ? add(this.block.forward(x), x) : this.block.forward(x)));
  }
}

/**
 * MobileNetV3, the small one, 2,542,856 parameters. Input [N, 3, 224, 224].
 *
 * Source: Howard et al., "Searching for MobileNetV3", 2019, as in torchvision.
 */
export class MobileNetV3Small extends Module {
  features: Sequential = new Sequential(
    new ConvNorm(3, 16, 3, { ...norm, stride: 2, activation: new Hardswish() }),
    ...blocks.map((block) => new InvertedResidual(block)),
    new ConvNorm(96, 576, 1, { ...norm, activation: new Hardswish() }),
  );
  classifier: Sequential;

  constructor(numClasses: number = 1000) {
    super();
    this.classifier = new Sequential(new Linear(576, 1024), new Hardswish(), new Dropout(0.2), new Linear(1024, numClasses));
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(mean(this.features.forward(x), [2, 3])));
  }
}
