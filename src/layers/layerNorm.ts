import { layerNorm, layerShape } from "../ops/layerNorm.ts";
import { checkBoolean, checkNumber, checkOptions, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * `layerNorm` as a layer, initialised as in PyTorch: weights of 1, biases of 0.
 *
 * @example
 * const layer = new LayerNorm(768);
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  /** The normalised axes' shape. */
  readonly weight: Parameter | undefined;
  /** The normalised axes' shape. */
  readonly bias: Parameter | undefined;

  /**
   * @param normalizedShape lengths of the last axes, a number for the last one alone
   * @param options eps (default 1e-5); `elementwiseAffine`: learn weight and bias, default true
   * @throws RangeError if a number is out of its range
   */
  constructor(normalizedShape: number | Shape, options: { eps?: number; elementwiseAffine?: boolean } = {}) {
    super();
    checkOptions("LayerNorm", options);
    const { eps = 1e-5, elementwiseAffine = true } = options;
    checkNumber("LayerNorm", "eps", eps, 0);
    checkBoolean("LayerNorm", "elementwiseAffine", elementwiseAffine);
    this.normalizedShape = Object.freeze([...layerShape("LayerNorm", normalizedShape)]);
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(this.normalizedShape, (values) => values.fill(1)) : undefined;
    this.bias = elementwiseAffine ? new Parameter(this.normalizedShape, (values) => values.fill(0)) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return layerNorm(x, this.normalizedShape, { weight, bias, eps });
  }
}
