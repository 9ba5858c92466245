import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type DType, fromSafetensors, memory, type MemoryReport, Random, safetensorsMetadata, scope, ShapeError, type Tensor, tensor,
  toSafetensors,
} from "../src/index.ts";

/** A file with this header text; `length` is what it announces, where that shall not be true. */
function file(header: string | Uint8Array, data: ArrayLike<number> = [], length?: number | bigint): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const one = (dtype: string, shape: unknown, offsets: unknown, data: ArrayLike<number> = []): Uint8Array<ArrayBuffer> =>
  file(JSON.stringify({ x: { dtype, shape, data_offsets: offsets } }), data);

const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

// The matchers take a second for so many elements.
const same = (a: ArrayLike<number>, b: Float32Array): boolean => a.length === b.length && b.every((value, i) => Object.is(value, a[i]));

let before: MemoryReport;
beforeEach(() => void (before = memory()));
afterEach(() => expect(memory()).toEqual({ ...before, capacity: expect.any(Number) }));

/** Reads a file, hands the tensors to `look`, and frees them. */
function reading<T>(bytes: Uint8Array | ArrayBuffer, look: (tensors: Map<string, Tensor<DType>>) => T): T {
  return scope(() => look(fromSafetensors(bytes)));
}

describe("writing", () => {
  test("a file byte by byte", () => {
    const bytes = scope(() => toSafetensors({ b: tensor([1, -2], [2]) }));
    // Spelled out, so that reader and writer cannot be wrong in the same way.
    const header = '{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ';
    expect(header.length).toBe(56);
    expect([...bytes.subarray(0, 8)]).toEqual([56, 0, 0, 0, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(bytes.subarray(8, 64))).toBe(header);
    expect([...bytes.subarray(64)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  });

  test("maps and filters stand in row-major order, whatever their layout", () => {
    const values = Float32Array.from({ length: 2 * 3 * 2 * 2 }, (_, i) => i);
    const bytes = scope(() => {
      const x = tensor(values, [2, 3, 2, 2]);
      expect(x.layout).toBe("channelsLast");
      return toSafetensors({ x });
    });
    expect(new Float32Array(bytes.slice(-values.byteLength).buffer)).toEqual(values);
  });

  test("uint8 comes last, and every tensor is aligned", () => {
    const bytes = scope(() =>
      toSafetensors({ a: tensor(Uint8Array.of(1, 2, 3)), b: tensor([1]), c: tensor(Int32Array.of(7)), d: tensor(Uint8Array.of(9)) }),
    );
    reading(bytes, (tensors) => expect([...tensors.keys()]).toEqual(["b", "c", "a", "d"]));
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(bytes.length).toBe(8 + length + 12);
  });

  test.each<[string, unknown, unknown, ErrorConstructor | TypeErrorConstructor, string]>([
    ["no object", 5, {}, TypeError, "toSafetensors: tensors must be a map or an object, got 5"],
    ["null", null, {}, TypeError, "got null"],
    ["numbers", { x: [1, 2] }, {}, TypeError, 'toSafetensors: "x" must be a tensor, got a value of type Array'],
    ["keys that are no strings", new Map([[1, 2]]), {}, TypeError, "toSafetensors: names must be strings, got 1"],
    ["the format's own name", { __metadata__: 1 }, {}, TypeError, "no tensor can be named __metadata__"],
    ["metadata that are no texts", {}, { epoch: 3 }, TypeError, 'toSafetensors: metadata "epoch" must be a string, got 3'],
  ])("refuses %s", (_, tensors, metadata, kind, message) => {
    const call = (): unknown => toSafetensors(tensors as never, metadata as never);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  test("refuses a disposed tensor", () => {
    const x = tensor([1]);
    x.dispose();
    expect(() => toSafetensors({ x })).toThrow('toSafetensors: "x" [1] is used after it was disposed');
  });
});

describe("both ways", () => {
  const shapes = [[], [1], [0], [5], [2, 3], [2, 3, 4], [2, 3, 4, 5], [4, 1, 3, 3], [2, 3, 2, 2, 2], [2, 0, 3, 3], [1, 1, 1, 1, 1, 2]];
  const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

  test.each(Object.keys(arrays) as DType[])("%s tensors of every rank", (dtype) => {
    const random = new Random(1);
    const values = shapes.map((shape) => {
      const data = new arrays[dtype](shape.reduce((a, b) => a * b, 1));
      for (let i = 0; i < data.length; i++) data[i] = dtype === "float32" ? random.normal() : random.integer(256);
      return data;
    });
    const bytes = scope(() => toSafetensors(new Map(shapes.map((shape, i) => [`t${i}`, tensor(values[i] as Float32Array, shape)]))));
    reading(bytes, (tensors) => {
      expect(tensors.size).toBe(shapes.length);
      shapes.forEach((shape, i) => {
        const x = tensors.get(`t${i}`)!;
        expect(x.shape).toEqual(shape);
        expect(x.dtype).toBe(dtype);
        expect(x.data()).toEqual(values[i]);
      });
    });
  });

  test("float32 maps come back in the layout in which tensors are made", () => {
    const bytes = scope(() => toSafetensors({ x: tensor(new Float32Array(16), [2, 2, 2, 2]) }));
    reading(bytes, (tensors) => expect(tensors.get("x")!.layout).toBe("channelsLast"));
  });

  test("every bit of float32 survives: NaN payloads, signed zeros, denormals, infinities", () => {
    const bits = Uint32Array.of(0x7fc00001, 0xffc12345, 0x80000000, 1, 0x7f800000, 0xff800000, 0x007fffff);
    const bytes = scope(() => {
      const x = tensor(new Float32Array(bits.length));
      bytesOf(x.view()).set(bytesOf(bits));
      return toSafetensors({ x });
    });
    reading(bytes, (tensors) => expect(new Uint32Array(tensors.get("x")!.data().buffer)).toEqual(bits));
  });

  test("names in order: like integers, with quotes and braces, from other scripts, of prototypes, empty", () => {
    const names = ["10", "2", 'a"b\\c', "{x:1}", "größe.重み", "__proto__", "constructor", "", "a\nb", "\u{1f9ee}"];
    const bytes = scope(() => toSafetensors(new Map(names.map((name, i) => [name, tensor([i])]))));
    reading(bytes, (tensors) => {
      expect([...tensors.keys()]).toEqual(names);
      expect([...tensors.values()].map((x) => (x as Tensor).item())).toEqual(names.map((_, i) => i));
      expect(({} as { item?: unknown }).item).toBe(undefined);
    });
  });

  test("metadata", () => {
    const metadata = JSON.parse('{"format": "adjoint", "__proto__": "p", "größe": "ü"}') as Record<string, string>;
    const bytes = scope(() => toSafetensors({ x: tensor([1]) }, metadata));
    expect(safetensorsMetadata(bytes)).toEqual(new Map(Object.entries(metadata)));
    expect(safetensorsMetadata(toSafetensors({}))).toEqual(new Map());
    reading(bytes, (tensors) => expect([...tensors.keys()]).toEqual(["x"]));
  });

  test("no tensors", () => {
    const bytes = toSafetensors({});
    expect(bytes.length).toBe(16);
    reading(bytes, (tensors) => expect(tensors.size).toBe(0));
  });

  test("from an ArrayBuffer, and from an odd offset in a larger one", () => {
    const bytes = scope(() => toSafetensors({ x: tensor([1, 2, 3]) }));
    reading(bytes.buffer, (tensors) => expect([...tensors.get("x")!.data()]).toEqual([1, 2, 3]));
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 5);
    reading(larger.subarray(5, 5 + bytes.length), (tensors) => expect([...tensors.get("x")!.data()]).toEqual([1, 2, 3]));
  });

  test("the tensors belong to the scope around", () => {
    const bytes = scope(() => toSafetensors({ x: tensor([1]), y: tensor([2]) }));
    const tensors = fromSafetensors(bytes);
    expect(memory().tensors).toBe(before.tensors + 2);
    for (const x of tensors.values()) x.dispose();
  });
});

describe("other dtypes", () => {
  test("F16: every one of the 65,536 values", () => {
    const data = bytesOf(Uint16Array.from({ length: 65536 }, (_, i) => i));
    // The definition by cases of IEEE 754, read off the binary digits.
    const expected = Float32Array.from({ length: 65536 }, (_, bits) => {
      const digits = bits.toString(2).padStart(16, "0");
      const sign = digits[0] === "1" ? -1 : 1, exponent = parseInt(digits.slice(1, 6), 2), fraction = parseInt(digits.slice(6), 2);
      if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
      return exponent === 0 ? sign * 2 ** -14 * (fraction / 1024) : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
    });
    reading(one("F16", [65536], [0, 131072], data), (tensors) => expect(same(tensors.get("x")!.data(), expected)).toBe(true));
    const known = bytesOf(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x0400));
    reading(one("F16", [6], [0, 12], known), (tensors) =>
      expect([...tensors.get("x")!.data()]).toEqual([1, -2, 65504, 2 ** -24, 0.333251953125, 2 ** -14]),
    );
  });

  test("BF16", () => {
    const data = bytesOf(Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x7f80, 0xff80, 0x0001, 0x8000, 0x7fc0));
    reading(one("BF16", [8], [0, 16], data), (tensors) =>
      expect([...tensors.get("x")!.data()]).toEqual([1, -2, 3.140625, Infinity, -Infinity, 2 ** -133, -0, NaN]),
    );
  });

  test("F64 is rounded to float32", () => {
    const values = [Math.PI, -1e-300, 1e300, NaN, 2 ** -140];
    reading(one("F64", [5], [0, 40], bytesOf(Float64Array.from(values))), (tensors) => {
      expect(tensors.get("x")!.dtype).toBe("float32");
      expect([...tensors.get("x")!.data()]).toEqual(values.map(Math.fround));
    });
  });

  test("I64 becomes int32, and is refused where it does not fit", () => {
    const values = [0n, -1n, 2n ** 31n - 1n, -(2n ** 31n)];
    reading(one("I64", [2, 2], [0, 32], bytesOf(BigInt64Array.from(values))), (tensors) => {
      expect(tensors.get("x")!.dtype).toBe("int32");
      expect([...tensors.get("x")!.data()]).toEqual(values.map(Number));
    });
    for (const value of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 32n, -(2n ** 63n), 2n ** 62n + 5n]) {
      const bytes = one("I64", [2], [0, 16], bytesOf(BigInt64Array.of(1n, value)));
      expect(() => fromSafetensors(bytes)).toThrow(RangeError);
      expect(() => fromSafetensors(bytes)).toThrow(`safetensors: "x": element 1 is ${value}, beyond int32`);
    }
  });

  test("F16 maps in NCHW", () => {
    const data = bytesOf(Uint16Array.from({ length: 8 }, (_, i) => 0x3c00 + i));
    reading(one("F16", [1, 2, 2, 2], [0, 16], data), (tensors) =>
      expect([...tensors.get("x")!.data()]).toEqual(Array.from({ length: 8 }, (_, i) => 1 + i / 1024)),
    );
  });
});

describe("refuses", () => {
  const x = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
  const cases: [string, Uint8Array | string, new (message: string) => Error, string][] = [
    ["a string", "model.safetensors", TypeError, 'bytes must be a Uint8Array or an ArrayBuffer, got "model.safetensors"'],
    ["nothing", new Uint8Array(0), RangeError, "the file has 0 bytes, 8 give the header's length"],
    ["no header", file(""), TypeError, "the header must start with {"],
    ["a header beyond the file", file("{}", [], 3), RangeError, "the file is cut off: 10 bytes, its header ends at 11"],
    ["a header beyond the limit", file("{}", [], 100_000_001), RangeError, "the header has 100000001 bytes, at most 100000000 are allowed"],
    ["a header beyond all numbers", file("{}", [], 2n ** 64n - 1n), RangeError, "the header has 18446744073709552000 bytes"],
    ["a list", file("[1]"), TypeError, "the header must start with {"],
    ["a byte order mark", file("\ufeff{}"), TypeError, "the header must start with {"],
    ["bad JSON", file('{"x":}'), TypeError, "the header is no JSON"],
    ["bad UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), TypeError, "the header is no JSON"],
    ["an equal name", file(`{"x":${x},"x":${x}}`, [0, 0, 0, 0]), TypeError, 'the header has the name "x" twice'],
    ["an equal name in other letters", file(`{"x":${x},"\\u0078" :${x}}`, [0, 0, 0, 0]), TypeError, 'the header has the name "x" twice'],
    [
      "an equal field", file('{"x":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      TypeError, 'the name "dtype" twice',
    ],
    ["a number for a tensor", file('{"x":1}'), TypeError, 'safetensors: "x" must be an object, got 1'],
    ["null for a tensor", file('{"x":null}'), TypeError, '"x" must be an object, got null'],
    [
      "a prototype for a tensor", file('{"__proto__":{"dtype":"F32"}}'),
      TypeError, '"__proto__": shape must be an array of lengths, got undefined',
    ],
    ["fields from a prototype", file(`{"x":{"__proto__":${x}}}`, [0, 0, 0, 0]), TypeError, '"x": dtype must be one of'],
    [
      "an unknown dtype", one("F8_E4M3", [1], [0, 1], [0]),
      TypeError, '"x": dtype must be one of F32, I32, U8, F16, BF16, F64, I64, got "F8_E4M3"',
    ],
    ["a dtype like a method", one("constructor", [1], [0, 4], [0, 0, 0, 0]), TypeError, 'got "constructor"'],
    ["a dtype in a list", one(["F32"] as never, [1], [0, 4], [0, 0, 0, 0]), TypeError, "got a value of type Array"],
    ["a shape that is no list", one("F32", "1", [0, 4], [0, 0, 0, 0]), TypeError, '"x": shape must be an array of lengths, got "1"'],
    [
      "a negative axis", one("F32", [-1], [0, 4], [0, 0, 0, 0]),
      RangeError, '"x": shape must hold non-negative integers, got -1 (shape [-1])',
    ],
    ["half an axis", one("F32", [0.5], [0, 2], [0, 0]), RangeError, "got 0.5"],
    ["an axis in quotes", one("F32", ["1"], [0, 4], [0, 0, 0, 0]), RangeError, 'got "1"'],
    ["huge axes", one("F32", [2 ** 40, 2 ** 40], [0, 4], [0, 0, 0, 0]), RangeError, "more than the memory can hold"],
    [
      "axes whose product overflows", file('{"x":{"dtype":"U8","shape":[1e200,1e200],"data_offsets":[0,0]}}'),
      RangeError, "more than the memory can hold",
    ],
    [
      "a size that differs from the shape", one("F32", [2], [0, 4], [0, 0, 0, 0]),
      ShapeError, '"x": F32 [2] has 8 bytes, data_offsets [0, 4] hold 4',
    ],
    ["no offsets", one("F32", [1], undefined, [0, 0, 0, 0]), TypeError, '"x": data_offsets must be a list of 2, got undefined'],
    ["three offsets", one("F32", [1], [0, 4, 8], [0, 0, 0, 0]), TypeError, "data_offsets must be a list of 2"],
    [
      "offsets backwards", one("F32", [1], [4, 0], [0, 0, 0, 0]),
      RangeError, "data_offsets must be integers with 0 <= begin <= end, got 4 and 0",
    ],
    ["a negative offset", one("F32", [1], [-4, 0], [0, 0, 0, 0]), RangeError, "got -4 and 0"],
    ["half an offset", one("F32", [1], [0.5, 4.5], [0, 0, 0, 0]), RangeError, "got 0.5 and 4.5"],
    ["an offset in quotes", one("F32", [1], ["0", "4"], [0, 0, 0, 0]), RangeError, 'got "0" and "4"'],
    [
      "data beyond the file", one("F32", [2], [0, 8], [0, 0, 0, 0]),
      RangeError, "the tensors fill 8 bytes, the file has 4 behind its header",
    ],
    ["bytes to spare", one("F32", [1], [0, 4], [0, 0, 0, 0, 0]), RangeError, "the tensors fill 4 bytes, the file has 5 behind its header"],
    [
      "a hole in front", one("F32", [1], [4, 8], new Array(8).fill(0)),
      RangeError, '"x" leaves a hole before its data: they begin at 4, expected 0',
    ],
    [
      "a hole between",
      file(`{"x":${x},"y":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}`, [0, 0, 0, 0, 0, 0]),
      RangeError, '"y" leaves a hole before its data: they begin at 5, expected 4',
    ],
    [
      "an overlap",
      file(`{"x":${x},"y":{"dtype":"U8","shape":[3],"data_offsets":[3,6]}}`, [0, 0, 0, 0, 0, 0]),
      RangeError, '"y" overlaps what is before its data: they begin at 3, expected 4',
    ],
    ["data of two names", file(`{"x":${x},"y":${x}}`, [0, 0, 0, 0]), RangeError, '"y" overlaps what is before its data'],
    ["metadata that are no object", file('{"__metadata__":[]}'), TypeError, "__metadata__ must be an object, got a value of type Array"],
    ["metadata that are no texts", file('{"__metadata__":{"a":1}}'), TypeError, '__metadata__ "a" must be a string, got 1'],
  ];
  test.each(cases)("%s", (_, bytes, kind, message) => {
    const call = (): unknown => fromSafetensors(bytes as Uint8Array);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
    if (kind !== ShapeError) expect(call).not.toThrow(ShapeError);
  });

  test("every truncation", () => {
    const bytes = scope(() => toSafetensors({ x: tensor([1, 2]), y: tensor(Uint8Array.of(3)) }));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => fromSafetensors(bytes.slice(0, length))).toThrow(RangeError);
    }
  });

  test("a failure halfway frees what was read before", () => {
    const header = {
      a: { dtype: "F32", shape: [1, 2, 1, 1], data_offsets: [0, 8] },
      b: { dtype: "I64", shape: [1], data_offsets: [8, 16] },
    };
    const bytes = file(JSON.stringify(header), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect(() => fromSafetensors(bytes)).toThrow('safetensors: "b": element 0 is 4294967296, beyond int32');
    expect(memory().tensors).toBe(before.tensors);
  });
});

test("trailing white space and unknown fields are accepted, as the format's own reader does", () => {
  const bytes = file('{"x" : {"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":"\\\\ \\" {"}}   ', [7]);
  reading(bytes, (tensors) => expect([...tensors.get("x")!.data()]).toEqual([7]));
});

// Whatever is done to a file: it reads, or a typed error says why not, and nothing stays behind.
test("6,000 mutations: flipped bits, other bytes, cuts, repeats", () => {
  const random = new Random(1);
  const bytes = scope(() =>
    toSafetensors(
      { "conv.weight": tensor(new Float32Array(18), [2, 1, 3, 3]), "conv.bias": tensor([1, 2]), steps: tensor(Int32Array.of(5)) },
      { a: "b" },
    ),
  );
  const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const letters = new TextEncoder().encode('{}[]",:0123456789-.eE\\ FIU_');
  let read = 0, refused = 0;
  for (let round = 0; round < 6000; round++) {
    let mutant = bytes.slice();
    for (let times = random.integer(3); times >= 0; times--) {
      // Mostly within the header, where there is something to get wrong.
      const at = random.integer(round % 10 === 0 ? mutant.length : Math.min(header, mutant.length));
      const kind = random.integer(5);
      if (kind === 0) mutant[at]! ^= 1 << random.integer(8);
      else if (kind === 1) mutant[at] = random.integer(256);
      else if (kind === 2) mutant[at] = letters[random.integer(letters.length)]!;
      else if (kind === 3) mutant = mutant.slice(0, Math.max(1, mutant.length - random.integer(12)));
      else {
        const length = 1 + random.integer(12);
        mutant.copyWithin(random.integer(mutant.length), at, at + length);
      }
    }
    try {
      reading(mutant, (tensors) => {
        for (const x of tensors.values()) expect(x.data().length).toBe(x.size);
      });
      read++;
    } catch (error) {
      expect(error instanceof TypeError || error instanceof RangeError, `round ${round}: ${error}`).toBe(true);
      expect((error as Error).message).toMatch(/^safetensors: /);
      refused++;
    }
    if (round % 500 === 0) expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
  }
  // Both must happen for the test to mean anything.
  expect(read).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(3000);
});
