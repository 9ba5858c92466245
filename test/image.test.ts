import { describe, expect, test } from "vitest";
import { gradients, memory, ones, scope, ShapeError, sum, type Tensor, tensor, zeros } from "../src/index.ts";
import {
  centerCrop, type ChannelOrder, crop, filter2d, gaussian3, gaussian5, gaussianBlur, imageToTensor, type Kernel, normalize, resize, sobel, tensorToImage,
} from "../src/image/index.ts";
import { randomArray } from "./array.ts";
import { checkClose, toTensor } from "./check.ts";

/** The 5 x 5 picture of the course notes. */
const picture = [
  [200, 200, 200, 200, 200],
  [200, 20, 20, 45, 200],
  [100, 20, 25, 65, 150],
  [80, 20, 40, 60, 80],
  [80, 30, 50, 80, 80],
];

/** filter2d by its definition, on one channel, with a rule for what lies outside. */
function swept(rows: number[][], kernel: Kernel, outside: (i: number, length: number) => number | undefined): number[] {
  const before = [Math.floor((kernel.length - 1) / 2), Math.floor((kernel[0]!.length - 1) / 2)] as const;
  return rows.flatMap((row, i) => row.map((_, j) => {
    let y = 0;
    kernel.forEach((weights, k) => weights.forEach((weight, l) => {
      const r = outside(i + k - before[0], rows.length), c = outside(j + l - before[1], row.length);
      if (r !== undefined && c !== undefined) y += weight * rows[r]![c]!;
    }));
    return y;
  }));
}

const borders = {
  zeros: (i: number, n: number) => (i >= 0 && i < n ? i : undefined),
  replicate: (i: number, n: number) => Math.min(Math.max(i, 0), n - 1),
  reflect: (i: number, n: number) => (i < 0 ? -i : i >= n ? 2 * n - 2 - i : i),
  circular: (i: number, n: number) => (i + n) % n,
};

describe("filters", () => {
  test("the blur of the course notes, exactly", () => {
    scope(() => {
      const y = filter2d(tensor([picture]), gaussian3, { border: "valid" });
      expect(y.shape).toEqual([1, 3, 3]);
      const [first, second, , third] = y.data();
      expect([first, second, third]).toEqual([92.8125, 71.5625, 46.875]);
    });
  });

  test("the 5 x 5 Gaussian is symmetric and sums to 1: 273 is its sum", () => {
    expect(Math.round(gaussian5.flat().reduce((a, b) => a + b) * 1e12) / 1e12).toBe(1);
    expect(gaussian5.map((row) => [...row].reverse())).toEqual(gaussian5);
    expect(gaussian5[0]!.map((_, column) => gaussian5.map((row) => row[column]))).toEqual(gaussian5);
    expect(gaussian5.flat().map((weight) => Math.round(weight * 273)).reduce((a, b) => a + b)).toBe(273);
  });

  test.each(Object.entries(borders))("border %s", (border, outside) => {
    scope(() => {
      for (const kernel of [gaussian3, gaussian5, [[1, 2]], [[1], [-2], [3], [0.5]]] as Kernel[]) {
        const y = filter2d(tensor([picture]), kernel, { border: border as "zeros" });
        expect(y.shape).toEqual([1, 5, 5]);
        checkClose(border, y.data(), swept(picture, kernel, outside), 25);
      }
    });
  });

  test("every channel of every picture by itself, from bytes too", () => {
    scope(() => {
      const bytes = Uint8Array.from({ length: 2 * 3 * 25 }, (_, i) => (i * 37) % 256);
      const y = gaussianBlur(tensor(bytes, [2, 3, 5, 5]));
      expect(y.shape).toEqual([2, 3, 5, 5]);
      const values = y.data();
      for (let plane = 0; plane < 6; plane++) {
        const rows = [0, 1, 2, 3, 4].map((row) => [...bytes.slice(plane * 25 + row * 5, plane * 25 + row * 5 + 5)]);
        checkClose(`plane ${plane}`, values.slice(plane * 25, plane * 25 + 25), swept(rows, gaussian5, borders.replicate), 25);
      }
    });
  });

  test("Sobel's gradient of a slope is its steepness", () => {
    scope(() => {
      const slope = Float32Array.from({ length: 49 }, (_, i) => 3 * (i % 7) + 4 * Math.floor(i / 7));
      const y = sobel(tensor(slope, [1, 7, 7]), { border: "valid" }).data();
      // Eight times the step along each axis: 24 and 32.
      for (const value of y) expect(value).toBe(40);
    });
  });

  test("learns: the gradient in the kernel is the correlation of dy with the picture", () => {
    scope(() => {
      const kernel = ones([3, 3]);
      const { grads } = gradients(() => sum(filter2d(tensor([picture]), kernel, { border: "valid" })), [kernel]);
      const expected = [0, 1, 2].flatMap((k) => [0, 1, 2].map((l) => {
        let total = 0;
        for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) total += picture[i + k]![j + l]!;
        return total;
      }));
      expect([...grads.get(kernel)!.data()]).toEqual(expected);
    });
  });
});

describe("pictures", () => {
  const orders: [ChannelOrder, number[]][] = [
    ["rgb", [10, 20, 30, 40, 50, 60]],
    ["bgr", [30, 20, 10, 60, 50, 40]],
    ["rgba", [10, 20, 30, 0, 40, 50, 60, 255]],
    ["bgra", [30, 20, 10, 7, 60, 50, 40, 9]],
  ];

  test.each(orders)("%s", (order, bytes) => {
    scope(() => {
      const x = imageToTensor({ data: Uint8Array.from(bytes), width: 1, height: 2 }, { order });
      expect(x.shape).toEqual([3, 2, 1]);
      expect([...x.data()]).toEqual([10, 40, 20, 50, 30, 60]);
      expect(tensorToImage(x)).toEqual({ data: Uint8ClampedArray.of(10, 20, 30, 255, 40, 50, 60, 255), width: 1, height: 2 });
      const y = imageToTensor({ data: Uint8ClampedArray.from(bytes), width: 1, height: 2 }, { order, dtype: "float32" });
      expect(y.dtype).toBe("float32");
      expect([...y.data()]).toEqual([10, 40, 20, 50, 30, 60].map((value) => Math.fround(value / 255)));
      expect(tensorToImage(y)).toEqual(tensorToImage(x));
    });
  });

  test("grey", () => {
    scope(() => {
      const x = imageToTensor({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 3, height: 2 }, { order: "gray" });
      expect(x.shape).toEqual([1, 2, 3]);
      expect([...tensorToImage(x).data.slice(8, 16)]).toEqual([3, 3, 3, 255, 4, 4, 4, 255]);
    });
  });

  test("numbers are rounded and clipped on the way out", () => {
    scope(() => expect([...tensorToImage(tensor([[[-1, 0.5, 2]]])).data]).toEqual([0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255]));
  });
});

describe("transforms", () => {
  test("crop and centerCrop", () => {
    scope(() => {
      const x = tensor([picture]);
      expect([...crop(x, 1, 2, 2, 3).data()]).toEqual([20, 45, 200, 25, 65, 150]);
      expect([...centerCrop(x, [1, 3]).data()]).toEqual([20, 25, 65]);
      expect(centerCrop(x, 5).data()).toEqual(x.data());
    });
  });

  test("resize: both lengths, or the shorter edge", () => {
    scope(() => {
      const x = tensor([[[0, 2], [4, 6]]]);
      expect([...resize(x, [4, 4], { mode: "nearest" }).data()]).toEqual([0, 0, 2, 2, 0, 0, 2, 2, 4, 4, 6, 6, 4, 4, 6, 6]);
      expect([...resize(x, [2, 4]).data()]).toEqual([0, 0.5, 1.5, 2, 4, 4.5, 5.5, 6]);
      expect(resize(zeros([3, 10, 25]), 4).shape).toEqual([3, 4, 10]);
      expect(resize(zeros([2, 3, 25, 10]), 4).shape).toEqual([2, 3, 10, 4]);
    });
  });

  test("normalize, by presets and by numbers", () => {
    scope(() => {
      const x = randomArray([2, 3, 4, 5], 1);
      const mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225];
      const expected = x.data.map((value, i) => (value - mean[Math.floor(i / 20) % 3]!) / std[Math.floor(i / 20) % 3]!);
      checkClose("normalize", normalize(toTensor(x), "imagenet").data(), expected, 2);
      checkClose("normalize", normalize(toTensor(x), { mean, std }).data(), expected, 2);
    });
  });

  test("leave nothing behind but their result", () => {
    const x = toTensor(randomArray([3, 12, 12], 1));
    const calls: (() => Tensor)[] = [
      () => filter2d(x, gaussian3), () => gaussianBlur(x), () => sobel(x), () => resize(x, 8), () => crop(x, 1, 1, 3, 3), () => centerCrop(x, 4), () => normalize(x, "imagenet"),
    ];
    for (const call of calls) {
      const before = memory().tensors;
      const y = call();
      expect(memory().tensors, String(call)).toBe(before + 1);
      y.dispose();
    }
    x.dispose();
  });
});

describe("bad arguments", () => {
  const x = zeros([3, 4, 4]);
  const data = new Uint8Array(16);
  test.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    ["a line", () => filter2d(zeros([4]), gaussian3), ShapeError, "filter2d: x must have 3 axes [C, H, W] or 4 axes [N, C, H, W], it has 1 (x [4])"],
    ["a kernel with one axis", () => filter2d(x, ones([3])), ShapeError, "filter2d: kernel must have 2 axes [KH, KW], it has 1 (kernel [3])"],
    ["an unknown border", () => sobel(x, { border: "wrap" as never }), TypeError, 'sobel: border must be one of replicate, reflect, circular, zeros, valid, got "wrap"'],
    ["no tensor", () => gaussianBlur([1] as never), TypeError, "gaussianBlur: x must be a tensor, got a value of type Array"],
    ["too few bytes", () => imageToTensor({ data, width: 3, height: 2 }), ShapeError, "imageToTensor: data has 16 bytes, 3 x 2 pixels of 4 (rgba) have 24"],
    ["an unknown order", () => imageToTensor({ data, width: 2, height: 2 }, { order: "argb" as never }), TypeError, 'imageToTensor: order must be one of gray, rgb, bgr, rgba, bgra, got "argb"'],
    ["half a pixel", () => imageToTensor({ data, width: 0.5, height: 2 }), RangeError, "imageToTensor: width must be a positive integer, got 0.5"],
    ["two channels", () => tensorToImage(zeros([2, 4, 4])), ShapeError, "tensorToImage: x must be [3, H, W] or [1, H, W], it is [2, 4, 4]"],
    ["a crop beyond", () => crop(x, 2, 0, 3, 3), RangeError, "crop: the rectangle ends at 5, 3, the picture at 4, 4 (x [3, 4, 4])"],
    ["a centre larger than the picture", () => centerCrop(x, 5), RangeError, "centerCrop: size 5, 5 is more than the picture's 4, 4 (x [3, 4, 4])"],
    ["size 0", () => resize(x, 0), RangeError, "resize: size must be a positive integer, got 0"],
    ["an empty picture", () => resize(zeros([3, 0, 4]), 2), ShapeError, "resize: x is empty (x [3, 0, 4])"],
    ["an unknown preset", () => normalize(x, "toString" as never), TypeError, "normalize: the preset must be one of imagenet, cifar10, mnist, unit, got \"toString\""],
    ["a preset for another number of channels", () => normalize(x, "mnist"), ShapeError, "normalize: mean has 1 numbers, x has 3 channels (x [3, 4, 4])"],
    ["no deviation", () => normalize(x, { mean: [0, 0, 0], std: [1, 1, 0] }), RangeError, "normalize: std must be a finite number of at least"],
  ])("%s", (_, call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});
