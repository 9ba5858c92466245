import { InstanceNorm } from "./instanceNorm.ts";
import type { TrackedNormOptions } from "./trackedNorm.ts";

/**
 * `instanceNorm` of volumes [N, C, D, H, W] as a layer, initialised as in PyTorch.
 *
 * @example
 * const layer = new InstanceNorm3d(64, { affine: true });
 */
export class InstanceNorm3d extends InstanceNorm {
  /** @throws RangeError if a number is out of its range */
  constructor(numFeatures: number, options: TrackedNormOptions = {}) {
    super(["[N, C, D, H, W]"], numFeatures, options);
  }
}
