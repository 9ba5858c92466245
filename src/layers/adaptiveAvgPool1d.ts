import { adaptiveAvgPool1d } from "../ops/adaptiveAvgPool1d.ts";
import type { OutputSize } from "../ops/adaptivePooling.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `adaptiveAvgPool1d` as a layer. */
export class AdaptiveAvgPool1d extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize);
  }
}
