import { maxPool2d } from "../ops/maxPool2d.ts";
import type { MaxPoolOptions } from "../ops/pooling.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { Module } from "./module.ts";

/** `maxPool2d` as a layer. */
export class MaxPool2d extends Module {
  readonly kernelSize: Sizes;
  readonly options: Readonly<MaxPoolOptions>;

  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    super();
    checkOptions("MaxPool2d", options);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}
