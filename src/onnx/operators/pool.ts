// Poolings. What a window covers beyond input and padding never counts.

import { type Call, GraphError } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { abs } from "../../ops/functions.ts";
import { amax } from "../../ops/amax.ts";
import { conv } from "../../ops/convolution.ts";
import { div } from "../../ops/div.ts";
import { pad } from "../../ops/pad.ts";
import { average, maxima, selectMaxima } from "../../ops/pooling.ts";
import { pow } from "../../ops/pow.ts";
import { mean, sum } from "../../ops/sum.ts";
import { format, type Shape, ShapeError, sizeOf } from "../../shape.ts";
import { full, type Tensor } from "../../tensor.ts";
import type { Window } from "../../window.ts";
import { type Family, float, floats, int, input, numbers } from "./arguments.ts";
import { made, rowMajor } from "./numbers.ts";
import { poolExtent, type Spatial, spatial, windowOf } from "./windows.ts";

function poolWindow(call: Call, x: Shape, geometry: Spatial): Window {
  x.slice(2).forEach((length) => {
    if (length === 0) throw new ShapeError(`x has an empty axis (x ${format(x)})`);
  });
  const extent = poolExtent(call, x, geometry);
  return windowOf(x, [...x.slice(0, 2), ...extent], { ...geometry, before: geometry.padding.map(([before]) => before) });
}

/** x with its padding in memory, and the geometry without it. */
function padded(x: Tensor, { padding, ...rest }: Spatial, value: number): { x: Tensor; geometry: Spatial } {
  return { x: pad(x, [...padding].reverse().flat(), { value }), geometry: { ...rest, padding: padding.map(() => [0, 0]) } };
}

// True if some window has all its taps in the padding, which the kernels do not expect.
function missesInput({ input, output, kernel, stride, padding, dilation }: Window): boolean {
  return input.some((length, axis) => {
    for (let i = 0; i < output[axis]!; i++) {
      const start = i * stride[axis]! - padding[axis]!;
      if (start >= length) return true;
      if (start >= 0) return false;
      const first = Math.ceil(-start / dilation[axis]!);
      if (first >= kernel[axis]! || start + first * dilation[axis]! >= length) return true;
    }
    return false;
  });
}

function lastMisses({ input, output, stride, padding }: Window): boolean {
  return input.some((length, axis) => (output[axis]! - 1) * stride[axis]! - padding[axis]! >= length);
}

function maxPool(call: Call): Value | Value[] {
  const x = input(call, 0);
  let geometry = spatial(call, x.shape);
  let win = poolWindow(call, x.shape, geometry), from = x.tensor();
  const wantsIndices = Boolean(call.node.outputs[1]);
  if (missesInput(win) || lastMisses(win)) {
    if (wantsIndices) {
      throw new GraphError(`a window lies wholly in the padding: its maximum has no index (x ${format(x.shape)})`, call.node);
    }
    ({ x: from, geometry } = padded(from, geometry, -Infinity));
    win = { ...poolWindow(call, from.shape, geometry), outputShape: win.outputShape, output: win.output };
  }
  if (!wantsIndices) return Value.of(maxima(from, win), x.dtype);
  const { values, indices } = selectMaxima(from, win);
  return [Value.of(values, x.dtype), planeIndices(call, Value.of(indices, "int64"), x.shape)];
}

/** Indices into the whole tensor, from those into each plane; column by column where "storage_order" says so. */
function planeIndices(call: Call, indices: Value, x: Shape): Value {
  const inPlane = indices.numbers(), plane = sizeOf(x.slice(2)), outputs = sizeOf(indices.shape.slice(2));
  const columns = int(call, "storage_order", 0) !== 0;
  const extent = x.slice(2), strides = rowMajor(extent), reversed = rowMajor([...extent].reverse()).reverse();
  return made("int64", indices.shape, (i) => {
    const at = inPlane[i]!;
    const flat = columns ? strides.reduce((sum, step, axis) => sum + (Math.floor(at / step) % extent[axis]!) * reversed[axis]!, 0) : at;
    return Math.floor(i / outputs) * plane + flat;
  });
}

function averagePool(call: Call): Value {
  const x = floats(call, 0);
  const geometry = spatial(call, x.shape);
  const win = poolWindow(call, x.shape, geometry);
  const countsPadding = int(call, "count_include_pad", 0) !== 0 && geometry.padding.some(([before, after]) => before + after > 0);
  const even = geometry.padding.every(([before, after]) => before === after);
  const dilated = win.dilation.some((step) => step !== 1);
  const simple = !dilated && !missesInput(win) && !lastMisses(win);
  if (simple && (!countsPadding || even)) {
    return Value.of(average(x.tensor(), { ...win, countIncludePad: countsPadding, divisor: 0 }), x.dtype);
  }
  // Padding that counts lies in memory: then only what is beyond it does not count.
  const { x: from, geometry: inside } = countsPadding ? padded(x.tensor(), geometry, 0) : { x: x.tensor(), geometry };
  const over = { ...poolWindow(call, from.shape, inside), output: win.output, outputShape: win.outputShape };
  if (!dilated && !missesInput(over) && !lastMisses(over)) {
    return Value.of(average(from, { ...over, countIncludePad: false, divisor: 0 }), x.dtype);
  }
  const plane = (shape: Shape): Shape => [1, 1, ...shape.slice(2)];
  const one = { ...over, n: 1, c: 1, o: 1, inputShape: plane(over.inputShape), outputShape: plane(over.outputShape) };
  return Value.of(div(windowSum(from, over), windowSum(full(one.inputShape, 1), one)), x.dtype);
}

/** The sum of what each window sees. */
function windowSum(x: Tensor, win: Window): Tensor {
  if (win.dilation.every((step) => step === 1) && !missesInput(win) && !lastMisses(win)) {
    return average(x, { ...win, countIncludePad: true, divisor: 1 });
  }
  // A convolution of each channel with ones.
  const ones = full([win.c, 1, ...win.kernel.slice(3 - (x.shape.length - 2))], 1);
  return conv(x, ones, undefined, { ...win, groups: win.c });
}

function lpPool(call: Call): Value {
  const x = floats(call, 0), p = float(call, "p", 2);
  if (p === 0) throw new GraphError(`attribute "p" must not be 0`, call.node);
  const powers = p === 2 ? pow(x.tensor(), 2) : pow(abs(x.tensor()), p);
  return Value.of(pow(windowSum(powers, poolWindow(call, x.shape, spatial(call, x.shape))), 1 / p), x.dtype);
}

function maxUnpool(call: Call): Value {
  const x = floats(call, 0), indices = input(call, 1);
  const { kernel, stride, padding } = spatial(call, x.shape);
  const extent = x.shape.slice(2).map((length, i) => (length - 1) * stride[i]! + kernel[i]! - padding[i]![0] - padding[i]![1]);
  const usual = [...x.shape.slice(0, 2), ...extent], shape = numbers(call, 2) ?? usual;
  const at = indices.numbers(), values = x.numbers();
  if (at.length !== values.length || shape.length !== x.shape.length) {
    throw new ShapeError(
      `x, indices and output_shape do not fit (x ${format(x.shape)}, indices ` +
        `${format(indices.shape)}, output_shape ${format(shape)})`,
    );
  }
  // Indices count in the usual shape, wherever the result is larger.
  const strides = rowMajor(shape), own = rowMajor(usual), size = sizeOf(shape);
  const y = new Float32Array(made("float32", shape, () => 0).numbers());
  for (let i = 0; i < at.length; i++) {
    const place = own.reduce((sum, step, axis) => sum + (Math.floor(at[i]! / step) % usual[axis]!) * strides[axis]!, 0);
    if (!(place >= 0 && place < size)) throw new RangeError(`index ${at[i]} lies outside of ${format(shape)}`);
    y[place] = values[i]!;
  }
  return Value.known(x.dtype, shape, y);
}

// Over all spatial axes, which keep the length 1.
function global(reduce: (x: Tensor, dims: number[], call: Call) => Tensor): (call: Call) => Value {
  return (call) => {
    const x = floats(call, 0);
    const dims = x.shape.map((_, axis) => axis).slice(2);
    return dims.length === 0 ? x : Value.of(reduce(x.tensor(), dims, call), x.dtype);
  };
}

const keepdim = { keepdim: true };

export const poolings: Family = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  MaxUnpool: maxUnpool,
  GlobalAveragePool: global((x, dims) => mean(x, dims, keepdim)),
  GlobalMaxPool: global((x, dims) => amax(x, dims, keepdim)),
  GlobalLpPool: global((x, dims, call) => {
    const p = float(call, "p", 2);
    return pow(sum(pow(abs(x), p), dims, keepdim), 1 / p);
  }),
};
