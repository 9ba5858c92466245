import { pixelShuffle } from "../ops/pixelShuffle.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `pixelShuffle` as a layer. */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = upscaleFactor;
  }

  forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }
}
