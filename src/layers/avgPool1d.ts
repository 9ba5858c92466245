import { avgPool1d } from "../ops/avgPool1d.ts";
import type { AvgPoolOptions } from "../ops/pooling.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { Module } from "./module.ts";

/** `avgPool1d` as a layer. */
export class AvgPool1d extends Module {
  readonly kernelSize: Sizes;
  readonly options: Readonly<AvgPoolOptions>;

  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    super();
    checkOptions("AvgPool1d", options);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return avgPool1d(x, this.kernelSize, this.options);
  }
}
