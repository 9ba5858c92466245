import { adaptiveMaxPool3d } from "../ops/adaptiveMaxPool3d.ts";
import type { OutputSize } from "../ops/adaptivePooling.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `adaptiveMaxPool3d` as a layer. */
export class AdaptiveMaxPool3d extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return adaptiveMaxPool3d(x, this.outputSize);
  }
}
