// Windows in ONNX's words, in forms that every engine takes: engines do not agree on what the specification allows beyond.

import { traced, tracedBetween, type TracedAttributes, type TracedInput, type TracedWindow } from "../trace.ts";
import type { DType, Tensor } from "../tensor.ts";
import type { AvgWindow } from "../ops/pooling.ts";
import type { Window } from "../window.ts";

/** Tells of the nodes that compute y, by the kind of window. */
export function traceWindow(kind: TracedWindow, y: Tensor<DType>, inputs: readonly TracedInput[], win: Window): void {
  if (kind === "Conv") traced(y, "Conv", inputs, convAttributes(win));
  else if (kind === "ConvTranspose") transposed(y, inputs, win);
  else if (win.kernel[2] === 0) adaptive(kind, y, inputs[0]!, win);
  else if (kind === "MaxPool") maxima(y, inputs[0]!, win);
  else average(y, inputs[0]!, win as AvgWindow);
}

// A convolution.
function convAttributes(win: Window): TracedAttributes {
  const before = spatial(win, win.padding);
  const after = spatial(win, win.output).map((length, i) => {
    const input = win.inputShape[i + 2]!;
    return Math.max(0, (length - 1) * spatial(win, win.stride)[i]! + extentOf(win, i) - input - before[i]!);
  });
  return { ...strided(win), pads: [...before, ...after], dilations: spatial(win, win.dilation), group: win.groups };
}

// The transposed convolution whose result is the window's input. Engines add less than a stride to a result, and what a dilation adds
// may be more: then zeros go behind what it is applied to.
function transposed(y: Tensor<DType>, [x, ...others]: readonly TracedInput[], win: Window): void {
  const before = spatial(win, win.padding), stride = spatial(win, win.stride);
  // What the windows cover behind the result is cut off; what they do not cover is added.
  const beyond = spatial(win, win.output).map((length, i) => (length - 1) * stride[i]! + extentOf(win, i) - before[i]! - win.inputShape[i + 2]!);
  const behind = beyond.map((size, i) => (-size < stride[i]! ? 0 : Math.ceil(-size / stride[i]!)));
  const pads = beyond.map((size, i) => size + behind[i]! * stride[i]!);
  traced(y, "ConvTranspose", [padded(x, [...behind.map(() => 0), ...behind], 0), ...others], {
    ...strided(win), dilations: spatial(win, win.dilation), group: win.groups,
    pads: [...before, ...pads.map((size) => Math.max(0, size))],
    output_padding: pads.map((size) => Math.max(0, -size)),
  });
}

// A pooling, and its padding: behind, as much as the last window needs to be inside.
function poolAttributes(win: Window): { attributes: TracedAttributes; pads: readonly number[] } {
  const { group: _, pads, ...attributes } = convAttributes(win);
  return { attributes, pads: pads as readonly number[] };
}

function strided(win: Window): TracedAttributes {
  return { kernel_shape: spatial(win, win.kernel), strides: spatial(win, win.stride) };
}

// Of the three axes, those that the map has.
function spatial({ inputShape }: Window, triple: readonly number[]): number[] {
  return triple.slice(5 - inputShape.length);
}

function extentOf(win: Window, axis: number): number {
  return spatial(win, win.dilation)[axis]! * (spatial(win, win.kernel)[axis]! - 1) + 1;
}

function maxima(y: Tensor<DType>, x: TracedInput, win: Window): void {
  const { attributes, pads } = poolAttributes(win);
  // Engines pad by less than the kernel; the last window may reach further where it is dilated.
  const kernel = win.kernel.slice(3 - pads.length / 2);
  if (pads.some((size, i) => size >= kernel[i % kernel.length]!)) traced(y, "MaxPool", [padded(x, pads, -Infinity)], attributes);
  else traced(y, "MaxPool", [x], { ...attributes, pads });
}

// Engines do not agree on ceil_mode: what the last windows need behind is padding, which does not count.
function average(y: Tensor<DType>, x: TracedInput, win: AvgWindow): Tensor<DType> {
  const { attributes, pads } = poolAttributes(win);
  if (win.divisor !== 0) {
    const mean = tracedBetween("AveragePool", [padded(x, pads, 0)], attributes);
    return traced(y, "Mul", [mean, (win.kernel[0] * win.kernel[1] * win.kernel[2]) / win.divisor]);
  }
  if (!win.countIncludePad) return traced(y, "AveragePool", [x], { ...attributes, pads });
  const rank = pads.length / 2, before = win.padding.slice(3 - rank), around = [...before, ...before];
  const beyond = pads.map((size, i) => Math.max(0, size - around[i]!));
  // Where both occur, the padding that counts lies in memory.
  if (beyond.some((size) => size > 0)) return traced(y, "AveragePool", [padded(x, around, 0)], { ...attributes, pads: beyond });
  return traced(y, "AveragePool", [x], { ...attributes, pads: around, count_include_pad: 1 });
}

function padded(x: TracedInput, pads: readonly number[], value: number): TracedInput {
  const rank = pads.length / 2;
  return pads.some((size) => size > 0) ? tracedBetween("Pad", [x, [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)], value]) : x;
}

// A window of kernel 0 is adaptive: ONNX has those that see everything, and those that are of one size.
function adaptive(kind: "MaxPool" | "AveragePool", y: Tensor<DType>, x: TracedInput, win: Window): void {
  const input = win.inputShape.slice(2), output = win.outputShape.slice(2);
  const size = input.map((length, i) => length / output[i]!);
  if (output.every((length) => length === 1)) traced(y, `Global${kind}`, [x]);
  else if (size.every(Number.isInteger)) traced(y, kind, [x], { kernel_shape: size, strides: size });
}
