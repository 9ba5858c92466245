import { InstanceNormNd } from "./instanceNormNd.ts";
import type { TrackedNormOptions } from "./trackedNorm.ts";

/**
 * `instanceNorm` of sequences [N, C, L] as a layer, initialised as in PyTorch.
 *
 * @example
 * const layer = new InstanceNorm1d(64, { affine: true });
 */
export class InstanceNorm1d extends InstanceNormNd {
  /** @throws RangeError if a number is out of its range */
  constructor(numFeatures: number, options: TrackedNormOptions = {}) {
    super("InstanceNorm1d", ["[N, C, L]"], numFeatures, options);
  }
}
