import { flatten } from "../ops/reshape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `flatten` as a layer; keeps the batch axis by default. */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim: number = 1, endDim: number = -1) {
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }
}
