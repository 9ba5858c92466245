import { ReLU } from "../layers/activations.ts";
import { BatchNorm2d } from "../layers/batchNorm2d.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Linear } from "../layers/linear.ts";
import { MaxPool2d } from "../layers/maxPool2d.ts";
import { Module, Sequential } from "../layers/module.ts";
import { cat } from "../ops/cat.ts";
import { reshape } from "../ops/reshape.ts";
import { chunk } from "../ops/split.ts";
import { mean } from "../ops/sum.ts";
import { transpose } from "../ops/transpose.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";

/** Half of the channels pass, the others are filtered; then the two halves are shuffled. With a stride both halves see all of x. */
class InvertedResidual extends Module {
  branch1: Sequential;
  branch2: Sequential;
  readonly stride: number;

  constructor(inChannels: number, outChannels: number, stride: number) {
    super();
    const half = outChannels / 2, seen = stride === 1 ? half : inChannels;
    this.stride = stride;
    this.branch1 = stride === 1 ? new Sequential() : new Sequential(
      new Conv2d(inChannels, inChannels, 3, { stride, padding: 1, groups: inChannels, bias: false }), new BatchNorm2d(inChannels),
      new Conv2d(inChannels, half, 1, { bias: false }), new BatchNorm2d(half), new ReLU(),
    );
    this.branch2 = new Sequential(
      new Conv2d(seen, half, 1, { bias: false }), new BatchNorm2d(half), new ReLU(),
      new Conv2d(half, half, 3, { stride, padding: 1, groups: half, bias: false }), new BatchNorm2d(half),
      new Conv2d(half, half, 1, { bias: false }), new BatchNorm2d(half), new ReLU(),
    );
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const [first, second] = this.stride === 1 ? chunk(x, 2, 1) as [Tensor, Tensor] : [this.branch1.forward(x), x];
      return shuffle(cat([first, this.branch2.forward(second)], 1));
    });
  }
}

/** Channels of two halves in turn. */
function shuffle(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return reshape(transpose(reshape(x, [n, 2, c / 2, h, w]), 1, 2), [n, c, h, w]);
}

function stage(inChannels: number, outChannels: number, count: number): Sequential {
  return new Sequential(...Array.from({ length: count }, (_, i) => new InvertedResidual(i === 0 ? inChannels : outChannels, outChannels, i === 0 ? 2 : 1)));
}

/**
 * ShuffleNetV2 of width 1, 2,278,604 parameters. Input [N, 3, 224, 224].
 *
 * Source: Ma et al., "ShuffleNet V2: practical guidelines for efficient CNN architecture design", 2018, as in torchvision.
 */
export class ShuffleNetV2 extends Module {
  conv1: Sequential = new Sequential(new Conv2d(3, 24, 3, { stride: 2, padding: 1, bias: false }), new BatchNorm2d(24), new ReLU());
  maxpool: MaxPool2d = new MaxPool2d(3, { stride: 2, padding: 1 });
  stage2: Sequential = stage(24, 116, 4);
  stage3: Sequential = stage(116, 232, 8);
  stage4: Sequential = stage(232, 464, 4);
  conv5: Sequential = new Sequential(new Conv2d(464, 1024, 1, { bias: false }), new BatchNorm2d(1024), new ReLU());
  fc: Linear;

  constructor(numClasses: number = 1000) {
    super();
    this.fc = new Linear(1024, numClasses);
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      let y = x;
      for (const part of [this.conv1, this.maxpool, this.stage2, this.stage3, this.stage4, this.conv5]) y = part.forward(y);
      return this.fc.forward(mean(y, [2, 3]));
    });
  }
}
