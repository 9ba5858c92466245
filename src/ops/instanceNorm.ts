import { isDry } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkBoolean, checkNumber, checkOptions, format, ShapeError } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";
import { withLayout } from "../tape.ts";
import { traced, tracing } from "../trace.ts";
import { batchNorm, blend } from "./batchNorm.ts";
import { channelsInnermost, channelsOf, checkAffine, checkVector, normalise, type NormOptions, Statistics, tracedAffine } from "./normalisation.ts";

/** Options of `instanceNorm`; the defaults are PyTorch's. */
export interface InstanceNormOptions extends NormOptions {
  /** [C]; updated in place by the means over the batch of the maps' statistics. */
  runningMean?: Tensor | undefined;
  /** [C] */
  runningVar?: Tensor | undefined;
  /** Normalise with the statistics of x itself; otherwise with the running ones, as constants. Default true. */
  useInputStats?: boolean;
  /** Share of x's statistics in the running ones, default 0.1. */
  momentum?: number;
}

/**
 * Instance normalisation, every map by itself: as `batchNorm`, with mean and variance over the positions of one channel of one
 * sample.
 *
 * @param x [N, C, ...], of any rank from 3
 * @param options weight and bias [C], runningMean and runningVar [C], useInputStats, momentum, eps
 * @returns the shape of x
 * @throws ShapeError if a shape does not fit, or if a map has only one position
 * @example
 * const y = instanceNorm(x, { weight, bias });
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  const { n, c, positions } = channelsOf("instanceNorm", x);
  checkOptions("instanceNorm", options);
  const { weight, bias, runningMean, runningVar, useInputStats = true, momentum = 0.1, eps = 1e-5 } = options;
  checkBoolean("instanceNorm", "useInputStats", useInputStats);
  checkNumber("instanceNorm", "momentum", momentum, -Infinity);
  checkNumber("instanceNorm", "eps", eps, 0);
  checkAffine("instanceNorm", x.shape, [c], options);
  checkVector("instanceNorm", "runningMean", runningMean, [c], x.shape);
  checkVector("instanceNorm", "runningVar", runningVar, [c], x.shape);
  if (!runningMean !== !runningVar) throw new TypeError("instanceNorm: runningMean and runningVar must be given both or neither");
  if (!useInputStats && !runningMean) throw new TypeError("instanceNorm: runningMean and runningVar are needed unless useInputStats");
  if (!useInputStats) return batchNorm(x, runningMean, runningVar, { weight, bias, eps });
  if (isDry() || x.size === 0) return empty(x.shape, x.layout);
  if (positions === 1) throw new ShapeError(`instanceNorm: the statistics need more than 1 position, got 1 (x ${format(x.shape)})`);

  const y = tracing(undefined, () => scope(() => {
    const from = channelsInnermost(x);
    const grouping = { blocks: n, rows: positions, columns: c, groups: c };
    const s = Statistics.of(from, grouping, eps);
    if (runningMean && runningVar) {
      blend(runningMean, s.mean, n, momentum, 1);
      blend(runningVar, s.variance, n, momentum, positions / (positions - 1));
    }
    return withLayout(normalise(from, s, false, grouping, weight, bias), x.layout);
  }));
  return traced(y, "InstanceNormalization", [x, ...tracedAffine([c], weight, bias)], { epsilon: eps });
}
