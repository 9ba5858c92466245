import { groupNorm } from "../ops/groupNorm.ts";
import { checkBoolean, checkInteger, checkNumber, checkOptions, ShapeError } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * `groupNorm` as a layer, initialised as in PyTorch: weights of 1, biases of 0.
 *
 * @example
 * const layer = new GroupNorm(8, 64);
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  /** [numChannels] */
  readonly weight: Parameter | undefined;
  /** [numChannels] */
  readonly bias: Parameter | undefined;

  /**
   * @param options eps (default 1e-5); `affine`: learn weight and bias, default true
   * @throws RangeError if a number is out of its range; ShapeError if the groups do not divide the channels
   */
  constructor(numGroups: number, numChannels: number, options: { eps?: number; affine?: boolean } = {}) {
    super();
    checkOptions("GroupNorm", options);
    const { eps = 1e-5, affine = true } = options;
    checkInteger("GroupNorm", "numGroups", numGroups, 1);
    checkInteger("GroupNorm", "numChannels", numChannels, 1);
    checkNumber("GroupNorm", "eps", eps, 0);
    checkBoolean("GroupNorm", "affine", affine);
    if (numChannels % numGroups !== 0) throw new ShapeError(`GroupNorm: ${numChannels} channels are not divisible by ${numGroups} groups`);
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.weight = affine ? new Parameter([numChannels], (values) => values.fill(1)) : undefined;
    this.bias = affine ? new Parameter([numChannels], (values) => values.fill(0)) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return groupNorm(x, this.numGroups, { weight, bias, eps });
  }
}
