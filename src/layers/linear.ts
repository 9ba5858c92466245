import { linear } from "../ops/linear.ts";
import { checkInteger, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";
import { type Parameter, uniformParameter } from "./parameter.ts";

/**
 * Fully connected layer: `linear` with learned weights, initialised as in PyTorch.
 *
 * @example
 * const layer = new Linear(400, 10);
 */
export class Linear extends Module {
  /** [outFeatures, inFeatures] */
  readonly weight: Parameter;
  /** [outFeatures] */
  readonly bias: Parameter | undefined;

  /**
   * @param options `bias`: learn one, default true
   * @throws RangeError if a number is not a positive integer
   */
  constructor(inFeatures: number, outFeatures: number, options: { bias?: boolean } = {}) {
    super();
    checkInteger("Linear", "inFeatures", inFeatures, 1);
    checkInteger("Linear", "outFeatures", outFeatures, 1);
    checkOptions("Linear", options);
    this.weight = uniformParameter([outFeatures, inFeatures], inFeatures);
    this.bias = options.bias ?? true ? uniformParameter([outFeatures], inFeatures) : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
