// Class numbers, as the losses take them.

import { describe, format, sameShape, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, Tensor } from "../tensor.ts";

/** Class numbers: a list, a typed array or an int32 tensor. */
export type Labels = ArrayLike<number> | Tensor<"int32">;

/**
 * Checks class numbers and copies them out, those that are `ignored` as -1.
 *
 * @param name of the argument, for messages
 * @param shape of what the classes are predicted by, [N, C, ...]; there must be a label for each of N, ...
 * @throws TypeError if they are of the wrong kind, ShapeError if they are too many or too few, RangeError if one is no class
 */
export function checkLabels(op: string, name: string, labels: Labels, logits: Shape, ignored?: number): Int32Array<ArrayBuffer> {
  const [n, classes, ...positions] = logits as [number, number, ...number[]];
  const shape = [n, ...positions];
  const isTensor = labels instanceof Tensor;
  if (isTensor) {
    checkTensor(op, name, labels, "int32");
  } else if (typeof labels?.length !== "number") {
    throw new TypeError(`${op}: ${name} must be a list of numbers or a tensor, got ${describe(labels)}`);
  }
  const values = isTensor ? (labels.layout === "rowMajor" ? labels.view() : labels.data()) : labels;
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError(`${op}: ${name} has ${values.length} elements, logits has ${sizeOf(shape)} rows (logits ${format(logits)})`);
  }
  if (isTensor && positions.length > 0 && !sameShape(labels.shape, shape)) {
    throw new ShapeError(`${op}: ${name} must have shape ${format(shape)}, it has ${format(labels.shape)} (logits ${format(logits)})`);
  }
  const checked = new Int32Array(values.length);
  for (let i = 0; i < checked.length; i++) {
    const label = values[i]!;
    if (label === ignored) {
      checked[i] = -1;
    } else if (Number.isInteger(label) && label >= 0 && label < classes) {
      checked[i] = label;
    } else {
      const or = ignored === undefined ? "" : `, or ${ignored}`;
      throw new RangeError(`${op}: ${name} must be integers from 0 to ${classes - 1}${or}, ${name}[${i}] is ${describe(label)}`);
    }
  }
  return checked;
}
