import { maxPool3d } from "../ops/maxPool3d.ts";
import type { MaxPoolOptions } from "../ops/pooling.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { Module } from "./module.ts";

/** `maxPool3d` as a layer. */
export class MaxPool3d extends Module {
  readonly kernelSize: Sizes;
  readonly options: Readonly<MaxPoolOptions>;

  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    super();
    checkOptions("MaxPool3d", options);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return maxPool3d(x, this.kernelSize, this.options);
  }
}
