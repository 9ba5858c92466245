import { pixelUnshuffle } from "../ops/pixelShuffle.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `pixelUnshuffle` as a layer. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = downscaleFactor;
  }

  forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor);
  }
}
