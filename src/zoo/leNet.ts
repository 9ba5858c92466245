import { Conv2d } from "../layers/conv2d.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { flatten } from "../ops/reshape.ts";
import { maxPool2d } from "../ops/maxPool2d.ts";
import { relu } from "../ops/relu.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";

/**
 * LeNet-5, 61,706 parameters, with ReLU and max pooling for the original's saturating units and trained subsampling.
 *
 * Input [N, 1, 32, 32]; digits of 28 x 28 are padded by 2. Source: LeCun et al., "Gradient-based learning applied to document
 * recognition", 1998; names as in PyTorch's tutorial.
 */
export class LeNet5 extends Module {
  conv1: Conv2d = new Conv2d(1, 6, 5);
  conv2: Conv2d = new Conv2d(6, 16, 5);
  fc1: Linear = new Linear(400, 120);
  fc2: Linear = new Linear(120, 84);
  fc3: Linear;

  constructor(numClasses: number = 10) {
    super();
    this.fc3 = new Linear(84, numClasses);
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const maps = maxPool2d(relu(this.conv2.forward(maxPool2d(relu(this.conv1.forward(x)), 2))), 2);
      return this.fc3.forward(relu(this.fc2.forward(relu(this.fc1.forward(flatten(maps, 1))))));
    });
  }
}
