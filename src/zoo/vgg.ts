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

// Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014, as in torchvision.

/** Channels of 3x3 convolutions by stage; a max pooling ends each stage. */
type Stages = readonly (readonly number[])[];

abstract class VGG extends Module {
  features: Sequential;
  avgpool: AdaptiveAvgPool2d = new AdaptiveAvgPool2d(7);
  classifier: Sequential;

  constructor(stages: Stages, numClasses: number) {
    super();
    let channels = 3;
    this.features = new Sequential(...stages.flatMap((stage) => {
      const convolutions = stage.flatMap((width) => {
        const pair = [new Conv2d(channels, width, 3, { padding: 1 }), new ReLU()];
        channels = width;
        return pair;
      });
      return [...convolutions, new MaxPool2d(2)];
    }));
    this.classifier = new Sequential(
      new Linear(512 * 49, 4096), new ReLU(), new Dropout(), new Linear(4096, 4096), new ReLU(), new Dropout(), new Linear(4096, numClasses),
    );
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(flatten(this.avgpool.forward(this.features.forward(x)), 1)));
  }
}

/** VGG with 11 layers of weights, 132,863,336 parameters. Input [N, 3, 224, 224]. */
export class VGG11 extends VGG {
  constructor(numClasses: number = 1000) {
    super([[64], [128], [256, 256], [512, 512], [512, 512]], numClasses);
  }
}

/** VGG with 16 layers of weights, 138,357,544 parameters. Input [N, 3, 224, 224]. */
export class VGG16 extends VGG {
  constructor(numClasses: number = 1000) {
    super([[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]], numClasses);
  }
}
