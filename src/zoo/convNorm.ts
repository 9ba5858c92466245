import { BatchNorm2d } from "../layers/batchNorm2d.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { type Module, Sequential } from "../layers/module.ts";

/** Options of `ConvNorm`. */
export interface ConvNormOptions {
  stride?: number;
  groups?: number;
  /** What follows the normalisation, if anything. */
  activation?: Module | undefined;
  eps?: number;
  momentum?: number;
}

/** A convolution that keeps the size, batch normalisation and an activation: torchvision's Conv2dNormActivation. */
export class ConvNorm extends Sequential {
  constructor(inChannels: number, outChannels: number, kernelSize: number, options: ConvNormOptions = {}) {
    const { stride = 1, groups = 1, activation, eps = 1e-5, momentum = 0.1 } = options;
    const conv = new Conv2d(inChannels, outChannels, kernelSize, { stride, padding: (kernelSize - 1) / 2, groups, bias: false });
    super(conv, new BatchNorm2d(outChannels, { eps, momentum }), ...(activation ? [activation] : []));
  }
}
