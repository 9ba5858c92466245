import { BatchNormNd } from "./batchNormNd.ts";
import type { TrackedNormOptions } from "./trackedNorm.ts";

/**
 * `batchNorm` of volumes [N, C, D, H, W] as a layer, initialised as in PyTorch.
 *
 * @example
 * const layer = new BatchNorm3d(64);
 */
export class BatchNorm3d extends BatchNormNd {
  /** @throws RangeError if a number is out of its range */
  constructor(numFeatures: number, options: TrackedNormOptions = {}) {
    super("BatchNorm3d", ["[N, C, D, H, W]"], numFeatures, options);
  }
}
