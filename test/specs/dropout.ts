import { dropout, dropout1d, dropout2d, dropout3d, manualSeed, Random, type Shape, ShapeError, tensor, type Tensor, zeros } from "../../src/index.ts";
import type { NdArray } from "../array.ts";
import type { BadCall, OpSpec } from "./spec.ts";

const SEED = 7;

// The hash in whole numbers.
function hash(key0: number, key1: number, i: number): number {
  const mix = (x: bigint): bigint => {
    x = ((x ^ (x >> 16n)) * 0x7feb352dn) & 0xffffffffn;
    x = ((x ^ (x >> 15n)) * 0x846ca68bn) & 0xffffffffn;
    return x ^ (x >> 16n);
  };
  return Number(mix(mix(BigInt(i + key0) & 0xffffffffn) ^ BigInt(key1)));
}

/** Position in memory of element i: maps and volumes lie channels-last. */
function stored(shape: readonly number[], i: number): number {
  if (shape.length < 4) return i;
  const [, c, ...rest] = shape as [number, number, ...number[]];
  const positions = rest.reduce((a, b) => a * b);
  const position = i % positions, channel = Math.floor(i / positions) % c, n = Math.floor(i / positions / c);
  return (n * positions + position) * c + channel;
}

/** What element i of what is dropped together is multiplied by, after `manualSeed(SEED)`. */
function factors({ p = 0.5, training = true }: DropoutCase): (i: number) => number {
  const random = new Random(SEED);
  const key0 = random.next(), key1 = random.next();
  return (i) => {
    if (!training) return 1;
    return p === 1 || hash(key0, key1, i) < Math.round(p * 2 ** 32) ? 0 : 1 / (1 - p);
  };
}

interface DropoutCase {
  p?: number;
  training?: boolean;
}

const choices: DropoutCase[] = [{}, { p: 0 }, { p: 1 }, { p: 0.1 }, { p: 0.9 }, { p: 0.9, training: false }];

export const dropoutSpec: OpSpec<DropoutCase> = {
  name: "dropout",
  run: ([x], { p, training }) => {
    manualSeed(SEED);
    return dropout(x!, p, training === undefined ? {} : { training });
  },
  reference: ([x], options): NdArray => {
    const factor = factors(options);
    return { shape: x!.shape, data: x!.data.map((value, i) => value * factor(stored(x!.shape, i))) };
  },
  cases: [[], [0], [1], [3], [4], [5], [7, 9], [2, 3, 5, 4], [1, 8, 3, 3], [2, 3, 2, 3, 2]].flatMap((shape) =>
    choices.map((options) => ({ shapes: [shape], options }))),
  terms: () => 1,
  affine: true,
  bad: [
    { name: "p above 1", call: () => dropout(zeros([2]), 1.5), error: RangeError, message: /^dropout: p must be a number from 0 to 1, got 1.5/ },
    { name: "negative p", call: () => dropout(zeros([2]), -0.1), error: RangeError, message: /^dropout: p must be a number from 0 to 1, got -0.1/ },
    { name: "p of wrong kind", call: () => dropout(zeros([2]), "half" as never), error: TypeError, message: /^dropout: p must be a number, got "half"/ },
    { name: "training of wrong kind", call: () => dropout(zeros([2]), 0.5, { training: "yes" as never }), error: TypeError, message: /^dropout: training must be true or false, got "yes"/ },
    { name: "integers", call: () => dropout(tensor(new Int32Array(2)) as never), error: TypeError, message: /^dropout: x must be float32, it is int32/ },
  ],
  bench: [{ shapes: [[32, 4096]], options: {} }],
};

function channelSpec(name: string, op: typeof dropout2d, shapes: Shape[], bad: BadCall): OpSpec<DropoutCase> {
  return {
    name,
    run: ([x], { p, training }): Tensor => {
      manualSeed(SEED);
      return op(x!, p, training === undefined ? {} : { training });
    },
    reference: ([x], options): NdArray => {
      const factor = factors(options);
      const positions = x!.shape.slice(2).reduce((a, b) => a * b);
      return { shape: x!.shape, data: x!.data.map((value, i) => value * factor(Math.floor(i / positions))) };
    },
    cases: shapes.flatMap((shape) => choices.map((options) => ({ shapes: [shape], options }))),
    terms: () => 1,
    affine: true,
    bad: [
      bad,
      { name: "p above 1", call: () => op(zeros(shapes[0]!), 2), error: RangeError, message: new RegExp(`^${name}: p must be a number from 0 to 1, got 2`) },
    ],
  };
}

export const dropout1dSpec: OpSpec<DropoutCase> = channelSpec("dropout1d", dropout1d, [[2, 5, 3], [1, 1, 4], [3, 4, 1], [0, 2, 3]], {
  name: "rank of x", call: () => dropout1d(zeros([5, 3])), error: ShapeError, message: /^dropout1d: x must have 3 axes \[N, C, L\], it has 2 \(x \[5, 3\]\)/,
});

export const dropout2dSpec: OpSpec<DropoutCase> = channelSpec("dropout2d", dropout2d, [[2, 5, 3, 2], [1, 8, 1, 1], [3, 1, 4, 4], [2, 0, 3, 3]], {
  name: "rank of x", call: () => dropout2d(zeros([5, 3, 3])), error: ShapeError, message: /^dropout2d: x must have 4 axes \[N, C, H, W\], it has 3 \(x \[5, 3, 3\]\)/,
});

export const dropout3dSpec: OpSpec<DropoutCase> = channelSpec("dropout3d", dropout3d, [[2, 5, 3, 2, 2], [1, 9, 1, 2, 1]], {
  name: "rank of x", call: () => dropout3d(zeros([5, 3])), error: ShapeError, message: /^dropout3d: x must have 5 axes \[N, C, D, H, W\], it has 2 \(x \[5, 3\]\)/,
});
