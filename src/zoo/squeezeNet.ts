import { ReLU } from "../layers/activations.ts";
import { AdaptiveAvgPool2d } from "../layers/adaptiveAvgPool2d.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { MaxPool2d } from "../layers/maxPool2d.ts";
import { Module, Sequential } from "../layers/module.ts";
import { cat } from "../ops/cat.ts";
import { relu } from "../ops/relu.ts";
import { flatten } from "../ops/reshape.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";

/** Few channels in between ("squeeze"), seen by 1x1 and by 3x3 filters ("expand"). */
class Fire extends Module {
  squeeze: Conv2d;
  expand1x1: Conv2d;
  expand3x3: Conv2d;

  constructor(inChannels: number, squeezed: number, expanded: number) {
    super();
    this.squeeze = new Conv2d(inChannels, squeezed, 1);
    this.expand1x1 = new Conv2d(squeezed, expanded, 1);
    this.expand3x3 = new Conv2d(squeezed, expanded, 3, { padding: 1 });
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const y = relu(this.squeeze.forward(x));
      return cat([relu(this.expand1x1.forward(y)), relu(this.expand3x3.forward(y))], 1);
    });
  }
}

/**
 * SqueezeNet 1.1, 1,235,496 parameters. Input [N, 3, 224, 224].
 *
 * Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", 2016, as in torchvision.
 */
export class SqueezeNet extends Module {
  features: Sequential = new Sequential(
    new Conv2d(3, 64, 3, { stride: 2 }), new ReLU(), new MaxPool2d(3, { stride: 2, ceilMode: true }),
    new Fire(64, 16, 64), new Fire(128, 16, 64), new MaxPool2d(3, { stride: 2, ceilMode: true }),
    new Fire(128, 32, 128), new Fire(256, 32, 128), new MaxPool2d(3, { stride: 2, ceilMode: true }),
    new Fire(256, 48, 192), new Fire(384, 48, 192), new Fire(384, 64, 256), new Fire(512, 64, 256),
  );
  classifier: Sequential;

  constructor(numClasses: number = 1000) {
    super();
    this.classifier = new Sequential(new Dropout(), new Conv2d(512, numClasses, 1), new ReLU(), new AdaptiveAvgPool2d(1));
  }

  forward(x: Tensor): Tensor {
    return scope(() => flatten(this.classifier.forward(this.features.forward(x)), 1));
  }
}
