import { clamp } from "./functions";
import { sigmoid, silu } from "./logistic";
import { hardsigmoid, hardswish, leakyRelu } from "./piecewise";
import { addRun } from "./runs";

// What a kernel does to its sums before it leaves them: y = activation(sum + bias + residual). Sums begin with the bias, and a register
// tile does a clamp alone too; the rest follows on a block of rows that is still in the cache. Share of the multiply-add peak of a 1x1
// layer 24 -> 144 @56 with bias / and relu6 in the tile / and relu6 as a pass over the block: 0.94 / 0.93 / 0.81; of 64 -> 256 @56:
// 0.89 / 0.88 / 0.82; of a 3x3 layer 3 -> 32 @224 with stride 2: - / 0.85 / 0.76 (relaxed, V8 14.6, AMD EPYC Zen 5).

/** Activations, numbered as in `src/epilogue.ts`. */
const CLAMP: i32 = 1;
const LEAKY_RELU: i32 = 2;
const SIGMOID: i32 = 3;
const SILU: i32 = 4;
const HARDSIGMOID: i32 = 5;
const HARDSWISH: i32 = 6;

/**
 * Written by the host (`src/epilogue.ts`, same order), read by kernels through a pointer; 0 stands for none.
 *
 *   byte  0: bias         address of one number per column (output channel), or 0
 *         4: residual     address of a tensor that lies as y does, or 0
 *         8: activation   0 for none
 *        12: alpha  beta  its parameters: lower and upper bound, or slope
 */
@unmanaged
class Epilogue {
  bias: usize;
  residual: usize;
  activation: i32;
  alpha: f32;
  beta: f32;
}

/** Address of the bias of column `column`; 0 for none. */
// @ts-ignore: decorator
@inline
export function biasOf(epilogue: usize, column: i32): usize {
  if (epilogue == 0) return 0;
  const bias = changetype<Epilogue>(epilogue).bias;
  return bias == 0 ? 0 : bias + (<usize>column << 2);
}

/** Address of the lower and the upper bound where the epilogue is a bias and a clamp, all done by a register tile; else 0. */
// @ts-ignore: decorator
@inline
export function boundsOf(epilogue: usize): usize {
  if (epilogue == 0) return 0;
  const e = changetype<Epilogue>(epilogue);
  return e.activation == CLAMP && e.residual == 0 ? epilogue + offsetof<Epilogue>("alpha") : 0;
}

/**
 * c = activation(c + residual): what remains to be done once the bias is in c.
 *
 * Shapes:   c [rows, columns] with rows ldc apart, a part of the tensor y, from whose start the residual is counted.
 * Writes:   c in place; what lies between the rows is left untouched.
 * Requires: no overlap of residual and y.
 */
export function finish(epilogue: usize, y: usize, rows: i32, columns: i32, c: usize, ldc: i32): void {
  if (epilogue == 0) return;
  const e = changetype<Epilogue>(epilogue);
  if ((e.residual | e.activation) == 0) return;
  if (columns == ldc) {
    columns *= rows;
    rows = 1;
  }
  for (; rows > 0; rows--, c += <usize>ldc << 2) {
    if (e.residual != 0) addRun(columns, e.residual + (c - y), c);
    switch (e.activation) {
      case CLAMP: clamp(columns, e.alpha, e.beta, c, c); break;
      case LEAKY_RELU: leakyRelu(columns, e.alpha, c, c); break;
      case SIGMOID: sigmoid(columns, c, c); break;
      case SILU: silu(columns, c, c); break;
      case HARDSIGMOID: hardsigmoid(columns, c, c); break;
      case HARDSWISH: hardswish(columns, c, c); break;
    }
  }
}
