import { describe, expect, test } from "vitest";
import { mnist, readIdx } from "../src/data/index.ts";

/** An IDX file: header, then the elements as DataView writes them, big-endian. */
function idx(type: number, shape: number[], values: number[] = []): Uint8Array<ArrayBuffer> {
  const [bytes, set] = writers[type] ?? writers[8]!;
  const file = new Uint8Array(4 + 4 * shape.length + bytes * values.length);
  const view = new DataView(file.buffer);
  file.set([0, 0, type, shape.length]);
  shape.forEach((length, axis) => view.setUint32(4 + 4 * axis, length));
  values.forEach((value, i) => set.call(view, 4 + 4 * shape.length + bytes * i, value));
  return file;
}

const writers: Record<number, [number, (this: DataView, at: number, value: number) => void]> = {
  8: [1, DataView.prototype.setUint8],
  9: [1, DataView.prototype.setInt8],
  11: [2, DataView.prototype.setInt16],
  12: [4, DataView.prototype.setInt32],
  13: [4, DataView.prototype.setFloat32],
  14: [8, DataView.prototype.setFloat64],
};

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}

const fails = async (call: Promise<unknown>, kind: ErrorConstructor | RangeErrorConstructor, message: string): Promise<void> => {
  const error = await call.then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(kind);
  expect((error as Error).message).toContain(message);
};

describe("readIdx", () => {
  // Bytes written out by hand, so that reader and writer cannot be wrong in the same way.
  test("a file byte by byte", async () => {
    const file = Uint8Array.of(0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0x01, 0x02, 0xff, 0xfe, 0x80, 0x00);
    expect(await readIdx(file)).toEqual({ shape: [1, 3], data: Int16Array.of(258, -2, -32768) });
  });

  const files = [
    ["uint8", 8, Uint8Array.of(0, 1, 128, 255, 7, 9)],
    ["int8", 9, Int8Array.of(0, 1, -128, 127, -1, 9)],
    ["int16", 11, Int16Array.of(0, 1, -32768, 32767, -2, 258)],
    ["int32", 12, Int32Array.of(0, 1, -(2 ** 31), 2 ** 31 - 1, -2, 16909060)],
    ["float32", 13, Float32Array.of(0, -1.5, NaN, Infinity, 1e-45, 3.25)],
    ["float64", 14, Float64Array.of(0, -1.5, NaN, -Infinity, 5e-324, Math.PI)],
  ] as const;
  test.each(files)("%s, plain and gzip", async (_, type, data) => {
    const file = idx(type, [3, 1, 2], [...data]);
    expect(await readIdx(file)).toEqual({ shape: [3, 1, 2], data });
    expect(await readIdx(file.buffer)).toEqual({ shape: [3, 1, 2], data });
    expect(await readIdx(await gzip(file))).toEqual({ shape: [3, 1, 2], data });
    // From the middle of a larger buffer, at an odd offset.
    const larger = new Uint8Array(file.length + 6);
    larger.set(file, 3);
    expect(await readIdx(larger.subarray(3, 3 + file.length))).toEqual({ shape: [3, 1, 2], data });
  });

  test("the result is a copy", async () => {
    const file = idx(8, [2], [1, 2]);
    const { data } = await readIdx(file);
    file.fill(9);
    expect([...data]).toEqual([1, 2]);
  });

  test("an axis of length 0, and 255 axes", async () => {
    expect(await readIdx(idx(8, [0, 28, 28]))).toEqual({ shape: [0, 28, 28], data: new Uint8Array(0) });
    const shape = new Array<number>(255).fill(1);
    expect(await readIdx(await gzip(idx(12, shape, [5])))).toEqual({ shape, data: Int32Array.of(5) });
  });

  test("a large gzip file that comes in many pieces", async () => {
    const values = Uint8Array.from({ length: 1_000_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255);
    const file = new Uint8Array(16 + values.length);
    file.set(idx(8, [10, 1000, 100]));
    file.set(values, 16);
    const { shape, data } = await readIdx(await gzip(file));
    expect(shape).toEqual([10, 1000, 100]);
    expect(data.length).toBe(values.length);
    // A matcher would take seconds for so many elements.
    expect(values.every((value, i) => data[i] === value)).toBe(true);
  });

  test("refuses every truncation, with a typed error", async () => {
    const file = idx(12, [2, 2], [1, 2, 3, 4]);
    for (let length = 0; length < file.length; length++) {
      const message = length < 12 ? `ends within its header, after ${length} bytes` : `${length} bytes, its header announces 28`;
      await fails(readIdx(file.slice(0, length)), RangeError, message);
    }
    const packed = await gzip(file);
    for (let length = 0; length < packed.length; length++) {
      const error = await readIdx(packed.slice(0, length)).then(() => undefined, (reason: unknown) => reason);
      expect(error instanceof TypeError || error instanceof RangeError, `cut to ${length} of ${packed.length}: ${error}`).toBe(true);
      expect((error as Error).message).toMatch(/^readIdx: /);
    }
  });

  test("a flipped bit in gzip data is an error or changes nothing", async () => {
    const file = idx(12, [2, 2], [1, 2, 3, 4]);
    const packed = await gzip(file);
    const expected = await readIdx(file);
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const damaged = packed.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = await readIdx(damaged).catch((reason: unknown) => reason as Error);
      if (outcome instanceof Error) {
        expect(outcome instanceof TypeError || outcome instanceof RangeError, String(outcome)).toBe(true);
        expect(outcome.message).toMatch(/^readIdx: /);
      } else {
        expect(outcome).toEqual(expected);
      }
    }
  });

  test("stops unpacking at the announced size", async () => {
    // 16 MB of zeros in 16 KB, behind a header that announces 4 bytes. Half of it is missing: who unpacks on finds that instead.
    const bomb = new Uint8Array(16 << 20);
    bomb.set(idx(8, [4]));
    const packed = await gzip(bomb);
    const cut = packed.slice(0, packed.length / 2);
    await fails(readIdx(cut), RangeError, "the file has bytes to spare: its header announces 12 (shape [4])");
  });

  test.each<[string, Uint8Array | string, ErrorConstructor | RangeErrorConstructor, string]>([
    ["nothing", new Uint8Array(0), RangeError, "the file ends within its header, after 0 bytes"],
    [
      "a PNG", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10),
      TypeError, "not an IDX file: it starts with 89 50 4e 47, expected 00 00, a type",
    ],
    ["an unknown type", idx(10, [1], [1]), TypeError, "it starts with 00 00 0a 01"],
    ["rank 0", Uint8Array.of(0, 0, 8, 0, 1), RangeError, "rank must be at least 1, got 0"],
    ["bytes to spare", idx(8, [2], [1, 2, 3]), RangeError, "the file has bytes to spare: 11 bytes, its header announces 10 (shape [2])"],
    ["too few elements", idx(13, [2], [1]), RangeError, "the file is cut off: 12 bytes, its header announces 16 (shape [2])"],
    ["absurd sizes", idx(14, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]), RangeError, "at most 2147483647 can be read"],
    ["a header that is too large for the file", idx(8, [2 ** 30]), RangeError, "8 bytes, its header announces 1073741832"],
    ["a string", "file.idx", TypeError, 'readIdx: bytes must be a Uint8Array or an ArrayBuffer, got "file.idx"'],
  ])("refuses %s", async (_, bytes, kind, message) => {
    await fails(readIdx(bytes as Uint8Array), kind, message);
  });

  test("refuses gzip with something behind it, or with nothing of an IDX file inside", async () => {
    const packed = await gzip(idx(8, [2], [1, 2]));
    const longer = new Uint8Array(packed.length + 5);
    longer.set(packed);
    const error = await readIdx(longer).catch((reason: unknown) => reason as Error);
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
    await fails(readIdx(await gzip(new TextEncoder().encode("hello"))), TypeError, "it starts with 68 65 6c 6c");
    await fails(readIdx(await gzip(Uint8Array.of(0, 0))), RangeError, "the file ends within its header, after 2 bytes");
  });
});

describe("mnist", () => {
  const images = idx(8, [3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const labels = idx(8, [3], [9, 0, 5]);

  test("pairs images and labels", async () => {
    expect(await mnist({ images: await gzip(images), labels })).toEqual({
      images: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
      shape: [3, 2, 2],
      labels: Uint8Array.of(9, 0, 5),
      classes: 10,
    });
    expect((await mnist({ images, labels: idx(12, [3], [0, 46, 1]) }, { classes: 47 })).labels).toEqual(Int32Array.of(0, 46, 1));
  });

  test.each<[string, Uint8Array, Uint8Array, object, ErrorConstructor | RangeErrorConstructor, string]>([
    [
      "files in each other's place", labels, images, {},
      RangeError, "mnist: images must have 3 axes [count, H, W], they have 1 (images [3])",
    ],
    [
      "labels of rank 2", images, idx(8, [3, 1], [1, 2, 3]), {},
      RangeError, "mnist: labels must have 1 axis [count], they have 2 (labels [3, 1])",
    ],
    ["counts that differ", images, idx(8, [2], [1, 2]), {}, RangeError, "mnist: 3 images, but 2 labels (images [3, 2, 2])"],
    ["a label beyond the classes", images, labels, { classes: 9 }, RangeError, "mnist: labels must be from 0 to 8, label 0 is 9"],
    [
      "images of float32", idx(13, [3, 1, 1], [1, 2, 3]), labels, {},
      TypeError, "mnist: images must be a Uint8Array, got a value of type Float32Array",
    ],
    [
      "labels of float32", images, idx(13, [3], [1, 2, 3]), {},
      TypeError, "mnist: labels must be a Uint8Array or an Int32Array, got a value of type Float32Array",
    ],
    ["damaged labels", images, Uint8Array.of(1, 2, 3, 4), {}, TypeError, "mnist: labels: not an IDX file"],
    ["no classes", images, labels, { classes: 0 }, RangeError, "mnist: classes must be a positive integer, got 0"],
  ])("refuses %s", async (_, one, two, options, kind, message) => {
    await fails(mnist({ images: one, labels: two }, options), kind, message);
  });
});
