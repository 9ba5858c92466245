import {
  cat, chunk, type DType, embedding, expand, flatten, flip, gather, indexSelect, interpolate, narrow, pad, permute, pixelShuffle,
  pixelUnshuffle, reshape, select, type Shape, slice, split, squeeze, stack, type Tensor, tensor, transpose, unsqueeze,
} from "../../src/index.ts";
import embeddingFile from "./embedding.json" with { type: "json" };
import type { Family } from "./family.ts";
import interpolateFile from "./interpolate.json" with { type: "json" };
import movementFile from "./movement.json" with { type: "json" };
import padFile from "./pad.json" with { type: "json" };
import pixelShuffleFile from "./pixelShuffle.json" with { type: "json" };

const volume = (lengths: Shape): number => lengths.reduce((a, b) => a * b, 1);

const integers = (values: number[], shape: Shape): Tensor<"int32"> => tensor(Int32Array.from(values), shape);

const movements: Record<string, (x: Tensor, options: any, all: Tensor[]) => Tensor<DType> | Tensor<DType>[]> = {
  cat: (_, { dim }, all) => cat(all, dim),
  chunk: (x, { chunks, dim }) => chunk(x, chunks, dim),
  expand: (x, { shape }) => expand(x, shape),
  flatten: (x, { startDim, endDim }) => flatten(x, startDim, endDim),
  flip: (x, { dims }) => flip(x, dims),
  gather: (x, { dim, index, shape }) => gather(x, dim, integers(index, shape)),
  indexSelect: (x, { dim, index }) => indexSelect(x, dim, integers(index, [index.length])),
  narrow: (x, { dim, start, length }) => narrow(x, dim, start, length),
  permute: (x, { dims }) => permute(x, dims),
  reshape: (x, { shape }) => reshape(x, shape),
  select: (x, { dim, index }) => select(x, dim, index),
  slice: (x, { dim, start, end, step }) => slice(x, dim, start, end, step),
  split: (x, { sizes, dim }) => split(x, sizes, dim),
  squeeze: (x, { dim }) => squeeze(x, dim),
  stack: (_, { dim }, all) => stack(all, dim),
  transpose: (x, { dims: [a, b] }) => transpose(x, a, b),
  unsqueeze: (x, { dim }) => unsqueeze(x, dim),
};

export const movement: Family[] = [
  {
    name: "movement",
    file: movementFile as never,
    run: (inputs, { op, ...options }) => movements[op]!(inputs[0]!, options, inputs),
    // Nothing is computed, but for the gradients of what appears several times.
    terms: ({ shapes: [x], options: { op, index }, outputs }) => {
      const copies = op === "expand" ? volume(outputs[0]!) / volume(x!) : op === "gather" || op === "indexSelect" ? index.length : 0;
      return outputs.map(() => 0).concat(Array.from({ length: 4 }, () => copies));
    },
  },
  {
    name: "pad",
    file: padFile as never,
    run: ([x], { pad: padding, ...options }) => pad(x!, padding, options),
    terms: ({ shapes: [x], options: { mode = "constant" } }) => [0, mode === "constant" ? 0 : 4 ** x!.length],
  },
  {
    name: "interpolate",
    file: interpolateFile as never,
    run: ([x], options) => interpolate(x!, options),
    terms: ({ shapes: [x], outputs: [y], options: { mode = "nearest" } }) => {
      const share = volume(y!.map((length, axis) => Math.ceil(length / x![axis]!) + 1));
      return mode === "nearest" ? [0, share] : [2 ** (x!.length - 2), 2 * share];
    },
  },
  {
    name: "pixelShuffle",
    file: pixelShuffleFile as never,
    run: ([x], { op, factor }) => (op === "pixelShuffle" ? pixelShuffle : pixelUnshuffle)(x!, factor),
    terms: () => 0,
  },
  {
    name: "embedding",
    file: embeddingFile as never,
    run: ([weight], { indices, shape, ...options }) => embedding(integers(indices, shape), weight!, options),
    terms: ({ options: { indices } }) => [0, indices.length],
  },
];
