import type { Random } from "../../src/index.ts";
import {
  addSpec, clampSpec, divSpec, eqSpec, geSpec, gtSpec, leSpec, ltSpec, maximumSpec, minimumSpec, mulSpec, neSpec, powSpec, subSpec,
  whereSpec,
} from "../specs/arithmetic.ts";
import { linearSpec } from "../specs/matmul.ts";
import { amaxSpec, aminSpec, maxSpec, meanSpec, minSpec, stdSpec, sumSpec, varianceSpec } from "../specs/reductions.ts";
import { between, chance, type Draw, lengths, noBoolean, options, pick, type Property } from "./property.ts";

/** Shapes that broadcast; one call in ten has one that does not. */
function drawOperands(random: Random, count: number): { shapes: number[][]; fits: boolean } {
  const whole = lengths(random, between(random, 0, 5), chance(random, 0.1) ? 0 : 1, 4);
  const shapes = Array.from({ length: count }, () => {
    const shape = whole.map((length) => (chance(random, 0.3) ? 1 : length));
    return shape.slice(chance(random, 0.3) ? random.integer(shape.length + 1) : 0);
  });
  if (!chance(random, 0.2) || whole.length === 0) return { shapes, fits: true };
  shapes[0] = [...whole.slice(0, -1), 5];
  shapes.at(-1)!.splice(0, whole.length, ...whole.slice(0, -1), 6);
  // An axis of length 0 in one of the others does not make the two fit.
  return { shapes, fits: false };
}

function drawBinary(random: Random): Draw {
  const { shapes, fits } = drawOperands(random, 2);
  return { shapes, options: {}, valid: fits };
}

function drawWhere(random: Random): Draw {
  const { shapes, fits } = drawOperands(random, 3);
  return { shapes, options: {}, valid: fits };
}

function drawClamp(random: Random): Draw {
  const bounds = pick(random, [{ min: -0.5 }, { max: 0.25 }, { min: -0.5, max: 0.5 }, { min: 0.5, max: -0.5 }, { min: -Infinity, max: 0 }]);
  const drawn = options(random, bounds, { min: [NaN, "0", [], {}, true], max: [NaN, "0", [], {}, true] });
  return { shapes: [lengths(random, between(random, 0, 5), 1, 4)], ...drawn };
}

function drawReduction(random: Random, name: string): Draw {
  const rank = between(random, 1, 5), x = lengths(random, rank, 1, 4);
  const one = between(random, -rank, rank - 1);
  const axes = random.shuffle([...x.keys()]).slice(0, between(random, 1, rank)).map((axis) => (chance(random, 0.3) ? axis - rank : axis));
  const single = name === "max" || name === "min";
  const dim = single ? pick(random, [one, one, undefined]) : pick(random, [one, axes, undefined]);
  const keepdim = single && dim === undefined ? undefined : pick(random, [true, false, undefined]);
  const spread = name === "variance" || name === "std";
  const correction = spread ? pick(random, [undefined, 1]) : undefined;
  const bad = { dim: [rank, -rank - 1, 0.5, NaN, "0", {}, true, ...(single ? [[0]] : [[], [0, 0], [0, -rank], [rank], ["0"]])] };
  const more = single && dim === undefined ? {} : { keepdim: noBoolean };
  const drawn = options(random, { dim, keepdim, correction }, { ...bad, ...more, ...(spread && { correction: [-1, NaN, "1", {}] }) });
  // One element has no variance.
  const count = (dim === undefined ? x : [dim].flat().map((axis) => x.at(axis)!)).reduce((a, b) => a * b, 1);
  return { shapes: [x], options: drawn.options, valid: drawn.valid && !(spread && count < 2) };
}

function drawLinear(random: Random): Draw {
  const [inputs, outputs] = [between(random, 1, 9), between(random, 1, 9)];
  const x = [...lengths(random, between(random, 0, 3), 0, 3), inputs];
  const shapes = [x, [outputs, inputs], ...(chance(random, 0.5) ? [[outputs]] : [])];
  const wrong = random.integer(8);
  if (wrong === 0) shapes[0]!.push(inputs + 1);
  if (wrong === 1) shapes[1]!.push(1);
  if (wrong === 2) shapes.at(-1)![0]! += shapes.length === 3 ? 1 : 0;
  return { shapes, options: {}, valid: wrong > 2 || (wrong === 2 && shapes.length === 2) };
}

export const arithmeticProperties: Property[] = [
  ...[addSpec, subSpec, mulSpec, divSpec, powSpec, maximumSpec, minimumSpec, eqSpec, neSpec, ltSpec, leSpec, gtSpec, geSpec]
    .map((spec) => ({ spec, draw: drawBinary })),
  { spec: whereSpec, draw: drawWhere },
  { spec: clampSpec, draw: drawClamp },
  ...[sumSpec, meanSpec, amaxSpec, aminSpec, maxSpec, minSpec, varianceSpec, stdSpec]
    .map((spec) => ({ spec, draw: (random: Random) => drawReduction(random, spec.name) })),
  { spec: linearSpec, draw: drawLinear },
];
