import { batchNorm } from "../ops/batchNorm.ts";
import { isDry } from "../runtime/kernels.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { TrackedNorm, type TrackedNormOptions } from "./trackedNorm.ts";

/** `batchNorm` as a layer, for the ranks that its subclasses name. */
export abstract class BatchNormNd extends TrackedNorm {
  constructor(name: string, axes: readonly string[], numFeatures: number, options: TrackedNormOptions) {
    checkOptions(name, options);
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    super(name, axes, numFeatures, { eps, momentum, affine, trackRunningStats });
  }

  /** In training with the batch's statistics, which join the running ones; after `eval()` with the running ones, if there are any. */
  forward(x: Tensor): Tensor {
    const { weight, bias, eps, runningMean, runningVar, numBatchesTracked: batches } = this;
    this.checkInput(x);
    const options = { weight, bias, eps, training: this.training || !batches };
    // A dry run has no statistics to track.
    if (!this.training || !batches || isDry()) return batchNorm(x, runningMean, runningVar, options);
    const count = batches.item() + 1;
    const y = batchNorm(x, runningMean, runningVar, { ...options, momentum: this.momentum ?? 1 / count });
    batches.view()[0] = count;
    return y;
  }
}
