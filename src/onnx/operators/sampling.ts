// Sampling at places that the numbers themselves tell: on the host.
//
// Sources: He et al., "Mask R-CNN", 2017 (RoiAlign); Jaderberg et al., "Spatial transformer networks", 2015 (GridSample).

import { type Call, GraphError } from "../../graph/operator.ts";
import type { Value } from "../../graph/value.ts";
import { format, ShapeError } from "../../shape.ts";
import { type Family, float, floats, input, int, word } from "./arguments.ts";
import { made } from "./numbers.ts";

/** One map of numbers. */
interface Plane {
  readonly data: ArrayLike<number>;
  readonly start: number;
  readonly height: number;
  readonly width: number;
}

function roiAlign(call: Call): Value {
  const x = floats(call, 0), rois = floats(call, 1), batches = input(call, 2).numbers();
  if (x.shape.length !== 4 || rois.shape.length !== 2 || rois.shape[1] !== 4 || batches.length !== rois.shape[0]) {
    throw new ShapeError(`x must be [N, C, H, W], rois [R, 4], batch_indices [R] (x ${format(x.shape)}, rois ${format(rois.shape)})`);
  }
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const oh = int(call, "output_height", 1), ow = int(call, "output_width", 1);
  const ratio = int(call, "sampling_ratio", 0), scale = float(call, "spatial_scale", 1);
  const largest = word(call, "mode", ["avg", "max"], "avg") === "max";
  // Since version 16 pixels have their centres at halves.
  const usual = call.opset >= 16 ? "half_pixel" : "output_half_pixel";
  const half = word(call, "coordinate_transformation_mode", ["half_pixel", "output_half_pixel"], usual) === "half_pixel";
  const offset = half ? 0.5 : 0, boxes = rois.numbers(), data = x.numbers();
  for (let r = 0; r < batches.length; r++) {
    if (!(batches[r]! >= 0 && batches[r]! < n)) {
      throw new GraphError(`batch index ${batches[r]} lies outside of a batch of ${n}`, call.node);
    }
  }
  return made(x.dtype, [batches.length, c, oh, ow], (i) => {
    const j = i % ow, k = Math.floor(i / ow) % oh, channel = Math.floor(i / (ow * oh)) % c, r = Math.floor(i / (ow * oh * c));
    const edge = (side: number): number => boxes[4 * r + side]! * scale - offset;
    const [left, top, right, bottom] = [edge(0), edge(1), edge(2), edge(3)];
    // Before, no box was smaller than a pixel.
    const extent = (size: number): number => (half ? size : Math.max(size, 1));
    const binHeight = extent(bottom - top) / oh, binWidth = extent(right - left) / ow;
    const samples = (bin: number): number => Math.min(MOST_SAMPLES, ratio > 0 ? ratio : Math.max(1, Math.ceil(bin)));
    const rows = samples(binHeight), columns = samples(binWidth);
    const plane = { data, start: (batches[r]! * c + channel) * height * width, height, width };
    let total = largest ? -Infinity : 0;
    for (let v = 0; v < rows; v++) for (let u = 0; u < columns; u++) {
      const terms = cornersOf(plane, top + (k + (v + 0.5) / rows) * binHeight, left + (j + (u + 0.5) / columns) * binWidth);
      total = largest ? Math.max(total, ...terms) : total + terms.reduce((a, b) => a + b, 0);
    }
    return largest ? total : total / (rows * columns);
  });
}

const MOST_SAMPLES = 2 ** 10;

/** The weighted numbers of the four pixels around a place; zeros more than a pixel outside of the plane. */
function cornersOf({ data, start, height, width }: Plane, y: number, x: number): number[] {
  if (!(y >= -1 && y <= height && x >= -1 && x <= width)) return [0, 0, 0, 0];
  const row = Math.min(Math.max(y, 0), height - 1), column = Math.min(Math.max(x, 0), width - 1);
  const top = Math.floor(row), left = Math.floor(column), bottom = Math.min(top + 1, height - 1), right = Math.min(left + 1, width - 1);
  const fy = row - top, fx = column - left;
  const at = (i: number, j: number): number => data[start + i * width + j]!;
  return [
    (1 - fy) * (1 - fx) * at(top, left), (1 - fy) * fx * at(top, right), fy * (1 - fx) * at(bottom, left), fy * fx * at(bottom, right),
  ];
}

function gridSample(call: Call): Value {
  const x = floats(call, 0), grid = floats(call, 1);
  if (x.shape.length !== 4 || grid.shape.length !== 4 || grid.shape[3] !== 2 || grid.shape[0] !== x.shape[0]) {
    throw new ShapeError(`x must be [N, C, H, W], grid [N, OH, OW, 2] (x ${format(x.shape)}, grid ${format(grid.shape)})`);
  }
  const mode = word(call, "mode", ["linear", "bilinear", "nearest", "cubic", "bicubic"], "linear");
  const border = word(call, "padding_mode", ["zeros", "border", "reflection"], "zeros"), corners = int(call, "align_corners", 0) !== 0;
  const [, c, height, width] = x.shape as [number, number, number, number], [, oh, ow] = grid.shape as [number, number, number, number];
  const data = x.numbers(), places = grid.numbers();
  const place = (at: number, length: number): number => (corners ? ((at + 1) / 2) * (length - 1) : ((at + 1) * length - 1) / 2);
  const taps = mode === "nearest" ? nearest : mode.endsWith("cubic") ? cubic : linear;
  return made(x.dtype, [x.shape[0]!, c, oh, ow], (i) => {
    const at = i % (oh * ow), n = Math.floor(i / (oh * ow * c)), start = Math.floor(i / (oh * ow)) * height * width;
    const [gx, gy] = [places[(n * oh * ow + at) * 2]!, places[(n * oh * ow + at) * 2 + 1]!];
    let sum = 0;
    for (const [row, a] of taps(place(gy, height))) for (const [column, b] of taps(place(gx, width))) {
      const r = inside(row, height, border, corners), k = inside(column, width, border, corners);
      if (r >= 0 && k >= 0) sum += a * b * data[start + r * width + k]!;
    }
    return sum;
  });
}

type Taps = [at: number, weight: number][];

function nearest(x: number): Taps {
  // Halves to even.
  const rounded = Math.round(x);
  return [[rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded, 1]];
}

function linear(x: number): Taps {
  const first = Math.floor(x);
  return [[first, 1 - (x - first)], [first + 1, x - first]];
}

function cubic(x: number): Taps {
  const first = Math.floor(x), a = -0.75;
  return [-1, 0, 1, 2].map((k) => {
    const d = Math.abs(first + k - x);
    return [first + k, d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a];
  });
}

/** The element that stands for one outside of an axis; -1 for none. */
function inside(at: number, length: number, border: "zeros" | "border" | "reflection", corners: boolean): number {
  if (at >= 0 && at < length) return at;
  if (border === "zeros" || !Number.isFinite(at) || length === 0) return -1;
  if (border === "border") return Math.min(Math.max(at, 0), length - 1);
  // Mirrored at the centres of the outermost elements, or at their outer edges.
  const period = Math.max(1, 2 * (corners ? length - 1 : length));
  const within = ((at % period) + period) % period;
  return within < length ? within : period - within - (corners ? 0 : 1);
}

export const samplings: Family = { GridSample: gridSample, RoiAlign: roiAlign };
