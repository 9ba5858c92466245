import { conv2d } from "../ops/conv2d.ts";
import { checkInteger, type Shape, ShapeError } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type ConvOptions, type Sizes, spatialSizes } from "../window.ts";
import { Module } from "./module.ts";
import { type Parameter, uniformParameter } from "./parameter.ts";

/** Options of the `Conv2d` layer. */
export interface Conv2dLayerOptions extends ConvOptions {
  /** Learn a bias per output channel, default true. */
  bias?: boolean;
}

/**
 * Convolutional layer: `conv2d` with learned filters, initialised as in PyTorch.
 *
 * @example
 * const layer = new Conv2d(3, 16, 3, { padding: 1 });
 */
export class Conv2d extends Module {
  /** [outChannels, inChannels / groups, KH, KW] */
  readonly weight: Parameter;
  /** [outChannels] */
  readonly bias: Parameter | undefined;
  readonly options: Readonly<ConvOptions>;

  /**
   * @param kernelSize a number or [vertical, horizontal]
   * @throws RangeError if a number is out of its range; ShapeError if channels and groups do not fit
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: Conv2dLayerOptions = {}) {
    super();
    const { bias = true, ...window } = options;
    const groups = window.groups ?? 1;
    checkInteger("Conv2d", "inChannels", inChannels, 1);
    checkInteger("Conv2d", "outChannels", outChannels, 1);
    checkInteger("Conv2d", "groups", groups, 1);
    for (const [name, channels] of [["inChannels", inChannels], ["outChannels", outChannels]] as const) {
      if (channels % groups !== 0) throw new ShapeError(`Conv2d: ${name} ${channels} is not divisible by ${groups} groups`);
    }
    const kernel: Shape = spatialSizes("Conv2d", "kernelSize", 2, kernelSize, 1);
    spatialSizes("Conv2d", "stride", 2, window.stride ?? 1, 1);
    spatialSizes("Conv2d", "padding", 2, window.padding ?? 0, 0);
    spatialSizes("Conv2d", "dilation", 2, window.dilation ?? 1, 1);
    const fanIn = (inChannels / groups) * kernel[0]! * kernel[1]!;
    this.weight = uniformParameter([outChannels, inChannels / groups, ...kernel], fanIn);
    this.bias = bias ? uniformParameter([outChannels], fanIn) : undefined;
    this.options = Object.freeze(window);
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, { ...this.options, ...(this.bias && { bias: this.bias }) });
  }
}
