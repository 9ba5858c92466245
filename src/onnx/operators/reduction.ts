// Reductions: floats by operations, integers on the host.

import { type Call, GraphError } from "../../graph/operator.ts";
import { isFloat, Value } from "../../graph/value.ts";
import { amax, amin } from "../../ops/amax.ts";
import { argmax, argmin } from "../../ops/argmax.ts";
import { abs, log, sqrt } from "../../ops/functions.ts";
import { logsumexp } from "../../ops/logsumexp.ts";
import { mul } from "../../ops/mul.ts";
import { keptShape } from "../../ops/reduction.ts";
import { reshape } from "../../ops/reshape.ts";
import { narrow } from "../../ops/slice.ts";
import { mean, sum } from "../../ops/sum.ts";
import { cat } from "../../ops/cat.ts";
import { full, type Tensor } from "../../tensor.ts";
import { axesOf, axisOf, type Family, input, int, ints, numbers } from "./arguments.ts";
import { made, offsets, rowMajor, walk } from "./numbers.ts";

const keepdim = { keepdim: true };

interface Reduction {
  readonly device: (x: Tensor, dims: number[]) => Tensor;
  readonly host: (elements: Float64Array) => number;
  /** The result where there is nothing to reduce. */
  readonly empty: number;
  /** What a single element becomes, where the reduction of no axes does anything at all. */
  readonly none?: (x: Tensor) => Tensor;
}

function reduction({ device, host, empty, none }: Reduction): (call: Call) => Value {
  return (call) => {
    const x = input(call, 0), rank = x.shape.length;
    const given = ints(call, "axes") ?? numbers(call, 1) ?? [];
    if (given.length === 0 && int(call, "noop_with_empty_axes", 0) !== 0) {
      return none && isFloat(x.dtype) ? Value.of(none(x.tensor()), x.dtype) : x;
    }
    const dims = given.length === 0 ? x.shape.map((_, axis) => axis) : axesOf(call, given, rank);
    const kept = keptShape(x.shape, dims);
    const shape = int(call, "keepdims", 1) !== 0 ? kept : kept.filter((_, axis) => !dims.includes(axis));
    if (!isFloat(x.dtype)) {
      const lines = linesOf(x, dims);
      return made(x.dtype, shape, (i) => (lines[i]!.length === 0 ? empty : host(lines[i]!)));
    }
    if (dims.some((axis) => x.shape[axis] === 0)) return Value.of(full(shape, empty), x.dtype);
    const y = dims.length === 0 ? (none ?? ((t: Tensor) => t.alias()))(x.tensor()) : device(x.tensor(), dims);
    return Value.of(reshape(y, shape), x.dtype);
  };
}

/** The numbers along some axes, for every place along the others. */
function linesOf(x: Value, dims: readonly number[]): Float64Array[] {
  const data = x.numbers(), strides = rowMajor(x.shape);
  const others = x.shape.map((_, axis) => axis).filter((axis) => !dims.includes(axis));
  const part = (axes: readonly number[]): [shape: number[], strides: number[]] => {
    return [axes.map((axis) => x.shape[axis]!), axes.map((axis) => strides[axis]!)];
  };
  const [outer, outerStrides] = part(others), [inner, innerStrides] = part(dims);
  return offsets(outer, outerStrides).map((start) => walk(data, inner, start, innerStrides));
}

/** The product along each axis: halves are multiplied until one element is left. */
function product(x: Tensor, dims: number[]): Tensor {
  return dims.reduce((y, axis) => {
    while (y.shape[axis]! > 1) {
      const length = y.shape[axis]!, half = Math.floor(length / 2);
      const pairs = mul(narrow(y, axis, 0, half), narrow(y, axis, half, half));
      y = length % 2 === 0 ? pairs : cat([pairs, narrow(y, axis, length - 1, 1)], axis);
    }
    return y;
  }, x.alias());
}

const total = (elements: Float64Array): number => elements.reduce((a, b) => a + b, 0);
const squares = (x: Tensor): Tensor => mul(x, x);

function extremeIndex(device: typeof argmax, beats: (a: number, b: number) => boolean): (call: Call) => Value {
  return (call) => {
    const x = input(call, 0), axis = axisOf(call, 0, x.shape);
    const keep = int(call, "keepdims", 1) !== 0, last = int(call, "select_last_index", 0) !== 0;
    if (x.shape[axis] === 0) throw new GraphError(`there are no elements along axis ${axis}`, call.node);
    if (isFloat(x.dtype) && !last) return Value.of(device(x.tensor(), axis, { keepdim: keep }), "int64");
    const kept = keptShape(x.shape, [axis]);
    const lines = linesOf(x, [axis]);
    return made("int64", keep ? kept : kept.filter((_, i) => i !== axis), (i) => {
      let best = 0;
      lines[i]!.forEach((value, at, line) => {
        if (beats(value, line[best]!) || (last && value === line[best])) best = at;
      });
      return best;
    });
  };
}

export const reductions: Family = {
  ArgMax: extremeIndex(argmax, (a, b) => a > b),
  ArgMin: extremeIndex(argmin, (a, b) => a < b),
  ReduceL1: reduction({ device: (x, dims) => sum(abs(x), dims, keepdim), host: (all) => total(all.map(Math.abs)), empty: 0, none: abs }),
  ReduceL2: reduction({
    device: (x, dims) => sqrt(sum(squares(x), dims, keepdim)), host: (all) => Math.sqrt(total(all.map((v) => v * v))), empty: 0, none: abs,
  }),
  ReduceLogSum: reduction({
    device: (x, dims) => log(sum(x, dims, keepdim)), host: (all) => Math.log(total(all)), empty: -Infinity, none: log,
  }),
  ReduceLogSumExp: reduction({
    device: (x, dims) => logsumexp(x, dims, keepdim), host: (all) => Math.log(total(all.map(Math.exp))), empty: -Infinity,
  }),
  ReduceMax: reduction({
    device: (x, dims) => amax(x, dims, keepdim), host: (all) => all.reduce((a, b) => Math.max(a, b)), empty: -Infinity,
  }),
  ReduceMean: reduction({ device: (x, dims) => mean(x, dims, keepdim), host: (all) => Math.trunc(total(all) / all.length), empty: NaN }),
  ReduceMin: reduction({
    device: (x, dims) => amin(x, dims, keepdim), host: (all) => all.reduce((a, b) => Math.min(a, b)), empty: Infinity,
  }),
  ReduceProd: reduction({ device: product, host: (all) => all.reduce((a, b) => a * b), empty: 1 }),
  ReduceSum: reduction({ device: (x, dims) => sum(x, dims, keepdim), host: total, empty: 0 }),
  ReduceSumSquare: reduction({
    device: (x, dims) => sum(squares(x), dims, keepdim), host: (all) => total(all.map((v) => v * v)), empty: 0, none: squares,
  }),
};
