import { isDry } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkInteger, checkNumber, checkOptions, format, ShapeError } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";
import { withLayout } from "../tape.ts";
import { traced, tracing } from "../trace.ts";
import { channelsInnermost, channelsOf, checkAffine, normalise, type NormOptions, Statistics, tracedAffine } from "./normalisation.ts";

/**
 * Group normalisation: the channels of each sample fall into groups of neighbours, and each group is normalised by its own mean
 * and variance (divided by the count):
 *
 *   y = (x - mean) / sqrt(variance + eps) * weight + bias
 *
 * @param x [N, C, ...], of any rank from 2
 * @param numGroups a divisor of C
 * @param options weight and bias [C], eps
 * @returns the shape of x
 * @throws ShapeError if the groups do not divide the channels, a shape does not fit, or the statistics would see one value only
 * @example
 * const y = groupNorm(x, 8, { weight, bias });
 */
export function groupNorm(x: Tensor, numGroups: number, options: NormOptions = {}): Tensor {
  const { n, c, positions } = channelsOf("groupNorm", x);
  checkInteger("groupNorm", "numGroups", numGroups, 1);
  if (c % numGroups !== 0) throw new ShapeError(`groupNorm: ${c} channels are not divisible by ${numGroups} groups (x ${format(x.shape)})`);
  checkOptions("groupNorm", options);
  const { weight, bias, eps = 1e-5 } = options;
  checkNumber("groupNorm", "eps", eps, 0);
  checkAffine("groupNorm", x.shape, [c], options);
  if (isDry() || x.size === 0) return empty(x.shape, x.layout);
  // PyTorch's rule: a single sample whose groups have one element.
  if (n * (c / numGroups) * positions === 1) {
    const shapes = `(x ${format(x.shape)}, numGroups ${numGroups})`;
    throw new ShapeError(`groupNorm: the statistics need more than 1 value per group, got 1 ${shapes}`);
  }

  const y = tracing(undefined, () => scope(() => {
    const from = channelsInnermost(x);
    const grouping = { blocks: n, rows: positions, columns: c, groups: numGroups };
    return withLayout(normalise(from, Statistics.of(from, grouping, eps), false, grouping, weight, bias), x.layout);
  }));
  return traced(y, "GroupNormalization", [x, ...tracedAffine([c], weight, bias)], { num_groups: numGroups, epsilon: eps });
}
