import { AvgPool2d } from "../layers/avgPool2d.ts";
import { BatchNorm2d } from "../layers/batchNorm2d.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Linear } from "../layers/linear.ts";
import { MaxPool2d } from "../layers/maxPool2d.ts";
import { Module } from "../layers/module.ts";
import { cat } from "../ops/cat.ts";
import { relu } from "../ops/relu.ts";
import { mean } from "../ops/sum.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";

const GROWTH = 32;

/** Sees everything that was computed before it in its block, and adds a few channels. */
class DenseLayer extends Module {
  norm1: BatchNorm2d;
  conv1: Conv2d;
  norm2: BatchNorm2d = new BatchNorm2d(4 * GROWTH);
  conv2: Conv2d = new Conv2d(4 * GROWTH, GROWTH, 3, { padding: 1, bias: false });

  constructor(inChannels: number) {
    super();
    this.norm1 = new BatchNorm2d(inChannels);
    this.conv1 = new Conv2d(inChannels, 4 * GROWTH, 1, { bias: false });
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const y = this.conv1.forward(relu(this.norm1.forward(x)));
      return cat([x, this.conv2.forward(relu(this.norm2.forward(y)))], 1);
    });
  }
}

/** Layers under the names denselayer1, denselayer2, ... */
class DenseBlock extends Module {
  readonly #layers: DenseLayer[];

  constructor(inChannels: number, count: number) {
    super();
    this.#layers = Array.from({ length: count }, (_, i) => new DenseLayer(inChannels + i * GROWTH));
  }

  override children(): Map<string, Module> {
    return new Map(this.#layers.map((layer, i) => [`denselayer${i + 1}`, layer]));
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.#layers.reduce((y, layer) => layer.forward(y), x));
  }
}

/** Halves channels and size between two blocks. */
class Transition extends Module {
  norm: BatchNorm2d;
  conv: Conv2d;
  pool: AvgPool2d = new AvgPool2d(2);

  constructor(channels: number) {
    super();
    this.norm = new BatchNorm2d(channels);
    this.conv = new Conv2d(channels, channels / 2, 1, { bias: false });
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.pool.forward(this.conv.forward(relu(this.norm.forward(x)))));
  }
}

class Features extends Module {
  conv0: Conv2d = new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false });
  norm0: BatchNorm2d = new BatchNorm2d(64);
  pool0: MaxPool2d = new MaxPool2d(3, { stride: 2, padding: 1 });
  denseblock1: DenseBlock = new DenseBlock(64, 6);
  transition1: Transition = new Transition(256);
  denseblock2: DenseBlock = new DenseBlock(128, 12);
  transition2: Transition = new Transition(512);
  denseblock3: DenseBlock = new DenseBlock(256, 24);
  transition3: Transition = new Transition(1024);
  denseblock4: DenseBlock = new DenseBlock(512, 16);
  norm5: BatchNorm2d = new BatchNorm2d(1024);

  forward(x: Tensor): Tensor {
    return scope(() => {
      let y = this.pool0.forward(relu(this.norm0.forward(this.conv0.forward(x))));
      const { denseblock1, transition1, denseblock2, transition2, denseblock3, transition3, denseblock4 } = this;
      for (const part of [denseblock1, transition1, denseblock2, transition2, denseblock3, transition3, denseblock4]) y = part.forward(y);
      return relu(this.norm5.forward(y));
    });
  }
}

/**
 * DenseNet-121, 7,978,856 parameters. Input [N, 3, 224, 224].
 *
 * Source: Huang et al., "Densely connected convolutional networks", 2016, as in torchvision.
 */
export class DenseNet121 extends Module {
  features: Features = new Features();
  classifier: Linear;

  constructor(numClasses: number = 1000) {
    super();
    this.classifier = new Linear(1024, numClasses);
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(mean(this.features.forward(x), [2, 3])));
  }
}
