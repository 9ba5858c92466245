import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { conv2d, full, memory, ones, Parameter, relu, scope, type Shape, ShapeError, tensor, zeros } from "../src/index.ts";
import { dryRun } from "../src/runtime/kernels.ts";
import { ints } from "../src/runtime/memory.ts";
import { type Layout, toLayout } from "../src/tensor.ts";

const alive = () => {
  const { tensors, bytes, blocks } = memory();
  return { tensors, bytes, blocks };
};

let before: ReturnType<typeof alive>;
beforeEach(() => {
  before = alive();
});
afterEach(() => expect(alive()).toEqual(before));

const sizeOf = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
const counting = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1);

describe("tensor", () => {
  test.each<[unknown, number[], number[]]>([
    [5, [], [5]],
    [[], [0], []],
    [[1], [1], [1]],
    [[1, 2, 3], [3], [1, 2, 3]],
    [[[1, 2], [3, 4], [5, 6]], [3, 2], [1, 2, 3, 4, 5, 6]],
    [[[], []], [2, 0], []],
    [[[[1], [2]], [[3], [4]]], [2, 2, 1], [1, 2, 3, 4]],
    [[[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]], [1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]],
  ])("nested lists %j have shape %j", (lists, shape, values) => {
    scope(() => {
      const x = tensor(lists as number[]);
      expect(x.shape).toEqual(shape);
      expect(x.dtype).toBe("float32");
      expect([...x.data()]).toEqual(values);
      expect(x.size).toBe(values.length);
    });
  });

  test.each<[unknown, RegExp]>([
    [[[1, 2], [3]], /tensor: nested lists are ragged: \[2\], \[1\] side by side/],
    [[[1], 2], /tensor: nested lists are ragged: \[1\], \[\] side by side/],
    [[1, [2]], /ragged/],
    [[[], 1], /ragged/],
    [[[[1], [2]], [[3], [4, 5]]], /tensor: nested lists are ragged: \[1\], \[2\] side by side/],
    [[[[1, 2]], [[1], [2]]], /tensor: nested lists are ragged: \[1, 2\], \[2, 1\] side by side/],
  ])("refuses ragged lists %j", (lists, message) => {
    expect(() => tensor(lists as number[])).toThrow(ShapeError);
    expect(() => tensor(lists as number[])).toThrow(message);
  });

  test.each([
    [Float32Array.of(1, 2, 3), "float32", Float32Array],
    [Float64Array.of(1, 2, 3), "float32", Float32Array],
    [[1, 2, 3], "float32", Float32Array],
    [Int8Array.of(1, 2, 3), "float32", Float32Array],
    [Uint16Array.of(1, 2, 3), "float32", Float32Array],
    [Int32Array.of(1, 2, 3), "int32", Int32Array],
    [Uint8Array.of(1, 2, 3), "uint8", Uint8Array],
    [Uint8ClampedArray.of(1, 2, 3), "uint8", Uint8Array],
  ] as const)("%o makes %s", (data, dtype, kind) => {
    scope(() => {
      const x = tensor(data as Float32Array);
      expect([x.dtype, x.shape]).toEqual([dtype, [3]]);
      expect(x.data()).toBeInstanceOf(kind);
      expect([...x.data()]).toEqual([1, 2, 3]);
    });
  });

  test("copies: neither side sees what the other changes", () => {
    scope(() => {
      const data = Float32Array.of(1, 2), shape = [2];
      const x = tensor(data, shape);
      data[0] = 9;
      shape[0] = 7;
      expect([...x.data()]).toEqual([1, 2]);
      expect(x.shape).toEqual([2]);
      x.data()[1] = 9;
      expect([...x.data()]).toEqual([1, 2]);
    });
  });

  test("float32 maps and volumes lie channels-last, the rest row-major", () => {
    scope(() => {
      const layout = (shape: Shape) => tensor(counting(sizeOf(shape)), shape).layout;
      expect([[], [4], [2, 3], [2, 3, 4], [1, 2, 3, 2, 2, 2]].map(layout)).toEqual(new Array(5).fill("rowMajor"));
      expect([[2, 3, 4, 5], [2, 3, 2, 3, 2]].map(layout)).toEqual(["channelsLast", "channelsLast"]);
      expect(tensor(new Int32Array(24), [1, 2, 3, 4]).layout).toBe("rowMajor");
      expect([...tensor(Int32Array.from(counting(24)), [1, 2, 3, 4]).data()]).toEqual([...counting(24)]);
    });
  });

  test.each<[unknown, unknown, new (...args: never[]) => Error, string]>([
    [[1, 2, 3], [2], ShapeError, "tensor: data has 3 elements, shape [2] has 2"],
    [[], [], ShapeError, "tensor: data has 0 elements, shape [] has 1"],
    [new Float32Array(5), [2, 3], ShapeError, "tensor: data has 5 elements, shape [2, 3] has 6"],
    [[1], [-1], RangeError, "tensor: shape must hold non-negative integers, got -1 (shape [-1])"],
    [[1], [1.5], RangeError, "tensor: shape must hold non-negative integers, got 1.5 (shape [1.5])"],
    [[1], [NaN], RangeError, "tensor: shape must hold non-negative integers, got NaN (shape [NaN])"],
    [[1], [Infinity], RangeError, "tensor: shape must hold non-negative integers, got Infinity (shape [Infinity])"],
    [[1], ["1"], RangeError, 'tensor: shape must hold non-negative integers, got "1" (shape [1])'],
    [[1], 1, TypeError, "tensor: shape must be an array of lengths, got 1"],
    ["abc", undefined, TypeError, 'tensor: data must be numbers, a typed array or nested lists, got "abc"'],
    [null, [1], TypeError, "tensor: data must be numbers, a typed array or nested lists, got null"],
    [{ length: 2 }, [2], TypeError, "tensor: data must be numbers, a typed array or nested lists, got a value of type Object"],
  ])("refuses %j with shape %j", (data, shape, error, message) => {
    const call = () => tensor(data as number[], shape as number[]);
    expect(call).toThrow(error);
    expect(call).toThrow(message);
    expect(alive()).toEqual(before);
  });

  test("numbers of a list are rounded to float32, NaN and infinities kept", () => {
    scope(() => expect([...tensor([0.1, NaN, Infinity, -0, 2 ** 25 + 1]).data()]).toEqual([Math.fround(0.1), NaN, Infinity, -0, 2 ** 25]));
  });
});

describe("filled tensors", () => {
  test.each([[[]], [[0]], [[5]], [[2, 0, 3]], [[2, 3, 4, 5]], [[0, 3, 4, 5]], [[2, 0, 4, 5]], [[1, 2, 3, 0, 2]]])("of shape %j", (shape) => {
    scope(() => {
      const size = sizeOf(shape);
      expect([...zeros(shape).data()]).toEqual(new Array(size).fill(0));
      expect([...ones(shape).data()]).toEqual(new Array(size).fill(1));
      expect([...full(shape, -0.5).data()]).toEqual(new Array(size).fill(-0.5));
      expect(zeros(shape).shape).toEqual(shape);
      expect([...tensor(new Float32Array(size), shape).data()]).toEqual(new Array(size).fill(0));
    });
  });

  const huge = [[2 ** 31], [65536, 65536], [2 ** 30 + 1], [1, 3, 100000, 100000], [2 ** 53, 2 ** 53]];
  test.each(huge.map((shape) => ({ shape })))("refuse shape $shape before anything is allocated", ({ shape }) => {
    const { capacity } = memory();
    for (const call of [() => zeros(shape), () => ones(shape), () => full(shape, 2)]) {
      expect(call).toThrow(RangeError);
      expect(call).toThrow(`full: ${sizeOf(shape)} elements are more than the memory can hold, 1073741824 (shape [${shape.join(", ")}])`);
    }
    expect(memory()).toEqual({ ...before, capacity });
  });

  test.each([[[-1]], [[2, -3]], [[0.5]], [[NaN]], [[Infinity]], [[0, Infinity]]])("refuse shape %j", (shape) => {
    for (const call of [() => zeros(shape), () => tensor([], shape)]) {
      expect(call).toThrow(RangeError);
      expect(call).toThrow(/shape must hold non-negative integers, got/);
    }
  });
});

describe("layouts", () => {
  const shapes: Shape[] = [
    [2, 3, 5], [2, 3, 4, 5], [1, 1, 4, 5], [3, 7, 1, 1], [2, 5, 2, 3, 4], [1, 4, 1, 3, 2], [0, 3, 4, 5], [2, 0, 4, 5], [2, 3, 0, 5],
  ];
  test.each(shapes.map((shape) => ({ shape })))("$shape: data() answers in the order of the shape from either", ({ shape }) => {
    scope(() => {
      const values = counting(sizeOf(shape));
      const x = tensor(values, shape);
      for (const layout of ["channelsLast", "rowMajor"] as Layout[]) {
        const y = toLayout(x, layout);
        expect([y.shape, y.layout]).toEqual([shape, layout]);
        expect(y.data()).toEqual(values);
        for (const back of ["channelsLast", "rowMajor"] as Layout[]) expect(toLayout(y, back).data()).toEqual(values);
      }
    });
  });

  test("channels-last memory is an image of channel vectors", () => {
    scope(() => {
      const [n, c, h, w] = [2, 3, 4, 5] as const;
      const stored = tensor(counting(n * c * h * w), [n, c, h, w]).view();
      let at = 0;
      for (let i = 0; i < n; i++) {
        for (let y = 0; y < h; y++) {
          for (let x = 0; x < w; x++) for (let k = 0; k < c; k++) expect(stored[at++]).toBe(((i * c + k) * h + y) * w + x + 1);
        }
      }
    });
  });

  test.each<["uint8" | "int32", Uint8Array | Int32Array]>([
    ["uint8", Uint8Array.from({ length: 120 }, (_, i) => i)],
    ["int32", Int32Array.from({ length: 120 }, (_, i) => i * 1000003)],
  ])("%s elements move as they are", (dtype, values) => {
    scope(() => {
      const x = tensor(values as Int32Array, [2, 3, 4, 5]);
      const y = toLayout(x, "channelsLast");
      expect([y.dtype as string, y.layout]).toEqual([dtype, "channelsLast"]);
      expect(y.view()[1]).toBe(values[20]);
      expect(y.data()).toEqual(values);
      expect(toLayout(y, "rowMajor").data()).toEqual(values);
    });
  });
});

test("a copy that the engine refuses leaves nothing behind", () => {
  const x = ones([2, 3, 4, 5]);
  const slice = vi.spyOn(Float32Array.prototype, "slice").mockImplementation(() => {
    throw new RangeError("Array buffer allocation failed");
  });
  const held = alive();
  try {
    expect(() => x.data()).toThrow("Array buffer allocation failed");
  } finally {
    slice.mockRestore();
  }
  expect(alive()).toEqual(held);
  x.dispose();
});

test("a parameter whose filling fails is filled at the next use", () => {
  let calls = 0;
  const p = new Parameter([4], (values) => {
    if (++calls === 1) throw new Error("not yet");
    values.fill(7);
  });
  const held = alive();
  expect(() => p.data()).toThrow("not yet");
  expect(alive()).toEqual(held);
  expect(p.data()).toEqual(Float32Array.of(7, 7, 7, 7));
  p.dispose();
});

describe("item", () => {
  test("is the only element, whatever the rank", () => {
    scope(() => {
      for (const shape of [[], [1], [1, 1], [1, 1, 1, 1]]) expect(tensor([7.5], shape).item()).toBe(7.5);
      expect(tensor(Int32Array.of(-3)).item()).toBe(-3);
    });
  });

  test.each([[[2]], [[0]], [[1, 2, 1, 1]]])("refuses shape %j", (shape) => {
    scope(() => {
      const x = zeros(shape);
      expect(() => x.item()).toThrow(ShapeError);
      expect(() => x.item()).toThrow(`item: the tensor must have 1 element, it has ${sizeOf(shape)} (shape [${shape.join(", ")}])`);
    });
  });
});

test("a dry run has shapes and touches no memory", () => {
  const words = ints(0, 256).slice();
  const pixels = tensor(Uint8Array.from({ length: 48 }, () => 255), [1, 3, 4, 4]);
  const shape = dryRun(() => scope(() => {
    expect(toLayout(pixels, "channelsLast").shape).toEqual([1, 3, 4, 4]);
    expect(() => tensor([1, 2, 3])).toThrow(/tensor \[3\] has no values while shapes alone are computed/);
    return relu(conv2d(ones([1, 3, 4, 4]), ones([2, 3, 3, 3]), { bias: ones([2]) })).shape;
  }));
  expect(shape).toEqual([1, 2, 2, 2]);
  expect(ints(0, 256)).toEqual(words);
  pixels.dispose();
});

test("toString names kind and shape", () => {
  scope(() => {
    expect(String(zeros([2, 3]))).toBe("Tensor(float32 [2, 3])");
    expect(String(tensor(Uint8Array.of(1)))).toBe("Tensor(uint8 [1])");
  });
});
