// Batches of pictures and labels, as tensors that live until the next batch is asked for.

import { defaultRandom, Random } from "../random.ts";
import { discard } from "../scope.ts";
import { checkInteger, checkShape, describe, format, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";

/** Pictures and what they show. */
export interface ImageDataset {
  /** Bytes of all the pictures, row-major. */
  readonly images: Uint8Array;
  /** [count, H, W], or [count, C, H, W] for pictures of C channels. */
  readonly shape: Shape;
  /** One for each picture, from 0 to classes - 1. */
  readonly labels: Uint8Array | Int32Array;
  readonly classes: number;
}

/** Options of `batches`. */
export interface BatchOptions {
  /** Pictures in a batch; the last one of a pass may be smaller. */
  batchSize: number;
  /**
   * Another order for every pass: `true` draws it from the default generator (`manualSeed`), a number seeds a generator of its
   * own, a `Random` is drawn from. Default false: the order of the dataset.
   */
  shuffle?: boolean | number | Random;
  /** Leaves out the last batch of a pass if it is smaller, default false. */
  dropLast?: boolean;
  /** Taken off pixels in [0, 1], default 0: a number, or one for each channel. */
  mean?: number | readonly number[];
  /** Divides what is left, default 1: a number, or one for each channel. */
  std?: number | readonly number[];
}

/** One step's worth of data. The tensors are freed when the next batch is asked for, or when the loop ends. */
export interface Batch {
  /** Pictures [B, C, H, W]. */
  readonly x: Tensor;
  /** Labels [B]. */
  readonly labels: Tensor<"int32">;
}

/** Every loop over it is one pass through the dataset. */
export interface Batches extends Iterable<Batch, void, undefined> {
  /** Number of batches in a pass. */
  readonly length: number;
}

/** Mean and standard deviation of MNIST's training pixels, as they stand in PyTorch's examples; near those of `digits` too. */
export const mnistNormalization: { readonly mean: number; readonly std: number } = { mean: 0.1307, std: 0.3081 };

/**
 * Cuts a dataset into batches of float32 pictures: x = (byte / 255 - mean) / std. The loop owns the batches: it frees each when
 * it goes on, so nothing is to be disposed; copy what must live longer.
 *
 * @returns an iterable, to be looped over once per epoch
 * @throws TypeError, RangeError or ShapeError for a wrong option, or a dataset whose parts do not fit together
 * @example
 * const train = batches(digits(12000), { batchSize: 64, shuffle: true, ...mnistNormalization });
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   for (const { x, labels } of train) {
 *     const { grads } = gradients(() => softmaxCrossEntropy(model.forward(x), labels), model.parameters());
 *     optimizer.step(grads);
 *   }
 * }
 */
export function batches(dataset: ImageDataset, options: BatchOptions): Batches {
  checkDataset("batches", dataset);
  const { batchSize, shuffle = false, dropLast = false, mean = 0, std = 1 } = options;
  checkInteger("batches", "batchSize", batchSize, 1);
  const random = generator(shuffle);
  const { images, labels, shape } = dataset;
  const count = shape[0]!;
  const [c, h, w] = (shape.length === 3 ? [1, shape[1]!, shape[2]!] : shape.slice(1)) as [number, number, number];
  const table = normalized(perChannel("mean", mean, c), perChannel("std", std, c));
  const length = dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);

  function* pass(): Generator<Batch, void, undefined> {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    random?.shuffle(order);
    for (let batch = 0; batch < length; batch++) {
      const chosen = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      let x: Tensor | undefined;
      let y: Tensor<"int32"> | undefined;
      try {
        x = empty([chosen.length, c, h, w], "channelsLast");
        y = empty([chosen.length], "rowMajor", "int32");
        fill(x.view(), images, table, chosen, c, h * w);
        const view = y.view();
        for (let i = 0; i < chosen.length; i++) view[i] = labels[chosen[i]!]!;
        yield { x, labels: y };
      } finally {
        if (x) discard(x);
        if (y) discard(y);
      }
    }
  }
  return { length, [Symbol.iterator]: pass };
}

/** Checks that the parts of a dataset fit together. */
export function checkDataset(op: string, { images, shape, labels, classes }: ImageDataset): void {
  if (!(images instanceof Uint8Array)) throw new TypeError(`${op}: images must be a Uint8Array, got ${describe(images)}`);
  if (!(labels instanceof Uint8Array || labels instanceof Int32Array)) {
    throw new TypeError(`${op}: labels must be a Uint8Array or an Int32Array, got ${describe(labels)}`);
  }
  checkShape(op, shape);
  checkInteger(op, "classes", classes, 1);
  if (shape.length !== 3 && shape.length !== 4) {
    const expected = "3 axes [count, H, W] or 4 axes [count, C, H, W]";
    throw new ShapeError(`${op}: images must have ${expected}, they have ${shape.length} (images ${format(shape)})`);
  }
  if (images.length !== sizeOf(shape)) {
    throw new ShapeError(`${op}: images have ${images.length} bytes, their shape ${format(shape)} has ${sizeOf(shape)}`);
  }
  if (labels.length !== shape[0]) throw new ShapeError(`${op}: ${shape[0]} images, but ${labels.length} labels (images ${format(shape)})`);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label < 0 || label >= classes) throw new RangeError(`${op}: labels must be from 0 to ${classes - 1}, label ${i} is ${label}`);
  }
}

function generator(shuffle: boolean | number | Random): Random | undefined {
  if (shuffle === false) return undefined;
  if (shuffle === true) return defaultRandom();
  if (typeof shuffle === "number") return new Random(shuffle);
  if (shuffle instanceof Random) return shuffle;
  throw new TypeError(`batches: shuffle must be true, false, a seed or a Random, got ${describe(shuffle)}`);
}

function perChannel(name: "mean" | "std", value: number | readonly number[], c: number): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(c).fill(value) : value;
  if (!Array.isArray(list)) throw new TypeError(`batches: ${name} must be a number or a list of numbers, got ${describe(value)}`);
  if (list.length !== c) throw new ShapeError(`batches: ${name} has ${list.length} numbers, the images have ${c} channels`);
  for (const number of list) {
    if (typeof number !== "number") throw new TypeError(`batches: ${name} must hold numbers, got ${describe(number)}`);
    if (!Number.isFinite(number) || (name === "std" && number <= 0)) {
      throw new RangeError(`batches: ${name} must be ${name === "std" ? "positive and " : ""}finite, got ${number}`);
    }
  }
  return list;
}

// What becomes of each byte, for every channel: a look-up instead of two divisions for a pixel.
function normalized(mean: readonly number[], std: readonly number[]): Float32Array {
  return Float32Array.from({ length: 256 * mean.length }, (_, i) => ((i & 255) / 255 - mean[i >> 8]!) / std[i >> 8]!);
}

// [C, P] bytes of each chosen picture -> [P, C] floats, P = H*W: a tensor of maps lies channels-last.
function fill(x: Float32Array, images: Uint8Array, table: Float32Array, chosen: Uint32Array, c: number, p: number): void {
  for (let i = 0; i < chosen.length; i++) {
    for (let channel = 0; channel < c; channel++) {
      const from = (chosen[i]! * c + channel) * p, to = i * p * c + channel;
      for (let pixel = 0; pixel < p; pixel++) x[to + pixel * c] = table[channel * 256 + images[from + pixel]!]!;
    }
  }
}
