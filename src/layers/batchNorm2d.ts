import { BatchNormNd } from "./batchNormNd.ts";
import type { TrackedNormOptions } from "./trackedNorm.ts";

/**
 * `batchNorm` of maps [N, C, H, W] as a layer, initialised as in PyTorch.
 *
 * @example
 * const layer = new BatchNorm2d(64);
 */
export class BatchNorm2d extends BatchNormNd {
  /** @throws RangeError if a number is out of its range */
  constructor(numFeatures: number, options: TrackedNormOptions = {}) {
    super("BatchNorm2d", ["[N, C, H, W]"], numFeatures, options);
  }
}
