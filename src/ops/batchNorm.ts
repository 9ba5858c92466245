import { isDry, kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkBoolean, checkNumber, checkOptions, format, ShapeError } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";
import { withLayout } from "../tape.ts";
import { traced, tracing } from "../trace.ts";
import { channelsInnermost, channelsOf, checkAffine, checkVector, normalise, type NormOptions, Statistics, tracedAffine } from "./normalisation.ts";

/** Options of `batchNorm`; the defaults are PyTorch's. */
export interface BatchNormOptions extends NormOptions {
  /** Normalise with the statistics of x itself and update the running ones; otherwise use the running ones. Default false. */
  training?: boolean;
  /** Share of x's statistics in the running ones, default 0.1. */
  momentum?: number;
}

/**
 * Batch normalisation, channel by channel over batch and positions:
 *
 *   y = (x - mean) / sqrt(variance + eps) * weight + bias
 *
 * In training, mean and variance (divided by the count n) are those of x, and the running ones are updated in place:
 * running = (1 - momentum) running + momentum * that of x, where the variance is divided by n - 1. Otherwise the running ones
 * are used, as constants.
 *
 * @param x [N, C, ...], of any rank from 2
 * @param runningMean,runningVar [C], both or neither; needed unless training
 * @param options weight and bias [C], training, momentum, eps
 * @returns the shape of x
 * @throws ShapeError if a shape does not fit, or in training if there is only one value per channel
 * @example
 * const y = batchNorm(x, mean, variance, { weight, bias, training: true });
 */
export function batchNorm(
  x: Tensor, runningMean: Tensor | undefined, runningVar: Tensor | undefined, options: BatchNormOptions = {},
): Tensor {
  const { n, c, positions } = channelsOf("batchNorm", x);
  checkOptions("batchNorm", options);
  const { weight, bias, training = false, momentum = 0.1, eps = 1e-5 } = options;
  checkBoolean("batchNorm", "training", training);
  checkNumber("batchNorm", "momentum", momentum, -Infinity);
  checkNumber("batchNorm", "eps", eps, 0);
  checkAffine("batchNorm", x.shape, [c], options);
  checkVector("batchNorm", "runningMean", runningMean, [c], x.shape);
  checkVector("batchNorm", "runningVar", runningVar, [c], x.shape);
  if (!runningMean !== !runningVar) throw new TypeError("batchNorm: runningMean and runningVar must be given both or neither");
  if (!training && !runningMean) throw new TypeError("batchNorm: runningMean and runningVar are needed unless training");
  const rows = n * positions;
  // The shape alone can be told without statistics: `summary` may describe a batch of 1.
  if (isDry() || x.size === 0) return empty(x.shape, x.layout);
  if (training && rows === 1) throw new ShapeError(`batchNorm: training needs more than 1 value per channel, got 1 (x ${format(x.shape)})`);

  const y = tracing(undefined, () => scope(() => {
    const from = channelsInnermost(x);
    const grouping = { blocks: 1, rows, columns: c, groups: c };
    const s = training ? Statistics.of(from, grouping, eps) : Statistics.from(runningMean!, runningVar!, eps);
    if (training && runningMean && runningVar) {
      blend(runningMean, s.mean, 1, momentum, 1);
      blend(runningVar, s.variance, 1, momentum, rows / (rows - 1));
    }
    return withLayout(normalise(from, s, !training, grouping, weight, bias), x.layout);
  }));
  return training ? y : traced(y, "BatchNormalization", [x, ...tracedAffine([c], weight, bias), runningMean, runningVar], { epsilon: eps });
}

/** running = (1 - momentum) running + momentum * factor * mean of the `count` rows at `values`, in place. */
export function blend(running: Tensor, values: number, count: number, momentum: number, factor: number): void {
  const { size, ptr } = running;
  kernels().scale(size, 1 - momentum, ptr, ptr);
  for (let i = 0; i < count; i++) kernels().axpy(size, (momentum * factor) / count, values + 4 * i * size, ptr);
}
