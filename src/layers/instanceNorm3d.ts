import { InstanceNormNd } from "./instanceNormNd.ts";
import type { TrackedNormOptions } from "./trackedNorm.ts";

/**
 * `instanceNorm` of volumes [N, C, D, H, W] as a layer, initialised as in PyTorch.
 *
 * @example
 * const layer = new InstanceNorm3d(64, { affine: true });
 */
export class InstanceNorm3d extends InstanceNormNd {
  /** @throws RangeError if a number is out of its range */
  constructor(numFeatures: number, options: TrackedNormOptions = {}) {
    super("InstanceNorm3d", ["[N, C, D, H, W]"], numFeatures, options);
  }
}
