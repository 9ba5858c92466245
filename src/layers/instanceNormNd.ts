import { instanceNorm } from "../ops/instanceNorm.ts";
import { checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { TrackedNorm, type TrackedNormOptions } from "./trackedNorm.ts";

/** `instanceNorm` as a layer, for the ranks that its subclasses name. */
export abstract class InstanceNormNd extends TrackedNorm {
  constructor(name: string, axes: readonly string[], numFeatures: number, options: TrackedNormOptions) {
    checkOptions(name, options);
    const { eps = 1e-5, momentum = 0.1, affine = false, trackRunningStats = false } = options;
    super(name, axes, numFeatures, { eps, momentum, affine, trackRunningStats });
  }

  /** With the maps' own statistics, unless there are running ones and the layer is set to `eval()`. */
  forward(x: Tensor): Tensor {
    const { weight, bias, eps, runningMean, runningVar } = this;
    this.checkInput(x);
    // PyTorch's instance normalisation counts no batches: without a momentum the running statistics stay as they are.
    const momentum = this.momentum ?? 0;
    return instanceNorm(x, { weight, bias, eps, runningMean, runningVar, useInputStats: this.training || !runningMean, momentum });
  }
}
