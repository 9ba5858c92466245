import { interpolate, type InterpolateOptions } from "../ops/interpolate.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/**
 * `interpolate` as a layer.
 *
 * @example
 * const layer = new Upsample({ scaleFactor: 2, mode: "bilinear" });
 */
export class Upsample extends Module {
  readonly options: Readonly<InterpolateOptions>;

  constructor(options: InterpolateOptions) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }
}
