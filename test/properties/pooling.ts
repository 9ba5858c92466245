import type { Random } from "../../src/index.ts";
import { avgPool1dSpec } from "../specs/avgPool1d.ts";
import { avgPool2dSpec } from "../specs/avgPool2d.ts";
import { avgPool3dSpec } from "../specs/avgPool3d.ts";
import { lpPool1dSpec, lpPool2dSpec } from "../specs/lpPool.ts";
import { maxPool1dSpec } from "../specs/maxPool1d.ts";
import { maxPool2dSpec } from "../specs/maxPool2d.ts";
import { maxPool3dSpec } from "../specs/maxPool3d.ts";
import { between, chance, type Draw, each, lengths, noBoolean, noSizes, options, pick, type Property, sizes } from "./property.ts";

const bad = { kernelSize: [0, ...noSizes], stride: [0, ...noSizes], padding: noSizes, ceilMode: noBoolean };

function drawMaxPool(rank: number): (random: Random) => Draw {
  return (random) => {
    const drawn = options(
      random,
      {
        kernelSize: sizes(random, rank, 1, 4) ?? 2, stride: sizes(random, rank, 1, 4), padding: sizes(random, rank, 0, 2),
        dilation: sizes(random, rank, 1, 3), ceilMode: pick(random, [true, false, undefined]),
      },
      { ...bad, dilation: [0, ...noSizes] },
    );
    return poolDraw(random, rank, drawn);
  };
}

function drawAvgPool(rank: number): (random: Random) => Draw {
  return (random) => {
    const drawn = options(
      random,
      {
        kernelSize: sizes(random, rank, 1, 4) ?? 2, stride: sizes(random, rank, 1, 4), padding: sizes(random, rank, 0, 2),
        ceilMode: pick(random, [true, false, undefined]), countIncludePad: pick(random, [true, false, undefined]),
        divisorOverride: rank > 1 && chance(random, 0.2) ? between(random, 1, 9) : undefined,
      },
      { ...bad, countIncludePad: noBoolean, ...(rank > 1 && { divisorOverride: [0, 1.5, NaN, "2", []] }) },
    );
    return poolDraw(random, rank, drawn);
  };
}

function drawLpPool(rank: number): (random: Random) => Draw {
  return (random) => {
    const drawn = options(
      random,
      {
        kernelSize: sizes(random, rank, 1, 4) ?? 2, stride: sizes(random, rank, 1, 4), ceilMode: pick(random, [true, false, undefined]),
        // Even powers: others of negative numbers have no root.
        normType: pick(random, [1, 2, 4]),
      },
      { kernelSize: [0, ...noSizes], stride: [0, ...noSizes], ceilMode: noBoolean, normType: [0, NaN, Infinity, "2", [], {}] },
    );
    return poolDraw(random, rank, drawn);
  };
}

function poolDraw(random: Random, rank: number, { options, valid }: { options: any; valid: boolean }): Draw {
  // One in twenty has an axis too many or too few.
  const axes = chance(random, 0.05) ? pick(random, [rank - 1, rank + 1]) : rank;
  const x = [between(random, 0, 2), between(random, 1, 5), ...lengths(random, axes, 1, rank === 3 ? 5 : 9)];
  return { shapes: [x], options, valid: valid && axes === rank && fits(x.slice(2), options) };
}

// PyTorch's conditions: at most half a kernel of padding, and one window at least. A window without a tap inside the input has no
// maximum: PyTorch 1.13 answers -Infinity, we refuse.
function fits(input: readonly number[], { kernelSize, stride = kernelSize, padding = 0, dilation = 1, ceilMode = false }: any): boolean {
  const rank = input.length;
  const [k, s, p, d] = [kernelSize, stride, padding, dilation].map((value) => each(value, rank)) as number[][] & { length: 4 };
  return input.every((length, i) => {
    if (2 * p[i]! > k[i]!) return false;
    const span = d[i]! * (k[i]! - 1) + 1;
    const starts: number[] = [];
    const end = length + p[i]!;
    const counts = (start: number) => (ceilMode ? start - s[i]! + span < end && start < length : start + span <= end);
    for (let start = -p[i]!; counts(start); start += s[i]!) starts.push(start);
    const inside = (start: number) => Array.from({ length: k[i]! }, (_, tap) => start + tap * d[i]!).some((at) => at >= 0 && at < length);
    return starts.length > 0 && starts.every(inside);
  });
}

export const poolingProperties: Property[] = [
  { spec: maxPool1dSpec, draw: drawMaxPool(1) },
  { spec: maxPool2dSpec, draw: drawMaxPool(2) },
  { spec: maxPool3dSpec, draw: drawMaxPool(3) },
  { spec: avgPool1dSpec, draw: drawAvgPool(1) },
  { spec: avgPool2dSpec, draw: drawAvgPool(2) },
  { spec: avgPool3dSpec, draw: drawAvgPool(3) },
  { spec: lpPool1dSpec, draw: drawLpPool(1) },
  { spec: lpPool2dSpec, draw: drawLpPool(2) },
];
