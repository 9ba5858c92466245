// Comparisons, element by element with broadcasting.
//
// The result is float32, 1 where true and 0 where false: a mask that `mul`, `where`, `sum` (how many) and `mean` (which part)
// take as it is. No gradient flows through a comparison.

import { kernels } from "../runtime/kernels.ts";
import { type DType, Tensor } from "../tensor.ts";
import { traced, tracedBetween } from "../trace.ts";
import { commonShape, compute } from "./elementwise.ts";

/** What can be compared: float32 tensors and numbers, or int32 tensors and integers. */
export type Comparable = Tensor | Tensor<"int32"> | number;

/**
 * 1 where a = b, else 0.
 *
 * @param a,b two float32 or two int32 tensors whose shapes broadcast, or a number and a tensor
 * @throws ShapeError if the shapes do not broadcast; TypeError for one float32 and one int32 tensor; RangeError for a number
 *   that is no 32-bit integer next to an int32 tensor
 * @example
 * const accuracy = mean(eq(argmax(logits, 1), labels)).item();
 */
export function eq(a: Comparable, b: Comparable): Tensor {
  return compare("eq", { a, b }, kernels().eq, kernels().eqInt);
}

/** 1 where a differs from b, else 0; NaN differs from everything. Otherwise as `eq`. */
export function ne(a: Comparable, b: Comparable): Tensor {
  return compare("ne", { a, b }, kernels().ne, kernels().neInt);
}

/** 1 where a < b, else 0. Otherwise as `eq`. */
export function lt(a: Comparable, b: Comparable): Tensor {
  return compare("lt", { a, b }, kernels().lt, kernels().ltInt);
}

/** 1 where a <= b, else 0. Otherwise as `eq`. */
export function le(a: Comparable, b: Comparable): Tensor {
  return compare("le", { a, b }, kernels().le, kernels().leInt);
}

/** 1 where a > b, else 0. Otherwise as `eq`. */
export function gt(a: Comparable, b: Comparable): Tensor {
  return compare("gt", { a, b }, kernels().lt, kernels().ltInt, true);
}

/** 1 where a >= b, else 0. Otherwise as `eq`. */
export function ge(a: Comparable, b: Comparable): Tensor {
  return compare("ge", { a, b }, kernels().le, kernels().leInt, true);
}

// In ONNX.
const names: Record<string, string> = { lt: "Less", le: "LessOrEqual", gt: "Greater", ge: "GreaterOrEqual" };

type Kernel = (geometry: number, a: number, b: number, y: number) => void;

function compare(op: string, operands: Record<string, Comparable>, float: Kernel, int: Kernel, swapped: boolean = false): Tensor {
  const values: (Tensor<DType> | number)[] = Object.values(operands);
  const first = values.find((x): x is Tensor<DType> => x instanceof Tensor);
  const dtype = first?.dtype === "int32" ? "int32" : "float32";
  const shape = commonShape(op, operands, dtype);
  for (const [name, x] of Object.entries(operands)) {
    if (dtype === "int32" && typeof x === "number" && x !== (x | 0)) {
      throw new RangeError(`${op}: ${name} must be a 32-bit integer, since the other operand is int32, got ${x}`);
    }
  }
  const y = compute(dtype === "int32" ? int : float, swapped ? [...values].reverse() : values, shape, dtype);
  const equal = op === "eq" || op === "ne";
  const condition = tracedBetween(equal ? "Equal" : names[op]!, values);
  // 1: float32
  return traced(y, "Cast", [op === "ne" ? tracedBetween("Not", [condition]) : condition], { to: 1 });
}
