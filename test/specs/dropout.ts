import { dropout, manualSeed, Random, tensor, zeros } from "../../src/index.ts";
import type { NdArray } from "../array.ts";
import type { OpSpec } from "./spec.ts";

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

export const dropoutSpec: OpSpec<{ p?: number; training?: boolean }> = {
  name: "dropout",
  run: ([x], { p, training }) => {
    manualSeed(SEED);
    return dropout(x!, p, training === undefined ? {} : { training });
  },
  reference: ([x], { p = 0.5, training = true }): NdArray => {
    const random = new Random(SEED);
    const key0 = random.next(), key1 = random.next();
    const factor = (i: number): number => {
      if (!training) return 1;
      return p === 1 || hash(key0, key1, stored(x!.shape, i)) < Math.round(p * 2 ** 32) ? 0 : 1 / (1 - p);
    };
    return { shape: x!.shape, data: x!.data.map((value, i) => value * factor(i)) };
  },
  cases: [[], [0], [1], [3], [4], [5], [7, 9], [2, 3, 5, 4], [1, 8, 3, 3], [2, 3, 2, 3, 2]].flatMap((shape) =>
    [{}, { p: 0 }, { p: 1 }, { p: 0.1 }, { p: 0.9 }, { p: 0.9, training: false }].map((options) => ({ shapes: [shape], options }))),
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
