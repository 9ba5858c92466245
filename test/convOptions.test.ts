// Random combinations of options, right and wrong ones: either the result is the definition's, or a typed error refuses the
// call. Never a trap, a NaN or something left behind.

import { expect, test } from "vitest";
import { memory, Random, scope, type Shape, ShapeError, zeros } from "../src/index.ts";
import { checkForward, checkGradients } from "./check.ts";
import { convExtent, sides, transposedExtent } from "./specs/conv.ts";
import { conv1dSpec } from "./specs/conv1d.ts";
import { conv2dSpec } from "./specs/conv2d.ts";
import { conv3dSpec } from "./specs/conv3d.ts";
import { convolve2dSpec } from "./specs/convolve2d.ts";
import { convTranspose1dSpec, convTranspose2dSpec, convTranspose3dSpec } from "./specs/convTranspose.ts";
import { col2imSpec, im2colSpec } from "./specs/im2col.ts";
import type { OpSpec } from "./specs/spec.ts";

const CALLS = 400;

/** What one call is made of, and whether it is right as far as each option alone can tell. */
class Draw {
  readonly random: Random;
  right = true;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** An integer from `least` to `most`. */
  number(least: number, most: number): number {
    return least + this.random.integer(most - least + 1);
  }

  one<T>(values: readonly T[]): T {
    return values[this.random.integer(values.length)]!;
  }

  chance(probability: number): boolean {
    return this.random.uniform(0, 1) < probability;
  }

  /** One of the right values, or sometimes a wrong one. */
  option(right: () => unknown, wrong: readonly unknown[]): unknown {
    if (!this.chance(0.04)) return right();
    this.right = false;
    return this.one(wrong);
  }

  /** A number for all axes, or one each. */
  sizes(rank: number, least: number, most: number): number | number[] {
    return this.chance(0.5) ? this.number(least, most) : Array.from({ length: rank }, () => this.number(least, most));
  }
}

const list = (rank: number, value: any): number[] => (typeof value === "number" ? new Array<number>(rank).fill(value) : value);

/** Options under their names, each present in two calls of three. */
function optionsOf(draw: Draw, rank: number, names: readonly string[]): any {
  const wrongSizes = [0, -1, 1.5, NaN, Infinity, 2 ** 29, "2", {}, true, [], [1, 1, 1, 1], new Array(rank).fill(-2)];
  const wrongPairs = [new Array(rank).fill([1]), new Array(rank).fill([1, -1]), [[1, 1], 1, 1, 1]];
  const wrongBorders = [-1, 0.5, NaN, "full", {}, false, [1, 1, 1, 1], ...wrongPairs];
  const border = () => {
    const kind = draw.number(0, 5);
    if (kind === 0 && names.includes("same")) return draw.one(["same", "valid"]);
    if (kind < 3) return Array.from({ length: rank }, () => [draw.number(0, 3), draw.number(0, 3)]);
    return draw.sizes(rank, 0, 3);
  };
  const lists: Record<string, () => unknown> = {
    stride: () => draw.option(() => draw.sizes(rank, 1, 3), wrongSizes),
    dilation: () => draw.option(() => draw.sizes(rank, 1, 3), wrongSizes),
    padding: () => draw.option(border, wrongBorders),
    outputPadding: () => draw.option(() => draw.sizes(rank, 0, 2), wrongSizes.slice(1)),
    paddingMode: () => draw.option(() => draw.one(["zeros", "reflect", "replicate", "circular", "mean", "constant"]), ["mirror", 1, ""]),
  };
  const options: any = {};
  for (const name of names) if (name in lists && draw.chance(2 / 3)) options[name] = lists[name]!();
  if (options.paddingMode === "constant" && draw.chance(0.7)) {
    options.paddingValue = draw.option(() => draw.number(-2, 2), [NaN, "1", Infinity]);
  }
  return options;
}

interface Call {
  shapes: Shape[];
  options: any;
  right: boolean;
}

/** Channels by group: sometimes depthwise, sometimes wrong by one. */
function channels(draw: Draw): { groups: number; inside: number; outside: number } {
  const groups = draw.chance(0.4) ? draw.number(1, 5) : 1;
  return { groups, inside: draw.chance(0.3) ? 1 : draw.number(1, 4), outside: draw.chance(0.3) ? 1 : draw.number(1, 5) };
}

function convCall(draw: Draw, rank: number): Call {
  const { groups, inside, outside } = channels(draw);
  const kernel = Array.from({ length: rank }, () => draw.number(1, 4));
  const input = Array.from({ length: rank }, () => draw.number(1, 6));
  const options = optionsOf(draw, rank, ["stride", "dilation", "padding", "paddingMode", "same"]);
  if (groups > 1 || draw.chance(0.3)) options.groups = draw.option(() => groups, [0, -1, 1.5, "1", 1000]);
  const off = draw.chance(0.04) ? 1 : 0;
  const shapes: Shape[] = [[draw.number(0, 2), groups * inside + off, ...input], [groups * outside, inside, ...kernel]];
  if (draw.chance(0.5)) shapes.push([groups * outside + (draw.chance(0.04) ? 1 : 0)]);
  let right = draw.right && off === 0 && (shapes.length < 3 || shapes[2]![0] === groups * outside);
  if (right) {
    right = !(options.padding === "same" && list(rank, options.stride ?? 1).some((step) => step > 1));
    const border = sides(kernel, options), mode = options.paddingMode;
    border.forEach(([before, after], i) => {
      if (mode === "reflect" && Math.max(before, after) >= input[i]!) right = false;
      if (mode === "circular" && Math.max(before, after) > input[i]!) right = false;
    });
    if (convExtent(input, kernel, options).some((length) => length < 1)) right = false;
  }
  return { shapes, options, right };
}

function transposedCall(draw: Draw, rank: number): Call {
  const { groups, inside, outside } = channels(draw);
  const kernel = Array.from({ length: rank }, () => draw.number(1, 4));
  const input = Array.from({ length: rank }, () => draw.number(1, 4));
  const options = optionsOf(draw, rank, ["stride", "dilation", "padding", "outputPadding"]);
  if (groups > 1 || draw.chance(0.3)) options.groups = draw.option(() => groups, [0, -1, 1.5, "1", 1000]);
  const off = draw.chance(0.04) ? 1 : 0;
  const shapes: Shape[] = [[draw.number(0, 2), groups * inside, ...input], [groups * inside + off, outside, ...kernel]];
  if (draw.chance(0.5)) shapes.push([groups * outside + (draw.chance(0.04) ? 1 : 0)]);
  let right = draw.right && off === 0 && (shapes.length < 3 || shapes[2]![0] === groups * outside);
  if (right) {
    const most = [options.stride ?? 1, options.dilation ?? 1].map((value) => list(rank, value));
    right = list(rank, options.outputPadding ?? 0).every((added, i) => added < Math.max(most[0]![i]!, most[1]![i]!));
    if (transposedExtent(input, kernel, options).some((length) => length < 1)) right = false;
  }
  return { shapes, options, right };
}

function columnsCall(draw: Draw, rank: number): Call {
  const options = optionsOf(draw, rank, ["stride", "dilation", "padding"]);
  options.kernelSize = draw.option(() => draw.sizes(rank, 1, 3), [0, -1, 1.5, "2", [], undefined]);
  const input = Array.from({ length: rank }, () => draw.number(1, 6));
  const right = draw.right && convExtent(input, list(rank, options.kernelSize), options).every((length) => length >= 1);
  return { shapes: [[draw.number(0, 2), draw.number(1, 4), ...input]], options, right };
}

function foldCall(draw: Draw, rank: number): Call {
  const { shapes, options, right } = columnsCall(draw, rank);
  const [n, c, ...outputSize] = shapes[0]! as number[];
  const volume = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
  const kernel = right ? list(rank, options.kernelSize) : [1];
  const off = draw.chance(0.04) ? 1 : 0;
  const windows = right ? volume(convExtent(outputSize, kernel, options)) : 1;
  return { shapes: [[n!, c! * volume(kernel), windows + off]], options: { ...options, outputSize }, right: right && off === 0 };
}

const families: [spec: OpSpec<any>, draw: (draw: Draw) => Call][] = [
  [conv1dSpec, (draw) => convCall(draw, 1)],
  [conv2dSpec, (draw) => convCall(draw, 2)],
  [conv3dSpec, (draw) => convCall(draw, 3)],
  [convolve2dSpec, (draw) => convCall(draw, 2)],
  [convTranspose1dSpec, (draw) => transposedCall(draw, 1)],
  [convTranspose2dSpec, (draw) => transposedCall(draw, 2)],
  [convTranspose3dSpec, (draw) => transposedCall(draw, 3)],
  [im2colSpec, (draw) => columnsCall(draw, draw.number(1, 3))],
  [col2imSpec, (draw) => foldCall(draw, draw.number(1, 3))],
];

test.each(families.map(([spec, call], i) => ({ name: spec.name, spec, call, i })))(`$name: ${CALLS} calls`, ({ spec, call, i }) => {
  const before = memory();
  let accepted = 0, refused = 0;
  for (let seed = 0; seed < CALLS; seed++) {
    const { shapes, options, right } = call(new Draw(1000 * i + seed));
    const what = `${spec.name}, seed ${1000 * i + seed}: ${shapes.map((shape) => `[${shape}]`).join(" ")} ${JSON.stringify(options)}`;
    try {
      if (right) {
        accepted++;
        checkForward(spec, { shapes, options });
        if (seed % 4 === 0) checkGradients(spec, { shapes, options });
      } else {
        refused++;
        const error = refusal(spec, shapes, options);
        if (error?.constructor !== TypeError && error?.constructor !== RangeError && error?.constructor !== ShapeError) {
          throw error ?? new Error("was not refused");
        }
        // The name first, as always.
        expect((error as Error).message).toMatch(new RegExp(`^${spec.name}: `));
      }
    } catch (error) {
      throw new Error(what, { cause: error });
    }
  }
  expect(accepted).toBeGreaterThan(CALLS / 3);
  expect(refused).toBeGreaterThan(CALLS / 10);
  expect({ ...memory(), capacity: 0 }).toEqual({ ...before, capacity: 0 });
});

function refusal(spec: OpSpec<any>, shapes: Shape[], options: any): unknown {
  const tensors = shapes.map((shape) => zeros(shape));
  const before = memory();
  try {
    scope(() => void spec.run(tensors, options));
    return undefined;
  } catch (error) {
    expect({ ...memory(), capacity: 0 }).toEqual({ ...before, capacity: 0 });
    return error;
  } finally {
    for (const x of tensors) x.dispose();
  }
}
