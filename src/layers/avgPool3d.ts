import { avgPool3d } from "../ops/avgPool3d.ts";
import type { AvgPoolOptions } from "../ops/pooling.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { Module } from "./module.ts";

/** `avgPool3d` as a layer. */
export class AvgPool3d extends Module {
  readonly kernelSize: Sizes;
  readonly options: Readonly<AvgPoolOptions>;

  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    super();
    checkOptions("AvgPool3d", options);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return avgPool3d(x, this.kernelSize, this.options);
  }
}
