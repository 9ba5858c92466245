import { conv1d } from "../ops/conv1d.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { type ConvLayerOptions, ConvNd } from "./convNd.ts";

/**
 * Convolutional layer: `conv1d` with learned filters [outChannels, inChannels / groups, K], initialised as in PyTorch.
 *
 * @example
 * const layer = new Conv1d(3, 16, 3, { padding: 1 });
 */
export class Conv1d extends ConvNd {
  /**
   * @param kernelSize a number
   * @param options stride, padding, dilation, groups, bias (default true), paddingMode and paddingValue
   * @throws RangeError if a number is out of its range; ShapeError if channels and groups do not fit; TypeError if something is of
   *   the wrong kind
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super("Conv1d", 1, inChannels, outChannels, kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, this.call);
  }
}
