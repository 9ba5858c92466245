import { maxUnpool2d, type MaxUnpoolOptions } from "../ops/maxUnpool2d.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "../window.ts";
import { Module } from "./module.ts";

/** `maxUnpool2d` as a layer; its forward pass takes the indices of the pooling too. */
export class MaxUnpool2d extends Module {
  readonly kernelSize: Sizes;
  readonly options: Readonly<Omit<MaxUnpoolOptions, "outputSize">>;

  constructor(kernelSize: Sizes, options: Omit<MaxUnpoolOptions, "outputSize"> = {}) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }

  // Optional to the compiler alone, since every module takes one tensor: without indices the operation refuses.
  forward(x: Tensor, indices?: Tensor<"int32">, outputSize?: Shape): Tensor {
    return maxUnpool2d(x, indices!, this.kernelSize, { ...this.options, ...(outputSize && { outputSize }) });
  }
}
