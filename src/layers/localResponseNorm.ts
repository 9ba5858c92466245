import { localResponseNorm, type LocalResponseNormOptions } from "../ops/localResponseNorm.ts";
import { checkInteger, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `localResponseNorm` as a layer. */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly options: Readonly<LocalResponseNormOptions>;

  /** @throws RangeError if size is not a positive integer */
  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    checkOptions("LocalResponseNorm", options);
    checkInteger("LocalResponseNorm", "size", size, 1);
    this.size = size;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, this.options);
  }
}
