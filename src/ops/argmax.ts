import { kernels } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkTensor, empty, type Tensor, toLayout } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced } from "../trace.ts";
import { around, scatterElements } from "./gathering.ts";
import { checkDim, checkKeepdim, countOver, finish, keptShape, type ReductionOptions } from "./reduction.ts";

/**
 * Index of the largest element along an axis: the first one among equals; NaN counts as the largest.
 *
 * @param dim one axis; where it is left out, the index is that in all elements, in row-major order
 * @throws ShapeError if there are no elements; RangeError if the axis does not exist
 * @returns int32
 * @example
 * const predicted = argmax(model.forward(x), 1).data();
 */
export function argmax(x: Tensor, dim?: number, options: ReductionOptions = {}): Tensor<"int32"> {
  return argExtreme("argmax", kernels().argmaxAxis, x, dim, options);
}

/** Index of the smallest element along an axis, otherwise as `argmax`. */
export function argmin(x: Tensor, dim?: number, options: ReductionOptions = {}): Tensor<"int32"> {
  return argExtreme("argmin", kernels().argminAxis, x, dim, options);
}

type Kernel = (outer: number, n: number, inner: number, x: number, y: number, index: number) => void;

function argExtreme(op: string, kernel: Kernel, x: Tensor, dim: number | undefined, options: ReductionOptions): Tensor<"int32"> {
  checkTensor(op, "x", x);
  if (dim !== undefined) return scope(() => selectExtreme(op, kernel, x, dim, options).indices);
  const keepdim = checkKeepdim(op, options);
  countOver(op, x, x.shape.map((_, axis) => axis));
  return scope(() => {
    const flat = traced(toLayout(x, "rowMajor").alias([x.size]), "Reshape", [x, [-1]]);
    const { indices } = selectExtreme(op, kernel, flat, 0, {});
    const shape = keepdim ? x.shape.map(() => 1) : [];
    return traced(indices.alias(shape), "Reshape", [indices, shape]);
  });
}

/** The extreme elements along an axis, and their indices. */
export function selectExtreme(
  op: string, kernel: Kernel, x: Tensor, dim: number, options: ReductionOptions,
): { values: Tensor; indices: Tensor<"int32"> } {
  checkTensor(op, "x", x);
  const axis = checkDim(op, x, dim), keepdim = checkKeepdim(op, options);
  countOver(op, x, [axis]);
  return scope(() => {
    const shape = keptShape(x.shape, [axis]);
    const values = empty(shape, x.layout), indices = empty(shape, x.layout, "int32");
    kernel(...around(x.shape, x.layout, axis), x.ptr, values.ptr, indices.ptr);
    // S picks one element of each line along the axis, and is linear while the winners stay the same: dx = S' dy.
    record(values, [x, (dy) => scatterElements(dy, axis, indices, x.shape, x.layout)]);
    const least = op === "argmin" || op === "min";
    traced(values, least ? "ReduceMin" : "ReduceMax", [x, [axis]], { keepdims: 1 });
    traced(indices, least ? "ArgMin" : "ArgMax", [x], { axis, keepdims: 1 });
    return { values: finish(values, [axis], keepdim), indices: finish(indices, [axis], keepdim) };
  });
}
