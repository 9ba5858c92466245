import { isDry } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkInteger, checkNumber, checkOptions, checkShape, format, sameShape, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, empty, type Layout, type Tensor } from "../tensor.ts";
import { withLayout } from "../tape.ts";
import { traced, tracing } from "../trace.ts";
import { checkAffine, normalise, type NormOptions, Statistics, tracedAffine } from "./normalisation.ts";
import { reshape } from "./reshape.ts";

/**
 * Layer normalisation over the last axes, with mean and variance (divided by the count) of each slice:
 *
 *   y = (x - mean) / sqrt(variance + eps) * weight + bias
 *
 * @param x [..., ...normalizedShape]
 * @param normalizedShape lengths of the last axes, a number for the last one alone
 * @param options weight and bias of the shape normalizedShape, eps
 * @returns the shape of x
 * @throws ShapeError if x does not end in normalizedShape, or weight or bias have another shape
 * @example
 * const y = layerNorm(x, 768, { weight, bias });
 */
export function layerNorm(x: Tensor, normalizedShape: number | Shape, options: NormOptions = {}): Tensor {
  checkTensor("layerNorm", "x", x);
  const shape = layerShape("layerNorm", normalizedShape);
  const { length: rank } = shape;
  if (rank > x.shape.length || !sameShape(x.shape.slice(-rank), shape)) {
    throw new ShapeError(`layerNorm: x must end in normalizedShape ${format(shape)} (x ${format(x.shape)})`);
  }
  checkOptions("layerNorm", options);
  const { weight, bias, eps = 1e-5 } = options;
  checkNumber("layerNorm", "eps", eps, 0);
  checkAffine("layerNorm", x.shape, shape, options);
  if (isDry() || x.size === 0) return empty(x.shape, x.layout);

  const y = tracing(undefined, () => scope(() => {
    // Slices must be runs of memory. With all axes but the batch they are, channels-last too; weight and bias follow that order.
    const leading = x.shape.slice(0, -rank);
    const layout: Layout = leading.length <= 1 ? x.layout : "rowMajor";
    const ordered = (w: Tensor | undefined): Tensor | undefined => {
      return w && withLayout(reshape(w, [...leading.map(() => 1), ...shape]), layout);
    };
    const from = withLayout(x, layout);
    const grouping = { blocks: sizeOf(leading), rows: 1, columns: sizeOf(shape), groups: 1 };
    const s = Statistics.of(from, grouping, eps);
    return withLayout(normalise(from, s, false, grouping, ordered(weight), ordered(bias)), x.layout);
  }));
  return traced(y, "LayerNormalization", [x, ...tracedAffine(shape, weight, bias)], { axis: -rank, epsilon: eps });
}

/** The lengths of the normalised axes, checked. */
export function layerShape(op: string, normalizedShape: number | Shape): Shape {
  if (typeof normalizedShape === "number") checkInteger(op, "normalizedShape", normalizedShape, 0);
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  checkShape(op, shape);
  if (shape.length === 0) throw new ShapeError(`${op}: normalizedShape must have at least 1 axis`);
  return shape;
}
