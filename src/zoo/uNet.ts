import { ReLU } from "../layers/activations.ts";
import { BatchNorm2d } from "../layers/batchNorm2d.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { ConvTranspose2d } from "../layers/convTranspose2d.ts";
import { Module, Sequential } from "../layers/module.ts";
import { cat } from "../ops/cat.ts";
import { maxPool2d } from "../ops/maxPool2d.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";

/** Two 3x3 convolutions that keep the size. */
function double(inChannels: number, outChannels: number): Sequential {
  return new Sequential(
    new Conv2d(inChannels, outChannels, 3, { padding: 1, bias: false }), new BatchNorm2d(outChannels), new ReLU(),
    new Conv2d(outChannels, outChannels, 3, { padding: 1, bias: false }), new BatchNorm2d(outChannels), new ReLU(),
  );
}

/**
 * A small U-Net for segmentation, 1,926,433 parameters with one channel in and one class: three halvings, back up by transposed
 * convolutions, with the maps of the same size from the way down beside them.
 *
 * Input [N, inChannels, H, W], H and W multiples of 8; output [N, numClasses, H, W]. Source: Ronneberger, Fischer and Brox, "U-Net:
 * convolutional networks for biomedical image segmentation", 2015, with a quarter of its width, padded and normalised.
 */
export class UNet extends Module {
  down: Sequential[];
  bottom: Sequential = double(128, 256);
  up: ConvTranspose2d[] = [new ConvTranspose2d(256, 128, 2, { stride: 2 }), new ConvTranspose2d(128, 64, 2, { stride: 2 }), new ConvTranspose2d(64, 32, 2, { stride: 2 })];
  merge: Sequential[] = [double(256, 128), double(128, 64), double(64, 32)];
  head: Conv2d;

  constructor(inChannels: number = 1, numClasses: number = 1) {
    super();
    this.down = [double(inChannels, 32), double(32, 64), double(64, 128)];
    this.head = new Conv2d(32, numClasses, 1);
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const kept: Tensor[] = [];
      let y = x;
      for (const stage of this.down) {
        kept.push(stage.forward(y));
        y = maxPool2d(kept.at(-1)!, 2);
      }
      y = this.bottom.forward(y);
      this.up.forEach((up, i) => {
        y = this.merge[i]!.forward(cat([kept.pop()!, up.forward(y)], 1));
      });
      return this.head.forward(y);
    });
  }
}
