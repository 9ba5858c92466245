import { adaptiveMaxPool1d } from "../ops/adaptiveMaxPool1d.ts";
import type { OutputSize } from "../ops/adaptivePooling.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `adaptiveMaxPool1d` as a layer. */
export class AdaptiveMaxPool1d extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return adaptiveMaxPool1d(x, this.outputSize);
  }
}
