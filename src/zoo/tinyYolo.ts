import { LeakyReLU } from "../layers/activations.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { MaxPool2d } from "../layers/maxPool2d.ts";
import { Module, Sequential } from "../layers/module.ts";
import { ZeroPad2d } from "../layers/padding.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { ConvNorm } from "./convNorm.ts";

/**
 * A detector in the shape of Tiny YOLOv2: for each cell of a grid 32 times smaller than the picture, and each of `anchors` boxes,
 * the offsets of a box, how sure it is that something is there, and a score for each class.
 *
 * Input [N, 3, 416, 416]; output [N, anchors (5 + classes), 13, 13]. 15,861,773 parameters with 5 anchors and 20 classes.
 * Source: Redmon and Farhadi, "YOLO9000: better, faster, stronger", 2016.
 */
export class TinyYolo extends Module {
  features: Sequential;
  head: Conv2d;

  constructor(numClasses: number = 20, anchors: number = 5) {
    super();
    const conv = (inChannels: number, outChannels: number): Module => {
      return new ConvNorm(inChannels, outChannels, 3, { activation: new LeakyReLU({ negativeSlope: 0.1 }) });
    };
    this.features = new Sequential(
      conv(3, 16), new MaxPool2d(2), conv(16, 32), new MaxPool2d(2), conv(32, 64), new MaxPool2d(2), conv(64, 128), new MaxPool2d(2),
      conv(128, 256), new MaxPool2d(2), conv(256, 512),
      // A pooling that keeps the size: what it sees beyond the edge is 0.
      new ZeroPad2d([0, 1, 0, 1]), new MaxPool2d(2, { stride: 1 }),
      conv(512, 1024), conv(1024, 1024),
    );
    this.head = new Conv2d(1024, anchors * (5 + numClasses), 1);
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.head.forward(this.features.forward(x)));
  }
}
