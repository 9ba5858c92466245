import { checkDim, checkShape, describe, format, type Shape, ShapeError } from "../shape.ts";
import { copyBlock, type Walk, wholeWalk } from "../strides.ts";
import { checkTensor, type DType, empty, type Tensor } from "../tensor.ts";
import { traced, tracedBetween } from "../trace.ts";
import { layoutOf, recordMove, take } from "./movement.ts";

/**
 * Tensors one after the other along an axis.
 *
 * @param tensors of one kind; their shapes differ along that axis only
 * @param dim the axis, default 0; negative numbers count from the end
 * @throws ShapeError if there are no tensors or other axes differ; RangeError if the axis does not exist
 * @example
 * const skip = cat([upsampled, features], 1); // along the channels, as in a U-Net
 */
export function cat<D extends DType>(tensors: readonly Tensor<D>[], dim: number = 0): Tensor<D> {
  const shapes = checkTensors("cat", tensors);
  const first = tensors[0]!.shape;
  const axis = checkDim("cat", "dim", dim, first);
  tensors.forEach(({ shape }, i) => {
    if (shape.length !== first.length) throw new ShapeError(`cat: tensors[${i}] has ${shape.length} axes, tensors[0] has ${first.length} ${shapes}`);
    const other = shape.findIndex((length, k) => k !== axis && length !== first[k]);
    if (other >= 0) throw new ShapeError(`cat: tensors[${i}] has length ${shape[other]} along axis ${other}, tensors[0] has ${first[other]} ${shapes}`);
  });
  const { start, axes, steps } = wholeWalk(first.length);
  let at = 0;
  const walks = tensors.map(({ shape }): Walk => {
    const from = start.map((_, k) => (k === axis ? at : 0));
    at += shape[axis]!;
    return { start: from, axes, steps };
  });
  return traced(join("cat", tensors, walks, first.map((length, k) => (k === axis ? at : length))), "Concat", tensors, { axis });
}

/**
 * Tensors of one shape side by side along a new axis.
 *
 * @param tensors of one kind and shape
 * @param dim where the new axis stands in the result, default 0; negative numbers count from its end
 * @throws ShapeError if there are no tensors or their shapes differ; RangeError if dim is beyond the result's axes
 * @example
 * const batch = stack(pictures); // [C, H, W] each, [N, C, H, W]
 */
export function stack<D extends DType>(tensors: readonly Tensor<D>[], dim: number = 0): Tensor<D> {
  const shapes = checkTensors("stack", tensors);
  const first = tensors[0]!.shape;
  const axis = checkDim("stack", "dim", dim, first, first.length + 1);
  tensors.forEach(({ shape }, i) => {
    if (format(shape) !== format(first)) throw new ShapeError(`stack: tensors[${i}] and tensors[0] must have one shape ${shapes}`);
  });
  const { start, axes, steps } = wholeWalk(first.length + 1);
  const walks = tensors.map((_, i): Walk => ({
    start: start.map((_, k) => (k === axis ? i : 0)),
    axes: axes.filter((k) => k !== axis),
    steps: steps.slice(1),
  }));
  const shape = [...first];
  shape.splice(axis, 0, tensors.length);
  return traced(join("stack", tensors, walks, shape), "Concat", tensors.map((x) => tracedBetween("Unsqueeze", [x, [axis]])), { axis });
}

function checkTensors(op: string, tensors: readonly Tensor<DType>[]): string {
  if (!Array.isArray(tensors)) throw new TypeError(`${op}: tensors must be a list of tensors, got ${describe(tensors)}`);
  if (tensors.length === 0) throw new ShapeError(`${op}: tensors must have at least one tensor, got none`);
  tensors.forEach((x, i) => checkTensor(op, `tensors[${i}]`, x, tensors[0]?.dtype));
  return `(${tensors.map(({ shape }) => format(shape)).join(", ")})`;
}

/** y[walk(i)] = x[i] for every tensor and its walk. Adjoint: each takes its part of dy. */
function join<D extends DType>(op: string, tensors: readonly Tensor<D>[], walks: Walk[], shape: Shape): Tensor<D> {
  checkShape(op, shape);
  const [first] = tensors;
  const y = empty(shape, layoutOf(first!, shape), first!.dtype);
  tensors.forEach((x, i) => copyBlock(x, y, { lengths: x.shape, x: wholeWalk(x.shape.length), y: walks[i]! }));
  return recordMove(y, ...tensors.map((x, i) => [x, (dy: Tensor) => take(dy, x.shape, walks[i]!)] as const));
}
