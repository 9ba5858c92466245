import { BatchNormNd } from "./batchNormNd.ts";
import type { TrackedNormOptions } from "./trackedNorm.ts";

/**
 * `batchNorm` of features or sequences [N, C] or [N, C, L] as a layer, initialised as in PyTorch.
 *
 * @example
 * const layer = new BatchNorm1d(64);
 */
export class BatchNorm1d extends BatchNormNd {
  /** @throws RangeError if a number is out of its range */
  constructor(numFeatures: number, options: TrackedNormOptions = {}) {
    super("BatchNorm1d", ["[N, C]", "[N, C, L]"], numFeatures, options);
  }
}
