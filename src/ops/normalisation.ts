// What batchNorm, instanceNorm, groupNorm and layerNorm share:
//
//   y = (x - mean) / sqrt(variance + eps) * weight + bias
//
// with the mean and the variance of groups of elements. They differ in which elements form a group.

import { kernels } from "../runtime/kernels.ts";
import { floats, withScratch } from "../runtime/memory.ts";
import { format, sameShape, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, empty, full, type Layout, ones, type Tensor, zeros } from "../tensor.ts";
import { isNested, record, withLayout } from "../tape.ts";
import { type TracedInput } from "../trace.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

/** Options that all normalisations share; the defaults are PyTorch's. */
export interface NormOptions {
  /** Factor of each channel (layerNorm: of each element). */
  weight?: Tensor | undefined;
  /** Added to each channel (layerNorm: to each element). */
  bias?: Tensor | undefined;
  /** Added to the variance, default 1e-5. */
  eps?: number;
}

/**
 * How the elements, as they lie in memory, fall into groups. They are [blocks, rows, columns]; the columns fall into `groups`
 * runs of equal length, and a group is such a run in all rows of one block.
 */
interface Grouping {
  readonly blocks: number;
  readonly rows: number;
  readonly columns: number;
  readonly groups: number;
}

/** Checks weight and bias, where there are any. */
export function checkAffine(op: string, x: Shape, shape: Shape, { weight, bias }: NormOptions): void {
  for (const [name, value] of [["weight", weight], ["bias", bias]] as const) checkVector(op, name, value, shape, x);
}

/** Checks a tensor that may be missing, for its shape. */
export function checkVector(op: string, name: string, value: Tensor | undefined, shape: Shape, x: Shape): void {
  if (value === undefined) return;
  checkTensor(op, name, value);
  if (!sameShape(value.shape, shape)) {
    throw new ShapeError(`${op}: ${name} must have shape ${format(shape)}, it has ${format(value.shape)} (x ${format(x)})`);
  }
}

/** Weight and bias for the trace of a normalisation, which must have both. */
export function tracedAffine(shape: Shape, weight: Tensor | undefined, bias: Tensor | undefined): [TracedInput, TracedInput] {
  return [weight ?? { shape, data: new Float32Array(sizeOf(shape)).fill(1) }, bias ?? { shape, data: new Float32Array(sizeOf(shape)) }];
}

/** Channels and positions of a map of at least two axes. */
export function channelsOf(op: string, x: Tensor): { n: number; c: number; positions: number } {
  checkTensor(op, "x", x);
  const { shape } = x;
  if (shape.length < 2) throw new ShapeError(`${op}: x must have at least 2 axes [N, C, ...], it has ${shape.length} (x ${format(shape)})`);
  return { n: shape[0]!, c: shape[1]!, positions: sizeOf(shape.slice(2)) };
}

/** Channels innermost, as every normalisation over channels reads them; matrices have them there anyway. */
export function channelsInnermost(x: Tensor): Tensor {
  return x.shape.length > 2 ? withLayout(x, "channelsLast") : x;
}

/**
 * Mean, variance and 1 / sqrt(variance + eps) of every group.
 *
 * The mean is the sum of two float32, `mean` and `rest`: their difference to x keeps its digits where the elements lie far from 0.
 * In storage the four stand one after the other, `count` numbers each.
 */
export class Statistics {
  readonly count: number;
  readonly eps: number;
  readonly #values: Tensor;

  /** Those of the elements of x themselves. */
  static of(x: Tensor, { blocks, rows, columns, groups }: Grouping, eps: number): Statistics {
    const s = new Statistics(blocks * groups, eps);
    withScratch([4 * pitch(columns)], (scratch) => {
      kernels().moments(blocks, rows, columns, groups, x.ptr, scratch!, s.mean, s.rest, s.variance);
    });
    kernels().inverseStd(s.count, eps, s.variance, s.rstd);
    return s;
  }

  /** A copy of given ones: running statistics may change before an adjoint reads them. */
  static from(mean: Tensor, variance: Tensor, eps: number): Statistics {
    const s = new Statistics(mean.size, eps);
    kernels().copy(s.count, mean.ptr, s.mean);
    kernels().fill(s.count, 0, s.rest);
    kernels().copy(s.count, variance.ptr, s.variance);
    kernels().inverseStd(s.count, eps, s.variance, s.rstd);
    return s;
  }

  private constructor(count: number, eps: number) {
    this.count = count;
    this.eps = eps;
    this.#values = empty([4, count]);
  }

  get mean(): number {
    return this.#values.ptr;
  }

  get rest(): number {
    return this.#values.ptr + 4 * this.count;
  }

  get variance(): number {
    return this.#values.ptr + 8 * this.count;
  }

  get rstd(): number {
    return this.#values.ptr + 12 * this.count;
  }
}

/**
 * y = (x - mean) rstd weight + bias, with weight and bias [columns] in the order in which x lies in memory.
 *
 * @param fixed the statistics are constants; otherwise they are those of x, and the adjoint pulls back through them
 */
export function normalise(
  x: Tensor, s: Statistics, fixed: boolean, grouping: Grouping, weight: Tensor | undefined, bias: Tensor | undefined,
): Tensor {
  if (isNested()) return closedForm(x, s, fixed, grouping, weight, bias);
  const { blocks, rows, columns, groups } = grouping;
  const w = weight ?? ones([columns]), b = bias ?? zeros([columns]);
  const y = empty(x.shape, x.layout);
  withScratch([3 * columns], (scratch) => {
    kernels().normalise(blocks, rows, columns, groups, x.ptr, s.mean, s.rest, s.rstd, w.ptr, b.ptr, scratch!, y.ptr);
  });
  // The adjoints share their sums. The tape asks all of them for one dy, one after the other, and frees what they make in
  // between: what they share is kept outside of the kernels' memory.
  let sums: AdjointSums | undefined;
  const shared = (dy: Tensor): AdjointSums => (sums ??= adjointSums(x, s, grouping, w, dy));
  return record(
    y,
    [x, (dy) => inputAdjoint(x, s, grouping, w, fixed ? undefined : shared(dy), dy)],
    ...(weight ? [[weight, (dy: Tensor) => filled(weight, shared(dy).weight)] as const] : []),
    ...(bias ? [[bias, (dy: Tensor) => filled(bias, shared(dy).bias)] as const] : []),
  );
}

/** dweight and dbias, and what the statistics pull back: the groups' means of dy weight and of dy weight (x - mean) rstd. */
interface AdjointSums {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  /** Both, one after the other. */
  readonly means: Float32Array;
}

/** Columns of the scratch of sums, which run down eight columns at a time. */
function pitch(columns: number): number {
  return Math.ceil(columns / 8) * 8;
}

function adjointSums(x: Tensor, s: Statistics, { blocks, rows, columns, groups }: Grouping, w: Tensor, dy: Tensor): AdjointSums {
  const g = withLayout(dy, x.layout);
  const sizes = [10 * pitch(columns), 2 * s.count, columns, columns];
  return withScratch(sizes, (scratch, means, dw, db) => {
    kernels().normaliseAdjointSums(
      blocks, rows, columns, groups, x.ptr, s.mean, s.rest, s.rstd, w.ptr, g.ptr, scratch!, means!, means! + 4 * s.count, dw!, db!,
    );
    return { weight: floats(dw!, columns).slice(), bias: floats(db!, columns).slice(), means: floats(means!, 2 * s.count).slice() };
  });
}

// Without sums the statistics are constants.
function inputAdjoint(x: Tensor, s: Statistics, grouping: Grouping, w: Tensor, sums: AdjointSums | undefined, dy: Tensor): Tensor {
  const { blocks, rows, columns, groups } = grouping;
  const g = withLayout(dy, x.layout);
  const dx = empty(x.shape, x.layout);
  withScratch([5 * columns, 2 * s.count], (scratch, means) => {
    if (sums) floats(means!, 2 * s.count).set(sums.means);
    else kernels().fill(2 * s.count, 0, means!);
    kernels().normaliseInputAdjoint(
      blocks, rows, columns, groups, x.ptr, s.mean, s.rest, s.rstd, w.ptr, means!, means! + 4 * s.count, g.ptr, scratch!, dx.ptr,
    );
  });
  return dx;
}

function filled(like: Tensor, values: Float32Array): Tensor {
  const y = empty(like.shape, like.layout);
  y.view().set(values);
  return y;
}

/**
 * `normalise` from operations that can be differentiated again. With P = I - M, M the means of the groups:
 *
 *   d = P x,   y = d / sqrt(M d^2 + eps) weight + bias
 */
function closedForm(
  x: Tensor, s: Statistics, fixed: boolean, grouping: Grouping, weight: Tensor | undefined, bias: Tensor | undefined,
): Tensor {
  const { blocks, rows, columns } = grouping;
  const row = (values: Tensor): Tensor => stored(values, [columns], "rowMajor");
  const constant = (ptr: number): Tensor => {
    const values = empty([columns]);
    kernels().copy(columns, ptr, values.ptr);
    return values;
  };
  const matrix = stored(x, [blocks * rows, columns], "rowMajor");
  const d = fixed ? sub(matrix, constant(s.mean)) : centre(matrix, grouping);
  const squares = mul(d, d);
  let y = mul(d, fixed ? constant(s.rstd) : inverseStd(sub(squares, centre(squares, grouping)), s.eps));
  if (weight) y = mul(y, row(weight));
  if (bias) y = add(y, row(bias));
  return stored(y, x.shape, x.layout);
}

/** P x = x - M x: a symmetric projection, its own adjoint. */
function centre(x: Tensor, grouping: Grouping): Tensor {
  const { blocks, rows, columns, groups } = grouping;
  const s = Statistics.of(x, grouping, 0);
  const y = empty(x.shape);
  const one = full([s.count], 1), w = ones([columns]), b = zeros([columns]);
  withScratch([3 * columns], (scratch) => {
    kernels().normalise(blocks, rows, columns, groups, x.ptr, s.mean, s.rest, one.ptr, w.ptr, b.ptr, scratch!, y.ptr);
  });
  return record(y, [x, (dy) => centre(dy, grouping)]);
}

/** y = 1 / sqrt(variance + eps); its derivative is -y^3 / 2. */
function inverseStd(variance: Tensor, eps: number): Tensor {
  const y = empty(variance.shape);
  kernels().inverseStd(y.size, eps, variance.ptr, y.ptr);
  return record(y, [variance, (dy) => mul(mul(dy, mul(y, mul(y, y))), -0.5)]);
}

/** The elements of x in the order in which they lie in memory, under another shape and layout. */
function stored(x: Tensor, shape: Shape, layout: Layout): Tensor {
  return record(x.alias(shape, layout), [x, (dy) => stored(withLayout(dy, layout), x.shape, x.layout)]);
}
