import type { Random } from "../../src/index.ts";
import {
  adaptiveAvgPool1dSpec, adaptiveAvgPool2dSpec, adaptiveAvgPool3dSpec, adaptiveMaxPool1dSpec, adaptiveMaxPool2dSpec, adaptiveMaxPool3dSpec,
} from "../specs/adaptivePool.ts";
import { interpolateSpec } from "../specs/interpolate.ts";
import { pixelShuffleSpec, pixelUnshuffleSpec } from "../specs/pixelShuffle.ts";
import { between, chance, type Draw, each, lengths, noBoolean, noSizes, options, pick, type Property, sizes } from "./property.ts";

/** A line, map or volume; one in twenty has an axis too many or too few. */
function drawX(random: Random, rank: number): { x: number[]; fits: boolean } {
  const axes = chance(random, 0.05) ? pick(random, [rank - 1, rank + 1]) : rank;
  return { x: [between(random, 0, 2), between(random, 1, 9), ...lengths(random, axes, 1, rank === 3 ? 4 : 7)], fits: axes === rank };
}

function drawAdaptive(rank: number): (random: Random) => Draw {
  return (random) => {
    const { x, fits } = drawX(random, rank);
    const outputSize = sizes(random, rank, 1, 6) ?? Array.from({ length: rank }, () => pick(random, [null, 1, 3]));
    const drawn = options(random, { outputSize }, { outputSize: noSizes });
    return { shapes: [x], options: drawn.options, valid: drawn.valid && fits };
  };
}

function drawInterpolate(random: Random): Draw {
  const rank = between(random, 1, 3);
  const { x } = drawX(random, rank);
  const axes = x.length - 2;
  const linear = ["linear", "bilinear", "trilinear"][axes - 1];
  const mode = pick(random, [undefined, "nearest", linear, linear, "trilinear"]);
  const size = sizes(random, rank, 1, 8) ?? 3;
  const factor = (): number => pick(random, [0.5, 1, 1.5, 2.5, 3]);
  const scaleFactor = chance(random, 0.5) ? factor() : Array.from({ length: rank }, factor);
  const given = pick(random, [{ size }, { size }, { scaleFactor }, { scaleFactor }, {}, { size, scaleFactor }]);
  const alignCorners = mode && mode !== "nearest" ? pick(random, [undefined, true, false]) : undefined;
  const drawn = options(
    random, { ...given, mode, alignCorners },
    { mode: ["area", 1, true, []], alignCorners: noBoolean, ...("size" in given && { size: [0, ...noSizes] }) },
  );
  const factors = "scaleFactor" in given ? each(scaleFactor as number, axes) : [];
  const fits = axes >= 1 && axes <= 3 && Object.keys(given).length === 1 && (mode === undefined || mode === "nearest" || mode === linear)
    && [size, scaleFactor].every((value) => typeof value === "number" || rank === axes || !Object.values(given).includes(value as never))
    && factors.every((factor, axis) => Math.floor(x[2 + axis]! * factor) >= 1);
  return { shapes: [x], options: drawn.options, valid: drawn.valid && fits };
}

function drawShuffle(random: Random, up: boolean): Draw {
  const r = between(random, 1, 3);
  const [n, c, h, w] = [between(random, 0, 2), between(random, 1, 4), between(random, 1, 4), between(random, 1, 4)];
  const x = up ? [n, c * r * r, h, w] : [n, c, h * r, w * r];
  const wrong = random.integer(8);
  if (wrong === 0) x.push(1);
  if (wrong === 1 && r > 1) x[up ? 1 : 2]! += 1;
  const drawn = options(random, { r, rowMajor: chance(random, 0.5) && wrong > 0 }, { r: [0, -1, 1.5, NaN, "2", [], {}] });
  return { shapes: [x], options: drawn.options, valid: drawn.valid && wrong > (r > 1 ? 1 : 0) };
}

export const resamplingProperties: Property[] = [
  { spec: adaptiveAvgPool1dSpec, draw: drawAdaptive(1) },
  { spec: adaptiveAvgPool2dSpec, draw: drawAdaptive(2) },
  { spec: adaptiveAvgPool3dSpec, draw: drawAdaptive(3) },
  { spec: adaptiveMaxPool1dSpec, draw: drawAdaptive(1) },
  { spec: adaptiveMaxPool2dSpec, draw: drawAdaptive(2) },
  { spec: adaptiveMaxPool3dSpec, draw: drawAdaptive(3) },
  { spec: interpolateSpec, draw: drawInterpolate },
  { spec: pixelShuffleSpec, draw: (random) => drawShuffle(random, true) },
  { spec: pixelUnshuffleSpec, draw: (random) => drawShuffle(random, false) },
];
