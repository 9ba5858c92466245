import { checkInteger, checkOptions, format, ShapeError } from "../shape.ts";
import { discard } from "../scope.ts";
import { checkTensor, type Tensor, tensor } from "../tensor.ts";
import { checkIndices, gatherRows, type Indices } from "./gathering.ts";
import { reshape } from "./reshape.ts";

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** A row of the table that gets no gradient: what stands for nothing, in sequences of unequal lengths. May be negative. */
  paddingIdx?: number;
}

/**
 * Rows of a table, y[..., :] = weight[indices[...], :]. The adjoint adds every row of dy to the row of the table that it was
 * taken from.
 *
 * @param indices int32 of any shape, or a list
 * @param weight [rows, length]
 * @returns [...indices.shape, length]
 * @throws RangeError if an index is no row; ShapeError if weight is no matrix
 * @example
 * const vectors = embedding([3, 1, 4], table, { paddingIdx: 0 }); // [3, length]
 */
export function embedding(indices: Indices, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkTensor("embedding", "weight", weight);
  if (weight.shape.length !== 2) {
    throw new ShapeError(`embedding: weight must have 2 axes [rows, length], it has ${weight.shape.length} (weight ${format(weight.shape)})`);
  }
  const [rows, length] = weight.shape as [number, number];
  checkOptions("embedding", options);
  const padding = checkPaddingIdx("embedding", options.paddingIdx, rows);
  const index = checkIndices("embedding", "indices", indices, rows);
  const plain = reshape(index, [-1]);
  // On the way back -1 marks the rows that are left out; the adjoint's own adjoint finds zeros there.
  const learned = (): Tensor<"int32"> => (padding === undefined ? plain : tensor(plain.view().map((row) => (row === padding ? -1 : row))));
  const y = gatherRows(weight, 0, plain, learned);
  const result = reshape(y, [...index.shape, length]);
  for (const made of [plain, y, ...(index === indices ? [] : [index])]) discard(made);
  return result;
}

/** The row counted from the front, or undefined. */
export function checkPaddingIdx(op: string, paddingIdx: number | undefined, rows: number): number | undefined {
  if (paddingIdx === undefined) return undefined;
  checkInteger(op, "paddingIdx", paddingIdx, -rows);
  if (paddingIdx >= rows) throw new RangeError(`${op}: paddingIdx must be below ${rows}, got ${paddingIdx}`);
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}
