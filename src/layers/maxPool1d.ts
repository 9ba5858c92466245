import { maxPool1d } from "../ops/maxPool1d.ts";
import type { MaxPoolOptions } from "../ops/pooling.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { Module } from "./module.ts";

/** `maxPool1d` as a layer. */
export class MaxPool1d extends Module {
  readonly kernelSize: Sizes;
  readonly options: Readonly<MaxPoolOptions>;

  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    super();
    checkOptions("MaxPool1d", options);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return maxPool1d(x, this.kernelSize, this.options);
  }
}
