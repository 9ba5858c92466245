import { avgPool2d } from "../ops/avgPool2d.ts";
import type { AvgPoolOptions } from "../ops/pooling.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { Module } from "./module.ts";

/** `avgPool2d` as a layer. */
export class AvgPool2d extends Module {
  readonly kernelSize: Sizes;
  readonly options: Readonly<AvgPoolOptions>;

  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    super();
    checkOptions("AvgPool2d", options);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}
