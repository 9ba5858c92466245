import { type Epilogue, epiloguePtr } from "../epilogue.ts";
import { kernels } from "../runtime/kernels.ts";
import { withPrepared, withScratch } from "../runtime/memory.ts";
import { discard } from "../scope.ts";
import { checkShape, format, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced, tracing } from "../trace.ts";
import { sumTo } from "./expand.ts";
import { reshape } from "./reshape.ts";

/**
 * Matrix product, y = a b, of the last two axes; the axes in front of them are batches, which broadcast.
 *
 * @param a [..., M, K], or a vector [K]: a row, whose axis M the result does not have
 * @param b [..., K, N], or a vector [K]: a column, whose axis N the result does not have
 * @returns [..., M, N]
 * @throws ShapeError if the inner lengths differ or the batches do not broadcast
 * @example
 * const y = matmul(tensor([[1, 2]]), tensor([[3], [4]])); // [[11]]
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensor("matmul", "a", a);
  checkTensor("matmul", "b", b);
  const shapes = `(a ${format(a.shape)}, b ${format(b.shape)})`;
  if (a.shape.length === 0 || b.shape.length === 0) throw new ShapeError(`matmul: a and b must have at least 1 axis ${shapes}`);
  const [m, k] = a.shape.length === 1 ? [1, a.shape[0]!] : a.shape.slice(-2) as [number, number];
  const [rows, n] = b.shape.length === 1 ? [b.shape[0]!, 1] : b.shape.slice(-2) as [number, number];
  if (k !== rows) throw new ShapeError(`matmul: a has ${k} columns, b has ${rows} rows ${shapes}`);
  if (a.shape.length === 2 && b.shape.length === 2) return product(a, b, false, false);

  const batchA = a.shape.slice(0, -2), batchB = b.shape.slice(0, -2);
  const batch = broadcast(batchA, batchB, shapes);
  const shape = [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  checkShape("matmul", shape);
  const countA = sizeOf(batchA), countB = sizeOf(batchB);
  // One matrix b for all: their rows together are one matrix a.
  const together = countB === 1;
  const result = tracing(undefined, () => {
    const left = reshape(a, together ? [countA * m, k] : [countA, m, k]), right = reshape(b, together ? [k, n] : [countB, k, n]);
    const y = together ? product(left, right, false, false) : products(left, right, false, false, pairs(batchA, batchB, batch), sizeOf(batch));
    const whole = reshape(y, shape);
    for (const view of [left, right, y]) discard(view);
    return whole;
  });
  return traced(result, "MatMul", [a, b]);
}

/**
 * Matrix products of two batches, y[i] = a[i] b[i].
 *
 * @param a [B, M, K]
 * @param b [B, K, N]
 * @returns [B, M, N]
 * @throws ShapeError if the shapes do not fit; `matmul` broadcasts
 * @example
 * const scores = bmm(queries, transpose(keys, 1, 2));
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkTensor("bmm", "a", a);
  checkTensor("bmm", "b", b);
  const shapes = `(a ${format(a.shape)}, b ${format(b.shape)})`;
  if (a.shape.length !== 3 || b.shape.length !== 3) throw new ShapeError(`bmm: a and b must have 3 axes ${shapes}`);
  if (a.shape[0] !== b.shape[0]) throw new ShapeError(`bmm: a has ${a.shape[0]} matrices, b has ${b.shape[0]} ${shapes}`);
  if (a.shape[2] !== b.shape[1]) throw new ShapeError(`bmm: a has ${a.shape[2]} columns, b has ${b.shape[1]} rows ${shapes}`);
  return matmul(a, b);
}

/**
 * y = op(a) op(b) + bias, where op transposes or not; bias [N] joins every row. Closed under differentiation: each adjoint is
 * a product again.
 *
 *   y = a b       da = dy b'    db = a' dy
 *   y = a b'      da = dy b     db = dy' a
 *   y = a' b      da = b dy'    db = a dy
 *   y = a' b'     da = b' dy'   db = dy' a'
 */
export function product(a: Tensor, b: Tensor, transA: boolean, transB: boolean, bias?: Tensor): Tensor {
  const y = record(
    multiply(a, b, transA, transB, bias && { bias }),
    [a, (dy) => (transA ? product(b, dy, transB, true) : product(dy, b, false, !transB))],
    [b, (dy) => (transB ? product(dy, a, true, transA) : product(a, dy, !transA, false))],
    ...(bias ? [[bias, (dy: Tensor) => sumTo(dy, bias.shape)] as const] : []),
  );
  if (!transA && !transB && !bias) return traced(y, "MatMul", [a, b]);
  return traced(y, "Gemm", [a, b, bias], { transA: Number(transA), transB: Number(transB) });
}

/** y = activation(op(a) op(b) + bias + residual) in one pass, not recorded: for inference. The residual is row-major, as y is. */
export function productFused(a: Tensor, b: Tensor, transA: boolean, transB: boolean, epilogue: Epilogue): Tensor {
  return multiply(a, b, transA, transB, epilogue);
}

/** Which matrices of two batches meet, and which of the result their product joins. */
interface Pairs {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly y: readonly number[];
}

/**
 * y[pairs.y[i]] += op(a[pairs.a[i]]) op(b[pairs.b[i]]) for every pair: `product` for a [A, ...], b [B, ...] and y [count, ...].
 * A matrix that meets several others, because its batch is broadcast, gets the sum of what flows back from all of them: the
 * adjoints are the same operation, with the parts exchanged as for `product`.
 */
function products(a: Tensor, b: Tensor, transA: boolean, transB: boolean, pairs: Pairs, count: number): Tensor {
  const countA = a.shape[0]!, countB = b.shape[0]!;
  return record(
    multiplyPairs(a, b, transA, transB, pairs, count),
    [a, (dy) => (transA
      ? products(b, dy, transB, true, { a: pairs.b, b: pairs.y, y: pairs.a }, countA)
      : products(dy, b, false, !transB, { a: pairs.y, b: pairs.b, y: pairs.a }, countA))],
    [b, (dy) => (transB
      ? products(dy, a, true, transA, { a: pairs.y, b: pairs.a, y: pairs.b }, countB)
      : products(a, dy, !transA, false, { a: pairs.a, b: pairs.y, y: pairs.b }, countB))],
  );
}

/** [m, n, k] of op(a) op(b). */
function lengths(a: Tensor, b: Tensor, transA: boolean, transB: boolean): [m: number, n: number, k: number] {
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  return [transA ? columnsA : rowsA, transB ? rowsB : columnsB, transA ? rowsA : columnsA];
}

/**
 * Rows of a for which b^T is read as it lies: x [m, 512] by w [1000, 512], packed for the call / as it lies, in microseconds, relaxed,
 * V8 14.6, AMD EPYC: m = 1: 142 / 41, 2: 143 / 82, 4: 144 / 168, 8: 227 / 333. Inference has b packed already: there the crossing is lower.
 */
const FEW_ROWS = 3;

// One product of two matrices.
function multiply(a: Tensor, b: Tensor, transA: boolean, transB: boolean, epilogue?: Epilogue): Tensor {
  const [m, n, k] = lengths(a, b, transA, transB);
  const finished = (): number => (epilogue ? epiloguePtr(epilogue) : 0);
  if (transB && (m === 1 || (m <= FEW_ROWS && !transA))) {
    const y = empty([m, n]);
    kernels().gemv(m, n, k, a.ptr, b.ptr, finished(), y.ptr);
    return y;
  }
  if (n === 1 && !transA && !epilogue) {
    // A column is a row too: y' = b' a'.
    const y = empty([m, n]);
    kernels().gemv(1, m, k, b.ptr, a.ptr, 0, y.ptr);
    return y;
  }
  const lda = transA ? m : k;
  if (!packs(m, transB, epilogue)) {
    const y = empty([m, n]);
    kernels().gemmInPlace(m, n, k, a.ptr, lda, transA, b.ptr, n, y.ptr, n, false);
    return y;
  }
  const pack = (panels: number): void => kernels().packB(k, n, b.ptr, transB ? 1 : n, transB ? k : 1, panels);
  return withPrepared(b.ptr, transB ? "panelsOfRows" : "panelsOfColumns", kernels().packedBFloats(k, n), pack, (panels) => {
    const y = empty([m, n]);
    kernels().gemm(m, n, k, a.ptr, lda, transA, panels, finished(), y.ptr, n, false);
    return y;
  });
}

// A few rows do not pay for packing b, and where nothing is transposed it can be read as it lies. With many rows it must be
// packed: at n = 512 every column of a panel falls into the same cache sets (18 against 60 GFLOP/s, AMD EPYC).
function packs(m: number, transB: boolean, epilogue?: Epilogue): boolean {
  return transB || epilogue !== undefined || m > 24;
}

// The products of pairs of matrices.
function multiplyPairs(a: Tensor, b: Tensor, transA: boolean, transB: boolean, pairs: Pairs, count: number): Tensor {
  const [m, n, k] = lengths(a, b, transA, transB);
  const lda = transA ? m : k, ldb = transB ? k : n;
  const packing = packs(m, transB);
  return withScratch([packing ? kernels().packedBFloats(k, n) : 0], (panels) => {
    const y = empty([count, m, n]);
    const written = new Set<number>();
    let packed = -1;
    pairs.y.forEach((index, i) => {
      const from = a.ptr + pairs.a[i]! * m * k * 4, to = y.ptr + index * m * n * 4, matrix = b.ptr + pairs.b[i]! * k * n * 4;
      if (packing) {
        if (packed !== pairs.b[i]) kernels().packB(k, n, matrix, transB ? 1 : ldb, transB ? ldb : 1, panels!);
        packed = pairs.b[i]!;
        kernels().gemm(m, n, k, from, lda, transA, panels!, 0, to, n, written.has(index));
      } else {
        kernels().gemmInPlace(m, n, k, from, lda, transA, matrix, ldb, to, n, written.has(index));
      }
      written.add(index);
    });
    // Where a batch of no matrices is broadcast, nothing flows back.
    if (pairs.y.length === 0) kernels().fill(y.size, 0, y.ptr);
    return y;
  });
}

/** Lengths of batches that broadcast: equal, or 1, or missing in front. */
function broadcast(a: Shape, b: Shape, shapes: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const lengthA = a[axis - rank + a.length] ?? 1, lengthB = b[axis - rank + b.length] ?? 1;
    if (lengthA !== lengthB && lengthA !== 1 && lengthB !== 1) {
      throw new ShapeError(`matmul: the batches ${format(a)} of a and ${format(b)} of b do not broadcast: ${lengthA} against ${lengthB} ${shapes}`);
    }
    return lengthA === 1 ? lengthB : lengthA;
  });
}

/** For every matrix of the broadcast batch, those of a and b that it is the product of. */
function pairs(a: Shape, b: Shape, batch: Shape): Pairs {
  const y = Array.from({ length: sizeOf(batch) }, (_, i) => i);
  const source = (shape: Shape): number[] => y.map((i) => {
    let index = 0, step = 1;
    for (let axis = batch.length - 1, own = shape.length - 1; own >= 0; axis--, own--) {
      if (shape[own] !== 1) index += (i % batch[axis]!) * step;
      step *= shape[own]!;
      i = Math.floor(i / batch[axis]!);
    }
    return index;
  });
  return { a: source(a), b: source(b), y };
}
