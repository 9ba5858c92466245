import { kernels, isDry } from "../runtime/kernels.ts";
import { floats, ints, withScratch, withTable } from "../runtime/memory.ts";
import { checkBoolean, checkNumber, checkShape, describe, format, type Shape, ShapeError } from "../shape.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";
import { type Sizes, spatialSizes, type Window, windowPtr } from "../window.ts";
import { traced } from "../trace.ts";

/** Options of `interpolate`; names and defaults are PyTorch's. Either `size` or `scaleFactor` is given. */
export interface InterpolateOptions {
  /** Size of the output: a number for every spatial axis, or one each. */
  size?: Sizes;
  /** Size of the output as a multiple of the input's, rounded down: a number for every spatial axis, or one each. */
  scaleFactor?: Sizes;
  /** "linear" is for lines, "bilinear" for maps, "trilinear" for volumes; default "nearest". */
  mode?: "nearest" | "linear" | "bilinear" | "trilinear";
  /** Linear modes: the centres of the corner elements stay where they are, instead of their outer edges; default false. */
  alignCorners?: boolean;
  /** Steps along the input by the ratio of the two sizes, instead of by 1 / scaleFactor exactly; default false. */
  recomputeScaleFactor?: boolean;
}

/** The geometry of a resampling; `input` and `output` are the sizes. */
interface Resampling extends Window {
  readonly linear: boolean;
  readonly alignCorners: boolean;
  /** Elements of the input from one output to the next, along D, H and W. */
  readonly steps: readonly number[];
}

/**
 * Resamples a line, map or volume to another size. Along every axis output i lies at s = i * step ("nearest"), or at
 * s = (i + 1/2) * step - 1/2, not below 0, or with `alignCorners` at s = i (L - 1) / (OL - 1), where step is 1 / scaleFactor or
 * L / OL. Nearest takes x[floor(s)]; the linear modes blend x[floor(s)] and its successor by the fraction of s. The step is rounded to
 * single precision, as in PyTorch.
 *
 * @param x [N, C, L], [N, C, H, W] or [N, C, D, H, W]
 * @param options size or scaleFactor; mode, alignCorners, recomputeScaleFactor
 * @returns x's shape with other spatial lengths
 * @throws ShapeError if x has no such shape or is empty; RangeError if a number is out of its range; TypeError if something is of
 *   the wrong kind, or size and scaleFactor are both given or both missing
 * @example
 * const y = interpolate(x, { scaleFactor: 2, mode: "bilinear" });
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkTensor("interpolate", "x", x);
  const win = resampling(x.shape, options);
  const factors = options.scaleFactor === undefined || options.recomputeScaleFactor || win.alignCorners ? undefined : scales(options.scaleFactor, x.shape.length - 2)
    .map((factor, i) => (win.linear && win.outputShape[i + 2] === x.shape[i + 2] ? 1 : factor));
  const scale = factors ? [Float32Array.from(factors)] : [undefined, win.outputShape.slice(2)];
  return traced(resample(x, win), "Resize", [x, undefined, ...scale], {
    axes: win.outputShape.slice(2).map((_, i) => i + 2),
    mode: win.linear ? "linear" : "nearest",
    coordinate_transformation_mode: win.alignCorners ? "align_corners" : win.linear ? "half_pixel" : "asymmetric",
    nearest_mode: "floor",
  });
}

/** y = (D x H x W) x. */
function resample(x: Tensor, win: Resampling): Tensor {
  x = withLayout(x, "channelsLast");
  const y = empty(win.outputShape, "channelsLast");
  withTaps(y, win, (taps, row) => kernels().resample(windowPtr(win), taps, row, x.ptr, y.ptr));
  return record(y, [x, (dy) => resampleAdjoint(dy, win)]);
}

/** dx = (D x H x W)' dy. */
function resampleAdjoint(dy: Tensor, win: Resampling): Tensor {
  dy = withLayout(dy, "channelsLast");
  const dx = empty(win.inputShape, "channelsLast");
  withTaps(dy, win, (taps, row) => kernels().resampleAdjoint(windowPtr(win), taps, row, dy.ptr, dx.ptr));
  return record(dx, [dy, (ddx) => resample(ddx, win)]);
}

// Lends the kernels the taps, and a row of x; where there is an output at all.
function withTaps(y: Tensor, win: Resampling, fn: (taps: number, row: number) => void): void {
  if (isDry() || y.size === 0) return;
  const [d, h, w] = win.output;
  const write = (taps: number): void => win.output.forEach((outputs, axis) => writeTaps(taps + 16 * [0, d, d + h][axis]!, outputs, axis, win));
  withTable(4 * (d + h + w), write, (taps) => withScratch([win.input[2] * win.c], (row) => fn(taps, row!)));
}

const modes = { nearest: 0, linear: 1, bilinear: 2, trilinear: 3 } as const;

function resampling(x: Shape, options: InterpolateOptions): Resampling {
  const rank = x.length - 2;
  if (rank < 1 || rank > 3) {
    throw new ShapeError(`interpolate: x must have 3 axes [N, C, L], 4 or 5, it has ${x.length} (x ${format(x)})`);
  }
  const { size, scaleFactor, mode = "nearest", alignCorners, recomputeScaleFactor = false } = options ?? {};
  if (!Object.hasOwn(modes, mode)) {
    throw new TypeError(`interpolate: mode must be ${Object.keys(modes).map((name) => `"${name}"`).join(", ")}, got ${describe(mode)}`);
  }
  const linear = mode !== "nearest";
  if (linear && modes[mode] !== rank) {
    throw new ShapeError(`interpolate: mode "${mode}" needs x of ${2 + modes[mode]} axes, it has ${x.length} (x ${format(x)})`);
  }
  if (alignCorners !== undefined) {
    checkBoolean("interpolate", "alignCorners", alignCorners);
    if (!linear) throw new TypeError(`interpolate: alignCorners goes with the linear modes only, got mode "nearest"`);
  }
  checkBoolean("interpolate", "recomputeScaleFactor", recomputeScaleFactor);
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new TypeError(`interpolate: give either size or scaleFactor, ${size === undefined ? "neither was" : "both were"} given`);
  }
  if (recomputeScaleFactor && size !== undefined) {
    throw new TypeError("interpolate: recomputeScaleFactor goes with scaleFactor only, size was given");
  }
  const [n, c, ...input] = x as [number, number, ...number[]];
  input.forEach((length) => {
    if (length === 0) throw new ShapeError(`interpolate: x has an empty axis (x ${format(x)})`);
  });
  const factors = scaleFactor === undefined ? undefined : scales(scaleFactor, rank);
  const output = factors ? input.map((length, i) => Math.floor(length * factors[i]!)) : spatialSizes("interpolate", "size", rank, size!, 1);
  output.forEach((length, i) => {
    if (length < 1) throw new RangeError(`interpolate: scaleFactor ${factors![i]} leaves nothing of ${input[i]} (x ${format(x)})`);
  });
  // With an empty batch too, the kernels count the positions of an image.
  checkShape("interpolate", [Math.max(n, 1), Math.max(c, 1), ...output]);
  const filler = new Array<number>(3 - rank).fill(1);
  const extend = (lengths: readonly number[]) => [...filler, ...lengths] as unknown as Window["input"];
  const ones = [1, 1, 1] as const;
  // Rounded to single precision, as in PyTorch.
  const steps = output.map((length, i) => {
    if (alignCorners) return length > 1 ? Math.fround((input[i]! - 1) / (length - 1)) : 0;
    if (linear && length === input[i]) return 1;
    return Math.fround(factors && !recomputeScaleFactor ? 1 / factors[i]! : input[i]! / length);
  });
  return Object.freeze({
    n, c, o: c, groups: 1,
    input: extend(input), output: extend(output), kernel: ones, stride: ones, padding: [0, 0, 0], dilation: ones,
    inputShape: x, outputShape: Object.freeze([n, c, ...output]),
    linear, alignCorners: alignCorners ?? false, steps: extend(steps),
  } as const);
}

function scales(scaleFactor: Sizes, rank: number): readonly number[] {
  const list = typeof scaleFactor === "number" ? new Array<number>(rank).fill(scaleFactor) : scaleFactor;
  if (!Array.isArray(list)) {
    throw new TypeError(`interpolate: scaleFactor must be a number or a list of ${rank}, got ${describe(scaleFactor)}`);
  }
  if (list.length !== rank) {
    throw new ShapeError(`interpolate: scaleFactor must have ${rank} numbers, got ${list.length} (${format(list)})`);
  }
  for (const factor of list) checkNumber("interpolate", "scaleFactor", factor, Number.MIN_VALUE);
  return list;
}

// One axis of what the kernels read (`assembly/resample.ts`): for every output the first tap, how many, and two weights. The product
// of "nearest" is rounded to single precision, since PyTorch floors it so; in the linear modes its compiled code keeps s exact up
// to the weights: equal bit by bit to 386,000 rows of PyTorch 1.13's matrices. (Only where a scaleFactor other than 1 or 2 gives
// one or two times the length, the gradient of its "nearest" is not that of its output.)
function writeTaps(ptr: number, outputs: number, axis: number, { input, steps, linear, alignCorners }: Resampling): void {
  const taps = ints(ptr, 4 * outputs), weights = floats(ptr, 4 * outputs);
  const length = input[axis]!, step = steps[axis]!;
  for (let i = 0; i < outputs; i++) {
    const s = !linear ? Math.fround(step * i) : alignCorners ? step * i : Math.max(step * (i + 0.5) - 0.5, 0);
    const first = Math.min(Math.floor(s), length - 1);
    const far = linear && first < length - 1 ? Math.fround(s - first) : 0;
    taps[4 * i] = first;
    taps[4 * i + 1] = far === 0 ? 1 : 2;
    weights[4 * i + 2] = 1 - far;
    weights[4 * i + 3] = far;
  }
}
