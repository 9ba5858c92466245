import { prelu } from "../ops/prelu.ts";
import { checkInteger, checkNumber, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of `PReLU`. */
export interface PReLUOptions {
  /** 1, the default: one slope for all channels; or as many as there are channels. */
  numParameters?: number;
  /** What the slopes start from, default 0.25. */
  init?: number;
}

/**
 * `prelu` with learned slopes.
 *
 * @example
 * const layer = new PReLU({ numParameters: 16 });
 */
export class PReLU extends Module {
  /** [numParameters] */
  readonly weight: Parameter;

  /** @throws RangeError if numParameters is not a positive integer, or init is not finite */
  constructor(options: PReLUOptions = {}) {
    super();
    checkOptions("PReLU", options);
    const { numParameters = 1, init = 0.25 } = options;
    checkInteger("PReLU", "numParameters", numParameters, 1);
    checkNumber("PReLU", "init", init, -Infinity);
    this.weight = new Parameter([numParameters], (values) => values.fill(init));
  }

  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}
