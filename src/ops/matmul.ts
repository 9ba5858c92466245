import { kernels } from "../runtime/kernels.ts";
import { withScratch } from "../runtime/memory.ts";
import { format, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { channelSum } from "./channels.ts";

/**
 * Matrix product, y = a b.
 *
 * @param a [M, K]
 * @param b [K, N]
 * @returns [M, N]
 * @throws ShapeError if the inner lengths differ
 * @example
 * const y = matmul(tensor([[1, 2]]), tensor([[3], [4]])); // [[11]]
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensor("matmul", "a", a);
  checkTensor("matmul", "b", b);
  const shapes = `(a ${format(a.shape)}, b ${format(b.shape)})`;
  if (a.shape.length !== 2 || b.shape.length !== 2) throw new ShapeError(`matmul: a and b must have 2 axes ${shapes}`);
  if (a.shape[1] !== b.shape[0]) throw new ShapeError(`matmul: a has ${a.shape[1]} columns, b has ${b.shape[0]} rows ${shapes}`);
  return product(a, b, false, false);
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
  const [rowsA, columnsA] = a.shape as [number, number];
  const [rowsB, columnsB] = b.shape as [number, number];
  const m = transA ? columnsA : rowsA, k = transA ? rowsA : columnsA, n = transB ? rowsB : columnsB;
  // A few rows do not pay for packing b, and where nothing is transposed it can be read as it lies. With many rows it must be
  // packed: at n = 512 every column of a panel falls into the same cache sets (18 against 60 GFLOP/s, AMD EPYC).
  const y = transB || bias || m > 24 ? packed() : inPlace();
  return record(
    y,
    [a, (dy) => (transA ? product(b, dy, transB, true) : product(dy, b, false, !transB))],
    [b, (dy) => (transB ? product(dy, a, true, transA) : product(a, dy, !transA, false))],
    ...(bias ? [[bias, channelSum] as const] : []),
  );

  function packed(): Tensor {
    return withScratch([kernels().packedBFloats(k, n)], (panels) => {
      const y = empty([m, n]);
      kernels().packB(k, n, b.ptr, transB ? 1 : columnsB, transB ? columnsB : 1, panels!);
      kernels().gemm(m, n, k, a.ptr, columnsA, transA, panels!, bias?.ptr ?? 0, y.ptr, n, false);
      return y;
    });
  }

  function inPlace(): Tensor {
    const y = empty([m, n]);
    kernels().gemmInPlace(m, n, k, a.ptr, columnsA, transA, b.ptr, columnsB, y.ptr, n, false);
    return y;
  }
}
