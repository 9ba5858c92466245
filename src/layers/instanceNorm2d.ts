import { InstanceNormNd } from "./instanceNormNd.ts";
import type { TrackedNormOptions } from "./trackedNorm.ts";

/**
 * `instanceNorm` of maps [N, C, H, W] as a layer, initialised as in PyTorch.
 *
 * @example
 * const layer = new InstanceNorm2d(64, { affine: true });
 */
export class InstanceNorm2d extends InstanceNormNd {
  /** @throws RangeError if a number is out of its range */
  constructor(numFeatures: number, options: TrackedNormOptions = {}) {
    super("InstanceNorm2d", ["[N, C, H, W]"], numFeatures, options);
  }
}
