import { describe, expect, test } from "vitest";
import { add, defaultRandom, gradients, manualSeed, memory, mul, ones, Random, scope, sum, type Tensor } from "../src/index.ts";
import { batches, digits, type ImageDataset, mnistNormalization } from "../src/data/index.ts";

describe("digits", () => {
  const set = digits(3000, { seed: 1 });

  test("shape, classes and labels", () => {
    expect(set.shape).toEqual([3000, 28, 28]);
    expect(set.images.length).toBe(3000 * 784);
    expect(set.classes).toBe(10);
    const counts = new Array<number>(10).fill(0);
    for (const label of set.labels) counts[label]!++;
    // Five standard deviations around 300.
    for (const count of counts) expect(Math.abs(count - 300)).toBeLessThan(5 * Math.sqrt(3000 * 0.09));
  });

  test("a seed gives the same bytes in every engine", () => {
    // FNV-1a over the first 200 images and labels. It changes with every change of the generator, and so do accuracies.
    let hash = 0x811c9dc5;
    const add = (byte: number): void => void (hash = Math.imul(hash ^ byte, 0x01000193));
    set.images.subarray(0, 200 * 784).forEach(add);
    set.labels.slice(0, 200).forEach(add);
    expect((hash >>> 0).toString(16)).toBe("d36e0bd7");
  });

  test("the first images of a longer run are a shorter run; other seeds give other images", () => {
    const short = digits(50, { seed: 1 });
    expect(short.images.join()).toBe(set.images.subarray(0, 50 * 784).join());
    expect(short.labels).toEqual(set.labels.slice(0, 50));
    expect(digits(50, { seed: 2 }).images.join()).not.toBe(short.images.join());
    expect(digits(50).images.join()).toBe(digits(50, { seed: 0 }).images.join());
    expect(digits(0).images.length).toBe(0);
  });

  test("every image shows ink on a black ground, and no two are alike", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 3000; i++) {
      const image = set.images.subarray(i * 784, (i + 1) * 784);
      const bright = image.filter((byte) => byte > 127).length;
      expect(bright).toBeGreaterThan(8);
      expect(bright).toBeLessThan(784 / 2);
      seen.add(image.join());
    }
    expect(seen.size).toBe(3000);
  });

  test("brightness is near MNIST's, whose normalisation it shares", () => {
    const { images } = set;
    const mean = images.reduce((a, b) => a + b, 0) / images.length / 255;
    const std = Math.sqrt(images.reduce((a, b) => a + (b / 255 - mean) ** 2, 0) / images.length);
    expect(Math.abs(mean - mnistNormalization.mean)).toBeLessThan(0.02);
    expect(Math.abs(std - mnistNormalization.std)).toBeLessThan(0.04);
  });

  // What makes them data: an image tells its digit to who has seen others. A nearest neighbour among 2,000 images is right for
  // nine in ten of the rest; labels that did not belong to their images would leave one in ten.
  test("images tell their digits", () => {
    const train = 2000, rows = 300;
    let right = 0;
    for (let i = train; i < train + rows; i++) {
      let nearest = Infinity, label = -1;
      for (let j = 0; j < train; j++) {
        let distance = 0;
        for (let p = 0; p < 784 && distance < nearest; p++) distance += (set.images[i * 784 + p]! - set.images[j * 784 + p]!) ** 2;
        if (distance < nearest) {
          nearest = distance;
          label = set.labels[j]!;
        }
      }
      if (label === set.labels[i]) right++;
    }
    expect(right / rows).toBeGreaterThan(0.8);
  });

  test.each([
    [() => digits(-1), RangeError, "digits: count must be an integer of at least 0, got -1"],
    [() => digits("5" as never), TypeError, 'digits: count must be a number, got "5"'],
    [() => digits(5, { seed: 1.5 }), RangeError, "seed must be an integer of at least 0, got 1.5"],
  ])("refuses bad arguments %#", (call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});

/** Picture i of count has bytes that tell i, channel, row and column. */
function marked(count: number, inner: readonly number[]): ImageDataset {
  const size = inner.reduce((a, b) => a * b, 1);
  return {
    images: Uint8Array.from({ length: count * size }, (_, i) => (i * 7 + Math.floor(i / size) * 31) & 255),
    shape: [count, ...inner],
    labels: Uint8Array.from({ length: count }, (_, i) => i),
    classes: count,
  };
}

describe("batches", () => {
  test.each([
    ["grey", [3, 5]],
    ["one channel", [1, 3, 5]],
    ["three channels", [3, 4, 2]],
  ])("%s pictures in order, in NCHW, with the short rest at the end", (_, inner) => {
    const set = marked(7, inner);
    const mean = inner[0] === 3 && inner.length === 3 ? [0.1, 0.2, 0.3] : 0.5;
    const std = inner[0] === 3 && inner.length === 3 ? [0.5, 0.6, 0.7] : 0.25;
    const size = set.images.length / 7;
    const [c, h, w] = inner.length === 2 ? [1, ...inner] : inner;
    const loop = batches(set, { batchSize: 3, mean, std });
    expect(loop.length).toBe(3);
    let i = 0;
    for (const { x, labels } of loop) {
      const b = i < 6 ? 3 : 1;
      expect(x.shape).toEqual([b, c, h, w]);
      expect(labels.shape).toEqual([b]);
      expect([...labels.data()]).toEqual([i, i + 1, i + 2].slice(0, b));
      const expected = Array.from(set.images.subarray(i * size, (i + b) * size), (byte, at) => {
        const channel = Math.floor(at / (h! * w!)) % c!;
        return Math.fround((byte / 255 - (Array.isArray(mean) ? mean[channel]! : mean)) / (Array.isArray(std) ? std[channel]! : std));
      });
      expect([...x.data()]).toEqual(expected);
      i += b;
    }
    expect(i).toBe(7);
  });

  test("without mean and std pixels are in [0, 1]", () => {
    const set: ImageDataset = { images: Uint8Array.of(0, 51, 255, 204), shape: [1, 2, 2], labels: Uint8Array.of(0), classes: 1 };
    for (const { x } of batches(set, { batchSize: 1 })) expect([...x.data()]).toEqual([0, 0.2, 1, 0.8].map(Math.fround));
  });

  test("dropLast leaves the short rest out", () => {
    const loop = batches(marked(7, [2, 2]), { batchSize: 3, dropLast: true });
    expect(loop.length).toBe(2);
    expect(labelsOf(loop)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(batches(marked(6, [2, 2]), { batchSize: 3, dropLast: true }).length).toBe(2);
    expect(labelsOf(batches(marked(2, [2, 2]), { batchSize: 3, dropLast: true }))).toEqual([]);
  });

  test("an empty dataset has no batches", () => {
    expect(labelsOf(batches({ ...marked(0, [2, 2]), classes: 1 }, { batchSize: 3 }))).toEqual([]);
  });

  test("shuffle: every picture once, another order for every pass, the same for the same seed", () => {
    const set = marked(50, [2, 2]);
    const loop = batches(set, { batchSize: 8, shuffle: 3 });
    const first = labelsOf(loop), second = labelsOf(loop);
    const sorted = [...set.labels];
    expect([...first].sort((a, b) => a - b)).toEqual(sorted);
    expect([...second].sort((a, b) => a - b)).toEqual(sorted);
    expect(first).not.toEqual(sorted);
    expect(second).not.toEqual(first);
    const again = batches(set, { batchSize: 8, shuffle: new Random(3) });
    expect([labelsOf(again), labelsOf(again)]).toEqual([first, second]);
    manualSeed(3);
    expect(labelsOf(batches(set, { batchSize: 8, shuffle: true }))).toEqual(first);
    expect(defaultRandom().next()).not.toBe(new Random(3).next());
    manualSeed(0);
  });

  test("shuffled pictures keep their labels", () => {
    const set = marked(20, [2, 3]);
    for (const { x, labels } of batches(set, { batchSize: 6, shuffle: 1 })) {
      const data = x.data();
      [...labels.data()].forEach((label, i) => {
        const picture = [...set.images.subarray(label * 6, label * 6 + 6)].map((byte) => Math.fround(byte / 255));
        expect([...data.subarray(i * 6, i * 6 + 6)]).toEqual(picture);
      });
    }
  });

  test("1,000 batches leave the memory as it was, capacity included", () => {
    const set = marked(100, [28, 28]);
    const loop = batches(set, { batchSize: 10, shuffle: 1 });
    labelsOf(loop);
    const before = memory();
    for (let epoch = 0; epoch < 100; epoch++) for (const { x } of loop) void x.ptr;
    expect(memory()).toEqual(before);
  });

  test("a batch lives until the next one, and ends with the loop however that ends", () => {
    const loop = batches(marked(9, [2, 2]), { batchSize: 3 });
    const before = memory();
    const seen: Tensor[] = [];
    for (const { x } of loop) {
      expect(seen.every((old) => old.disposed)).toBe(true);
      expect(x.disposed).toBe(false);
      expect(memory().tensors).toBe(before.tensors + 2);
      seen.push(x);
    }
    for (const { x } of loop) {
      seen.push(x);
      break;
    }
    expect(() => {
      for (const { x } of loop) {
        seen.push(x);
        throw new Error("stop");
      }
    }).toThrow("stop");
    expect(seen.length).toBe(5);
    expect(seen.every((x) => x.disposed)).toBe(true);
    expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
  });

  test("scopes around the loop and inside it change nothing", () => {
    const loop = batches(marked(9, [2, 2]), { batchSize: 3 });
    const before = memory();
    const sums = scope(() => [...mapped(loop, ({ x }) => scope(() => sum(x).item()))]);
    expect(sums).toHaveLength(3);
    expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
  });

  test("a loop inside gradients keeps its batches for the adjoints", () => {
    const set = marked(6, [2, 2]);
    const before = memory();
    const w = ones([1, 1, 2, 2]);
    const { grads } = gradients(() => {
      let total: Tensor | undefined;
      for (const { x } of batches(set, { batchSize: 1 })) {
        const term = sum(mul(w, x));
        total = total ? add(total, term) : term;
      }
      return total!;
    }, [w]);
    // The gradient of sum_i <w, x_i> is the sum of the pictures.
    const expected = [0, 1, 2, 3].map((p) => [0, 1, 2, 3, 4, 5].reduce((total, i) => total + set.images[4 * i + p]! / 255, 0));
    [...grads.get(w)!.data()].forEach((value, p) => expect(Math.abs(value - expected[p]!)).toBeLessThan(1e-5));
    grads.get(w)!.dispose();
    w.dispose();
    expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
  });

  const good = marked(4, [2, 2]);
  test.each<[Partial<ImageDataset>, object, ErrorConstructor | RangeErrorConstructor, string]>([
    [{ images: [1] as never }, {}, TypeError, "batches: images must be a Uint8Array, got a value of type Array"],
    [{ labels: [1] as never }, {}, TypeError, "batches: labels must be a Uint8Array or an Int32Array, got a value of type Array"],
    [
      { shape: [16] }, {},
      RangeError, "batches: images must have 3 axes [count, H, W] or 4 axes [count, C, H, W], they have 1 (images [16])",
    ],
    [{ shape: [4, 2, 3] }, {}, RangeError, "batches: images have 16 bytes, their shape [4, 2, 3] has 24"],
    [{ shape: [2, 2, 4] }, {}, RangeError, "batches: 2 images, but 4 labels (images [2, 2, 4])"],
    [{ classes: 3 }, {}, RangeError, "batches: labels must be from 0 to 2, label 3 is 3"],
    [{ labels: Int32Array.of(0, -1, 0, 0) }, {}, RangeError, "label 1 is -1"],
    [{}, { batchSize: 0 }, RangeError, "batches: batchSize must be a positive integer, got 0"],
    [{}, { batchSize: undefined }, TypeError, "batches: batchSize must be a number, got undefined"],
    [{}, { shuffle: "yes" }, TypeError, 'batches: shuffle must be true, false, a seed or a Random, got "yes"'],
    [{}, { shuffle: -1 }, RangeError, "seed must be an integer of at least 0, got -1"],
    [{}, { mean: [1, 2] }, RangeError, "batches: mean has 2 numbers, the images have 1 channels"],
    [{}, { mean: "a" }, TypeError, 'batches: mean must be a number or a list of numbers, got "a"'],
    [{}, { mean: ["a"] }, TypeError, 'batches: mean must hold numbers, got "a"'],
    [{}, { mean: NaN }, RangeError, "batches: mean must be finite, got NaN"],
    [{}, { std: 0 }, RangeError, "batches: std must be positive and finite, got 0"],
  ])("refuses bad arguments %#", (dataset, options, kind, message) => {
    const call = (): unknown => batches({ ...good, ...dataset }, { batchSize: 2, ...options });
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});

function labelsOf(loop: Iterable<{ labels: Tensor<"int32"> }>): number[] {
  const all: number[] = [];
  for (const { labels } of loop) all.push(...labels.data());
  return all;
}

function* mapped<T, R>(items: Iterable<T>, fn: (item: T) => R): Generator<R> {
  for (const item of items) yield fn(item);
}
