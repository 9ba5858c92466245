import { convTranspose1d } from "../ops/convTranspose1d.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { type ConvTransposeLayerOptions, ConvTransposeNd } from "./convNd.ts";

/**
 * Transposed convolutional layer: `convTranspose1d` with learned filters [inChannels, outChannels / groups, K], initialised
 * as in PyTorch.
 *
 * @example
 * const layer = new ConvTranspose1d(16, 3, 4, { stride: 2, padding: 1 });
 */
export class ConvTranspose1d extends ConvTransposeNd {
  /**
   * @param kernelSize a number
   * @param options stride, padding, outputPadding, dilation, groups and bias (default true)
   * @throws RangeError if a number is out of its range; ShapeError if channels and groups do not fit; TypeError if something is of
   *   the wrong kind
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvTransposeLayerOptions = {}) {
    super("ConvTranspose1d", 1, inChannels, outChannels, kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    return convTranspose1d(x, this.weight, this.call);
  }
}
