import type { Random, Shape } from "../../src/index.ts";
import { conv1dSpec } from "../specs/conv1d.ts";
import { conv2dSpec } from "../specs/conv2d.ts";
import { conv3dSpec } from "../specs/conv3d.ts";
import { convTranspose1dSpec, convTranspose2dSpec, convTranspose3dSpec } from "../specs/convTranspose.ts";
import { col2imSpec, im2colSpec } from "../specs/im2col.ts";
import { between, chance, type Draw, each, lengths, noSizes, options, pick, type Property, sizes } from "./property.ts";

const noGroups = [0, -1, 1.5, NaN, Infinity, "1", [1], {}, true];
const noPadding = [...noSizes.filter((value) => value !== "1"), "1", "full", [[1, 2, 3]], [[-1, 0]], [[0, "1"]]];

/** Length, kernel, stride, dilation, and padding before and after: one axis. */
interface Axis {
  length: number;
  kernel: number;
  stride: number;
  dilation: number;
  before: number;
  after: number;
  added: number;
}

function drawPadding(random: Random, rank: number): unknown {
  const kind = random.integer(8);
  if (kind === 0) return "same";
  if (kind === 1) return "valid";
  if (kind <= 3) return Array.from({ length: rank }, () => [between(random, 0, 3), between(random, 0, 3)]);
  return sizes(random, rank, 0, 3);
}

function axes(input: Shape, kernel: Shape, { stride = 1, padding = 0, dilation = 1, outputPadding = 0 }: any): Axis[] {
  const rank = input.length;
  const [s, d, e] = [stride, dilation, outputPadding].map((value) => each(value, rank)) as [number[], number[], number[]];
  return input.map((length, i) => {
    const total = d[i]! * (kernel[i]! - 1);
    const side = padding === "same" ? [Math.floor(total / 2), Math.ceil(total / 2)] : padding === "valid" ? 0 : each(padding, rank)[i]!;
    const [before, after] = (typeof side === "number" ? [side, side] : side) as [number, number];
    return { length, kernel: kernel[i]!, stride: s[i]!, dilation: d[i]!, before, after, added: e[i]! };
  });
}

const span = ({ kernel, dilation }: Axis): number => dilation * (kernel - 1) + 1;

// How wide a border may be, by what stands in it.
const reach: Record<string, (length: number) => number> = {
  zeros: () => Infinity, constant: () => Infinity, replicate: () => Infinity, reflect: (length) => length - 1, circular: (length) => length,
};

/** Shapes of x, w and perhaps a bias, for some of the draws with one length that does not fit. */
function drawShapes(random: Random, rank: number, transposed: boolean): { shapes: number[][]; groups: number; fits: boolean } {
  const groups = pick(random, [1, 1, 1, 2, 3]);
  const inputs = groups * between(random, 1, 3), outputs = groups * between(random, 1, 3);
  const extent = lengths(random, rank, 1, rank === 3 ? 4 : 8), kernel = lengths(random, rank, 1, rank === 3 ? 2 : 4);
  const x = [pick(random, [0, 1, 1, 2, 2]), inputs, ...extent];
  const w = transposed ? [inputs, outputs / groups, ...kernel] : [outputs, inputs / groups, ...kernel];
  const shapes = [x, w, ...(chance(random, 0.5) ? [[outputs]] : [])];
  if (!chance(random, 0.1)) return { shapes, groups, fits: true };
  const wrong = pick(random, shapes);
  if (chance(random, 0.3)) wrong.push(1);
  else if (wrong === x) wrong[1]! += 1;
  else if (wrong === w) wrong[transposed ? 0 : 1]! += 1;
  else wrong[0]! += 1;
  return { shapes, groups, fits: false };
}

function drawConv(rank: number): (random: Random) => Draw {
  return (random) => {
    const { shapes, groups, fits } = drawShapes(random, rank, false);
    const drawn = options(
      random,
      {
        stride: sizes(random, rank, 1, 3), padding: drawPadding(random, rank), dilation: sizes(random, rank, 1, 3),
        groups: groups > 1 ? groups : undefined,
        paddingMode: pick(random, [undefined, undefined, "zeros", "reflect", "replicate", "circular"]),
      },
      { stride: [0, ...noSizes], padding: noPadding, dilation: [0, ...noSizes], groups: noGroups, paddingMode: ["mirror", 1, true, []] },
    );
    const possible = () => {
      const { padding, stride = 1, paddingMode = "zeros" } = drawn.options;
      if (padding === "same" && each(stride, rank).some((step) => step !== 1)) return false;
      return axes(shapes[0]!.slice(2), shapes[1]!.slice(2), drawn.options).every((axis) => {
        const { length, before, after } = axis;
        return span(axis) <= length + before + after && Math.max(before, after) <= reach[paddingMode]!(length);
      });
    };
    return { shapes, options: drawn.options, valid: drawn.valid && fits && possible() };
  };
}

function drawConvTranspose(rank: number): (random: Random) => Draw {
  return (random) => {
    const { shapes, groups, fits } = drawShapes(random, rank, true);
    const drawn = options(
      random,
      {
        stride: sizes(random, rank, 1, 3), padding: sizes(random, rank, 0, 3), dilation: sizes(random, rank, 1, 3),
        outputPadding: sizes(random, rank, 0, 2), groups: groups > 1 ? groups : undefined,
      },
      { stride: [0, ...noSizes], padding: [...noPadding, "same"], dilation: [0, ...noSizes], outputPadding: noSizes, groups: noGroups },
    );
    const possible = () => axes(shapes[0]!.slice(2), shapes[1]!.slice(2), drawn.options).every((axis) => {
      const extent = (axis.length - 1) * axis.stride + span(axis) + axis.added;
      return axis.added < Math.max(axis.stride, axis.dilation) && extent - axis.before - axis.after >= 1;
    });
    return { shapes, options: drawn.options, valid: drawn.valid && fits && possible() };
  };
}

function drawColumns(fold: boolean): (random: Random) => Draw {
  return (random) => {
    const rank = between(random, 1, 3), c = between(random, 1, 3), n = between(random, 0, 2);
    const extent = lengths(random, rank, 1, rank === 3 ? 4 : 7), kernel = lengths(random, rank, 1, rank === 3 ? 2 : 3);
    const same = kernel.every((size) => size === kernel[0]) && chance(random, 0.5);
    const padding = pick(random, [drawPadding(random, rank), undefined]);
    const drawn = options(
      random,
      {
        kernelSize: same ? kernel[0] : kernel, stride: sizes(random, rank, 1, 3), dilation: sizes(random, rank, 1, 2),
        padding: typeof padding === "string" ? undefined : padding, ...(fold && { outputSize: extent }),
      },
      { kernelSize: [0, ...noSizes], stride: [0, ...noSizes], dilation: [0, ...noSizes], padding: [...noPadding, "same"] },
    );
    const windows = drawn.valid ? axes(extent, kernel, drawn.options).map((axis) => {
      return Math.floor((axis.length + axis.before + axis.after - span(axis)) / axis.stride) + 1;
    }) : [1];
    const fits = windows.every((count) => count >= 1);
    const taps = kernel.reduce((a, b) => a * b, 1);
    const columns = [n, c * taps, Math.max(windows.reduce((a, b) => a * b, 1), 1)];
    const wrong = chance(random, 0.15);
    if (wrong) columns[2]! += 1;
    return { shapes: [fold ? columns : [n, c, ...extent]], options: drawn.options, valid: drawn.valid && fits && !(fold && wrong) };
  };
}

export const convolutionProperties: Property[] = [
  { spec: conv1dSpec, draw: drawConv(1) },
  { spec: conv2dSpec, draw: drawConv(2) },
  { spec: conv3dSpec, draw: drawConv(3) },
  { spec: convTranspose1dSpec, draw: drawConvTranspose(1) },
  { spec: convTranspose2dSpec, draw: drawConvTranspose(2) },
  { spec: convTranspose3dSpec, draw: drawConvTranspose(3) },
  { spec: im2colSpec, draw: drawColumns(false) },
  { spec: col2imSpec, draw: drawColumns(true) },
];
