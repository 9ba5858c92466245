import type { Random, Shape } from "../../src/index.ts";
import { catSpec, stackSpec } from "../specs/cat.ts";
import { indexSelectSpec } from "../specs/gather.ts";
import { matmulSpec, reshapeSpec } from "../specs/matmul.ts";
import { padSpec } from "../specs/pad.ts";
import { flipSpec, permuteSpec, squeezeSpec, transposeSpec, unsqueezeSpec } from "../specs/permute.ts";
import { chunkSpec, narrowSpec, selectSpec, sliceSpec, splitSpec } from "../specs/slice.ts";
import { between, chance, type Draw, lengths, options, pick, type Property } from "./property.ts";

/** A tensor of any rank, and how it lies. */
function drawX(random: Random, low = 0): { x: number[]; layout: string | undefined } {
  const rank = between(random, 1, 5);
  const layout = rank >= 3 ? pick(random, [undefined, "rowMajor", "channelsLast"]) : undefined;
  return { x: lengths(random, rank, chance(random, 0.1) ? low : 1, 4), layout };
}

const noDim = (rank: number): unknown[] => [rank, -rank - 1, 0.5, NaN, Infinity, "0", [], true, {}];

const noInteger: readonly unknown[] = [0.5, NaN, "1", [], true, {}];

/** One of the axes, from either end. */
const axisOf = (random: Random, rank: number): number => between(random, -rank, rank - 1);

const counted = (dim: number, rank: number): number => (dim < 0 ? dim + rank : dim);

/** A call with one tensor and some options. */
function single(
  random: Random, { x, layout }: ReturnType<typeof drawX>, good: object, bad: Record<string, readonly unknown[]>, allowed: boolean = true,
): Draw {
  const drawn = options(random, { ...good, layout }, bad);
  return { shapes: [x], options: drawn.options, valid: drawn.valid && allowed };
}

function shuffled(random: Random, rank: number): number[] {
  return random.shuffle(Array.from({ length: rank }, (_, axis) => axis)).map((axis) => (chance(random, 0.3) ? axis - rank : axis));
}

const draws: Record<string, (random: Random) => Draw> = {
  pad(random) {
    const one = drawX(random);
    const rank = one.x.length, mode = pick(random, ["constant", "reflect", "replicate", "circular", undefined]);
    const padding = lengths(random, 2 * between(random, 0, rank), mode === undefined || mode === "constant" ? -2 : 0, 3);
    const fits = one.x.every((length, axis) => {
      const [before = 0, after = 0] = padding.slice(2 * (rank - 1 - axis), 2 * (rank - axis));
      const widest = Math.max(before, after);
      if (Math.max(-before, 0) + Math.max(-after, 0) > length) return false;
      if (mode === undefined || mode === "constant" || widest === 0) return true;
      return widest <= { reflect: length - 1, circular: length, replicate: length && Infinity }[mode]!;
    }) || padding.every((size) => size === 0);
    const bad = {
      padding: [1, "1", [1], [1, 1.5], [NaN, 0], ["1", "1"], new Array<number>(2 * rank + 2).fill(1)],
      mode: ["mirror", 0, []],
      value: ["0", [], {}],
    };
    return single(random, one, { padding, mode, value: pick(random, [undefined, 2]) }, bad, fits);
  },
  permute(random) {
    const one = drawX(random), rank = one.x.length;
    const all = (value: number) => new Array<number>(rank).fill(value);
    return single(random, one, { dims: shuffled(random, rank) }, { dims: [0, "0", [...Array(rank + 1).keys()], all(rank), all(0.5)] });
  },
  transpose(random) {
    const one = drawX(random), rank = one.x.length;
    return single(random, one, { dim0: axisOf(random, rank), dim1: axisOf(random, rank) }, { dim0: noDim(rank), dim1: noDim(rank) });
  },
  squeeze(random) {
    const one = drawX(random), rank = one.x.length;
    return single(random, one, { dim: pick(random, [undefined, axisOf(random, rank)]) }, { dim: noDim(rank) });
  },
  unsqueeze(random) {
    const one = drawX(random), rank = one.x.length;
    return single(random, one, { dim: between(random, -rank - 1, rank) }, { dim: noDim(rank + 1) });
  },
  flip(random) {
    const one = drawX(random), rank = one.x.length;
    const dims = shuffled(random, rank).slice(0, between(random, 1, rank));
    return single(random, one, { dims: pick(random, [dims, dims[0]]) }, { dims: ["0", [rank], [0, 0], [0, -rank], [0.5], {}] });
  },
  slice(random) {
    const one = drawX(random), rank = one.x.length;
    const position = () => pick(random, [undefined, between(random, -6, 6)]);
    const good = { dim: axisOf(random, rank), start: position(), end: position(), step: pick(random, [undefined, 1, 2, 3]) };
    return single(random, one, good, { dim: noDim(rank), start: noInteger, end: noInteger, step: [0, -1, ...noInteger] });
  },
  narrow(random) {
    const one = drawX(random), rank = one.x.length, dim = axisOf(random, rank), length = one.x[counted(dim, rank)]!;
    const start = between(random, -length, length), size = between(random, 0, length + 1);
    const fits = (start < 0 ? start + length : start) + size <= length;
    return single(random, one, { dim, start, length: size }, { dim: noDim(rank), start: noInteger, length: [-1, ...noInteger] }, fits);
  },
  select(random) {
    const one = drawX(random), rank = one.x.length, dim = axisOf(random, rank), length = one.x[counted(dim, rank)]!;
    const index = between(random, -length, Math.max(length - 1, 0));
    return single(random, one, { dim, index }, { dim: noDim(rank), index: [length, -length - 1, ...noInteger] }, length > 0);
  },
  split(random) {
    const one = drawX(random), rank = one.x.length, dim = axisOf(random, rank), length = one.x[counted(dim, rank)]!;
    const first = between(random, 0, length);
    const sizes = pick(random, [[first, length - first], [length], between(random, 1, 5)]);
    const bad = { dim: noDim(rank), sizes: [-1, 1.5, NaN, "1", {}, [length + 1], [-1, length + 1], [0.5, length - 0.5], ["1"]] };
    return single(random, one, { dim, sizes, part: 0 }, bad);
  },
  chunk(random) {
    const one = drawX(random), rank = one.x.length, dim = axisOf(random, rank);
    return single(random, one, { dim, chunks: between(random, 1, 5), part: 0 }, { dim: noDim(rank), chunks: [0, -1, ...noInteger] });
  },
  indexSelect(random) {
    const one = drawX(random, 1), rank = one.x.length, dim = axisOf(random, rank), length = one.x[counted(dim, rank)]!;
    const index = lengths(random, between(random, 0, 5), 0, length - 1);
    return single(random, one, { dim, index }, { dim: noDim(rank), index: [0, "0", {}, [length], [-1], [0.5], [NaN], ["0"]] });
  },
  reshape(random) {
    const { x } = drawX(random), size = x.reduce((a, b) => a * b, 1);
    const shape = pick(random, [[...x].reverse(), [size], [-1], [x[0]!, -1], [1, ...x], [size, 1], [...x, 2], [size + 1], [-1, -1]]);
    const given = shape.filter((length) => length !== -1);
    const known = given.reduce((a, b) => a * b, 1), unknown = shape.length - given.length;
    // An axis of length 0 leaves -1 undetermined.
    const fits = unknown === 0 ? known === size : unknown === 1 && known > 0 && size % known === 0;
    return single(random, { x, layout: undefined }, { shape }, { shape: [1, "1", {}, [0.5], [-2], [NaN], ["1"]] }, fits);
  },
  cat(random) {
    const { x, layout } = drawX(random), rank = x.length, dim = axisOf(random, rank);
    const part = () => x.map((length, axis) => (axis === counted(dim, rank) ? between(random, 0, 3) : length));
    const shapes = Array.from({ length: between(random, 1, 3) }, part);
    return several(random, shapes, { dim, layout }, { dim: noDim(rank) });
  },
  stack(random) {
    const { x, layout } = drawX(random), rank = x.length;
    const shapes = Array.from({ length: between(random, 1, 3) }, () => [...x]);
    return several(random, shapes, { dim: between(random, -rank - 1, rank), layout }, { dim: noDim(rank + 1) });
  },
  matmul(random) {
    const [m, k, n] = lengths(random, 3, 1, 9) as [number, number, number];
    const batch = lengths(random, between(random, 0, 2), 1, 3);
    const part = () => batch.slice(random.integer(batch.length + 1)).map((length) => (chance(random, 0.3) ? 1 : length));
    const a = chance(random, 0.2) ? [k] : [...part(), m, k], b = chance(random, 0.2) ? [k] : [...part(), k, n];
    const wrong = random.integer(6);
    if (wrong === 0) b[Math.max(b.length - 2, 0)]! += 1;
    if (wrong === 1) return { shapes: [[], b], options: {}, valid: false };
    return { shapes: [a, b], options: {}, valid: wrong > 0 };
  },
};

/** A call with several tensors: one call in ten has one of another rank, or with an axis of another length. */
function several(random: Random, shapes: number[][], good: Record<string, unknown>, bad: Record<string, readonly unknown[]>): Draw {
  const drawn = options(random, good, bad);
  if (shapes.length === 1 || !chance(random, 0.2)) return { shapes, options: drawn.options, valid: drawn.valid };
  shapes.at(-1)!.push(2);
  return { shapes: shapes as Shape[], options: drawn.options, valid: false };
}

export const movementProperties: Property[] = [
  catSpec, chunkSpec, flipSpec, indexSelectSpec, matmulSpec, narrowSpec, padSpec, permuteSpec, reshapeSpec, selectSpec, sliceSpec,
  splitSpec, squeezeSpec, stackSpec, transposeSpec, unsqueezeSpec,
].map((spec) => ({ spec, draw: draws[spec.name]! }));
