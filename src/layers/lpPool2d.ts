import { lpPool2d } from "../ops/lpPool2d.ts";
import type { LpPoolOptions } from "../ops/lpPooling.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { Module } from "./module.ts";

/** `lpPool2d` as a layer. */
export class LPPool2d extends Module {
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly options: Readonly<LpPoolOptions>;

  constructor(normType: number, kernelSize: Sizes, options: LpPoolOptions = {}) {
    super();
    checkOptions("LPPool2d", options);
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return lpPool2d(x, this.normType, this.kernelSize, this.options);
  }
}
