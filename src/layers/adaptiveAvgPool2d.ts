import { adaptiveAvgPool2d } from "../ops/adaptiveAvgPool2d.ts";
import type { OutputSize } from "../ops/adaptivePooling.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `adaptiveAvgPool2d` as a layer. */
export class AdaptiveAvgPool2d extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}
