import { conv2d } from "../ops/conv2d.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { type ConvLayerOptions, ConvNd } from "./convNd.ts";

/**
 * Convolutional layer: `conv2d` with learned filters [outChannels, inChannels / groups, KH, KW], initialised as in PyTorch.
 *
 * @example
 * const layer = new Conv2d(3, 16, 3, { padding: 1 });
 */
export class Conv2d extends ConvNd {
  /**
   * @param kernelSize a number or [vertical, horizontal]
   * @param options stride, padding, dilation, groups, bias (default true), paddingMode and paddingValue
   * @throws RangeError if a number is out of its range; ShapeError if channels and groups do not fit; TypeError if something is of
   *   the wrong kind
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super("Conv2d", 2, inChannels, outChannels, kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.call);
  }
}
