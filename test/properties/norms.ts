import type { Random } from "../../src/index.ts";
import { batchNormSpec, groupNormSpec, instanceNormSpec, layerNormSpec, localResponseNormSpec } from "../specs/normalisation.ts";
import { between, chance, type Draw, lengths, noBoolean, options, pick, type Property } from "./property.ts";

const noEps = [-1, NaN, Infinity, "1", [], {}];
const noNumber = [NaN, Infinity, "1", [], {}];

/** [N, C, ...] of a rank, whose first spatial axis has at least four positions: the gradient of two or three is what rounding leaves. */
function drawMap(random: Random, least: number): { x: number[]; layout: string | undefined } {
  const rank = between(random, least, 5);
  const spatial = lengths(random, rank - 2, 1, 3);
  if (rank > 2) spatial[0] = between(random, 4, 6);
  const layout = rank > 2 ? pick(random, [undefined, "rowMajor", "channelsLast"]) : undefined;
  return { x: [pick(random, rank > 2 ? [0, 1, 2] : [4, 5, 6]), between(random, 1, 9), ...spatial], layout };
}

/** x alone or with weight and bias, of which one call in ten has a shape that does not fit. */
function withAffine(random: Random, x: number[], parameters: number[]): { shapes: number[][]; fits: boolean } {
  if (chance(random, 0.5)) return { shapes: [x], fits: true };
  const shapes = [x, [...parameters], [...parameters]];
  if (!chance(random, 0.15)) return { shapes, fits: true };
  const wrong = pick(random, shapes.slice(1));
  if (chance(random, 0.5)) wrong.push(1);
  else wrong[0]! += 1;
  return { shapes, fits: false };
}

const draws: Record<string, (random: Random) => Draw> = {
  batchNorm(random) {
    const { x, layout } = drawMap(random, 2);
    if (chance(random, 0.1)) x.splice(0, x.length, 1, 3);
    const { shapes, fits } = withAffine(random, x, [x[1]!]);
    const drawn = options(
      random,
      {
        layout, training: pick(random, [true, false, undefined]), eps: pick(random, [undefined, 1e-3, 0.1]),
        momentum: pick(random, [undefined, 0.5, 1]),
      },
      { training: noBoolean, eps: noEps, momentum: noNumber },
    );
    // One value has no variance.
    const single = drawn.options.training === true && x[0] === 1 && x.length === 2;
    return { shapes, options: drawn.options, valid: drawn.valid && fits && !single };
  },
  instanceNorm(random) {
    const { x, layout } = drawMap(random, 3);
    if (chance(random, 0.1)) x.splice(2, x.length, 1);
    const { shapes, fits } = withAffine(random, x, [x[1]!]);
    const drawn = options(
      random, { layout, useInputStats: pick(random, [true, false, undefined]), eps: pick(random, [undefined, 0.1]) },
      { eps: noEps, momentum: noNumber },
    );
    const single = drawn.options.useInputStats !== false && x[2] === 1 && x.length === 3 && x[0]! > 0;
    return { shapes, options: drawn.options, valid: drawn.valid && fits && !single };
  },
  groupNorm(random) {
    const { x, layout } = drawMap(random, 3);
    const groups = between(random, 1, 3);
    if (chance(random, 0.8)) x[1] = groups * between(random, 1, 3);
    const { shapes, fits } = withAffine(random, x, [x[1]!]);
    const noGroups = [0, -1, 1.5, NaN, "1", []];
    const drawn = options(random, { layout, groups, eps: pick(random, [undefined, 0.1]) }, { groups: noGroups, eps: noEps });
    return { shapes, options: drawn.options, valid: drawn.valid && fits && x[1]! % groups === 0 };
  },
  layerNorm(random) {
    const { x, layout } = drawMap(random, 3);
    const normalized = between(random, x.length - 2, x.length - (x[0] === 0 ? 1 : 0));
    const { shapes, fits } = withAffine(random, x, x.slice(-normalized));
    const drawn = options(random, { layout, normalized, eps: pick(random, [undefined, 0.1]) }, { eps: noEps });
    return { shapes, options: drawn.options, valid: drawn.valid && fits };
  },
  localResponseNorm(random) {
    const { x, layout } = drawMap(random, chance(random, 0.1) ? 2 : 3);
    const drawn = options(
      random,
      {
        layout, size: between(random, 1, 6), alpha: pick(random, [undefined, 0.5]), beta: pick(random, [undefined, 0.5, 2]),
        k: pick(random, [undefined, 2]),
      },
      { size: [0, -1, 1.5, NaN, "1", []], alpha: noNumber, beta: noNumber, k: noNumber },
    );
    return { shapes: [x], options: drawn.options, valid: drawn.valid && x.length > 2 };
  },
};

export const normProperties: Property[] = [batchNormSpec, groupNormSpec, instanceNormSpec, layerNormSpec, localResponseNormSpec]
  .map((spec) => ({ spec, draw: draws[spec.name]! }));
