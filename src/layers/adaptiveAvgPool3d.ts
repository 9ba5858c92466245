import { adaptiveAvgPool3d } from "../ops/adaptiveAvgPool3d.ts";
import type { OutputSize } from "../ops/adaptivePooling.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `adaptiveAvgPool3d` as a layer. */
export class AdaptiveAvgPool3d extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool3d(x, this.outputSize);
  }
}
