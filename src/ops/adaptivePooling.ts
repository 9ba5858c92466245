// Adaptive pooling: the size of the output is given, and the windows follow from it. Output i of OL along an axis of length L sees
// the elements from floor(i L / OL) up to ceil((i + 1) L / OL): all windows together cover the input, and they overlap where L is
// no multiple of OL. Everything else is as in `pooling.ts`.

import { checkInteger, checkShape, describe, format, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import type { Window } from "../window.ts";
import { average, maxima, type MaxPoolResult, selectMaxima } from "./pooling.ts";

/** Size of the output: a number for every axis, or one each; null keeps the input's. */
export type OutputSize = number | null | readonly (number | null)[];

/** Checks and computes an adaptive average pooling with `rank` spatial axes. */
export function adaptiveAvgPool(op: string, rank: number, x: Tensor, outputSize: OutputSize): Tensor {
  checkTensor(op, "x", x);
  return average(x, { ...adaptiveWindow(op, rank, x.shape, outputSize), countIncludePad: false, divisor: 0 });
}

/** Checks and computes an adaptive max pooling with `rank` spatial axes. */
export function adaptiveMaxPool(op: string, rank: number, x: Tensor, outputSize: OutputSize): Tensor {
  checkTensor(op, "x", x);
  return maxima(x, adaptiveWindow(op, rank, x.shape, outputSize));
}

/** `adaptiveMaxPool`, with the winners' positions. */
export function adaptiveMaxPoolWithIndices(op: string, rank: number, x: Tensor, outputSize: OutputSize): MaxPoolResult {
  checkTensor(op, "x", x);
  return selectMaxima(x, adaptiveWindow(op, rank, x.shape, outputSize));
}

// A window of kernel 0 is adaptive to the kernels (`assembly/pool.ts`).
function adaptiveWindow(op: string, rank: number, x: Shape, outputSize: OutputSize): Window {
  const axes = ["D", "H", "W"].slice(3 - rank).map((axis) => (rank === 1 ? "L" : axis));
  if (x.length !== 2 + rank) {
    throw new ShapeError(`${op}: x must have ${2 + rank} axes [N, C, ${axes.join(", ")}], it has ${x.length} (x ${format(x)})`);
  }
  const [n, c, ...input] = x as [number, number, ...number[]];
  const list = typeof outputSize === "number" || outputSize === null ? input.map(() => outputSize) : outputSize;
  if (!Array.isArray(list)) {
    throw new TypeError(`${op}: outputSize must be a number, null or a list of ${rank}, got ${describe(outputSize)}`);
  }
  if (list.length !== rank) throw new ShapeError(`${op}: outputSize must have ${rank} numbers, got ${list.length} (${format(list)})`);
  input.forEach((length, i) => {
    if (length === 0) throw new ShapeError(`${op}: x has an empty axis ${axes[i]} (x ${format(x)})`);
  });
  const output = list.map((size: number | null, i) => {
    if (size !== null) checkInteger(op, "outputSize", size, 1);
    return size ?? input[i]!;
  });
  // With an empty batch too, the kernels count the positions of an image.
  checkShape(op, [Math.max(n, 1), Math.max(c, 1), ...output]);
  const extend = (lengths: readonly number[]) => [...new Array<number>(3 - rank).fill(1), ...lengths] as unknown as Window["input"];
  return Object.freeze({
    n, c, o: c, groups: 1,
    input: extend(input), output: extend(output),
    kernel: [0, 0, 0], stride: [1, 1, 1], padding: [0, 0, 0], dilation: [1, 1, 1],
    inputShape: x, outputShape: Object.freeze([n, c, ...output]),
  } as const);
}
