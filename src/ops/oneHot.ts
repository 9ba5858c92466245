import { isDry } from "../runtime/kernels.ts";
import { checkInteger, checkShape, ShapeError } from "../shape.ts";
import { empty, Tensor, toLayout } from "../tensor.ts";
import { checkIndices, type Indices } from "./gathering.ts";

/**
 * Class numbers as vectors of zeros and a one: y[..., c] = 1 where labels[...] = c, else 0.
 *
 * @param labels int32 of any shape, or a list
 * @param numClasses length of the vectors; without it, one more than the largest label
 * @returns [...labels.shape, numClasses], float32 (PyTorch's are integers, which every use then converts)
 * @throws RangeError if a label is no class; ShapeError if there are neither labels nor numClasses
 * @example
 * const y = oneHot([2, 0], 3); // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(labels: Indices, numClasses?: number): Tensor {
  if (numClasses !== undefined) checkInteger("oneHot", "numClasses", numClasses, 1);
  const index = checkIndices("oneHot", "labels", labels, numClasses ?? 2 ** 30);
  if (numClasses === undefined && index.size === 0) throw new ShapeError("oneHot: without labels numClasses must be given");
  const plain = toLayout(index, "rowMajor");
  const values = isDry() ? new Int32Array(plain.size) : plain.data();
  plain.dispose();
  if (!(labels instanceof Tensor)) index.dispose();
  const classes = numClasses ?? values.reduce((most, label) => Math.max(most, label), -1) + 1;
  const shape = [...index.shape, classes];
  checkShape("oneHot", shape);
  const y = empty(shape);
  if (!isDry()) {
    const view = y.view().fill(0);
    values.forEach((label, i) => (view[i * classes + label] = 1));
  }
  return y;
}
