import { ReLU } from "../layers/activations.ts";
import { AdaptiveAvgPool2d } from "../layers/adaptiveAvgPool2d.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { Linear } from "../layers/linear.ts";
import { MaxPool2d } from "../layers/maxPool2d.ts";
import { Module, Sequential } from "../layers/module.ts";
import { flatten } from "../ops/reshape.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";

/**
 * AlexNet, 61,100,840 parameters. Input [N, 3, 224, 224].
 *
 * Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014, as in torchvision.
 */
export class AlexNet extends Module {
  features: Sequential = new Sequential(
    new Conv2d(3, 64, 11, { stride: 4, padding: 2 }), new ReLU(), new MaxPool2d(3, { stride: 2 }),
    new Conv2d(64, 192, 5, { padding: 2 }), new ReLU(), new MaxPool2d(3, { stride: 2 }),
    new Conv2d(192, 384, 3, { padding: 1 }), new ReLU(),
    new Conv2d(384, 256, 3, { padding: 1 }), new ReLU(),
    new Conv2d(256, 256, 3, { padding: 1 }), new ReLU(), new MaxPool2d(3, { stride: 2 }),
  );
  avgpool: AdaptiveAvgPool2d = new AdaptiveAvgPool2d(6);
  classifier: Sequential;

  constructor(numClasses: number = 1000) {
    super();
    this.classifier = new Sequential(
      new Dropout(), new Linear(256 * 36, 4096), new ReLU(), new Dropout(), new Linear(4096, 4096), new ReLU(), new Linear(4096, numClasses),
    );
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(flatten(this.avgpool.forward(this.features.forward(x)), 1)));
  }
}
