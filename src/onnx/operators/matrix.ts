// Matrix products.

import { type Call, GraphError } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { add } from "../../ops/add.ts";
import { matmul, product } from "../../ops/matmul.ts";
import { mul } from "../../ops/mul.ts";
import { reshape } from "../../ops/reshape.ts";
import { format, sizeOf, ShapeError } from "../../shape.ts";
import { type Family, float, floats, int } from "./arguments.ts";
import { einsum } from "./einsum.ts";

/** y = alpha A B + beta C, of matrices that may be transposed. */
export function gemm(call: Call): Value {
  const a = floats(call, 0), b = floats(call, 1), c = call.inputs[2] && floats(call, 2);
  const [transA, transB] = [int(call, "transA", 0) !== 0, int(call, "transB", 0) !== 0];
  const [alpha, beta] = [float(call, "alpha", 1), float(call, "beta", 1)];
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw new ShapeError(`a and b must be matrices (a ${format(a.shape)}, b ${format(b.shape)})`);
  }
  const inner = [a.shape[transA ? 0 : 1], b.shape[transB ? 1 : 0]];
  if (inner[0] !== inner[1]) {
    throw new ShapeError(`a has ${inner[0]} columns, b has ${inner[1]} rows (a ${format(a.shape)}, b ${format(b.shape)})`);
  }
  const columns = b.shape[transB ? 0 : 1]!;
  const isRow = c !== undefined && sizeOf(c.shape) === columns && c.shape.at(-1) === columns && c.shape.length <= 2;
  if (alpha === 1 && beta === 1 && isRow) {
    return Value.of(product(a.tensor(), b.tensor(), transA, transB, reshape(c.tensor(), [columns])), a.dtype);
  }
  let y = product(a.tensor(), b.tensor(), transA, transB);
  if (alpha !== 1) y = mul(y, alpha);
  if (c) y = add(y, beta === 1 ? c.tensor() : mul(c.tensor(), beta));
  if (y.shape.length !== 2) throw new GraphError(`c ${format(c!.shape)} has more axes than the product`, call.node);
  return Value.of(y, a.dtype);
}

/** y = a b, with NumPy's rules for other ranks than 2. */
export function multiply(call: Call): Value {
  const a = floats(call, 0), b = floats(call, 1);
  return Value.of(matmul(a.tensor(), b.tensor()), a.dtype);
}

export const products: Family = { Einsum: einsum, Gemm: gemm, MatMul: multiply };
