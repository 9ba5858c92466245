// The worked numbers of the course notes that this package follows: "Deep Learning Systems", Convolutional Networks (Kolter and
// Chen, Carnegie Mellon, 2022), and "Introduction to Deep Learning", lecture 11 (Kim, Berkeley, 2026).

import { describe, expect, test } from "vitest";
import {
  conv1d, conv1dFilterAdjoint, conv1dInputAdjoint, conv2d, convMatrix, flipFilters, im2col, scope, type Tensor, tensor,
} from "../src/index.ts";

describe("a filter slides over an image", () => {
  const image = () => tensor([
    [200, 200, 200, 200, 200],
    [200, 20, 20, 45, 200],
    [100, 20, 25, 65, 150],
    [80, 20, 40, 60, 80],
    [80, 30, 50, 80, 80],
  ].flat(), [1, 1, 5, 5]);
  const blur = () => tensor([1, 2, 1, 2, 4, 2, 1, 2, 1].map((value) => value / 16), [1, 1, 3, 3]);

  test("the 3x3 blur of the 5x5 image: 92.8125, 71.5625 and, one row below, 46.875", () => {
    scope(() => {
      const y = conv2d(image(), blur());
      expect(y.shape).toEqual([1, 1, 3, 3]);
      const [first, second, , below] = y.data();
      expect([first, second, below]).toEqual([92.8125, 71.5625, 46.875]);
    });
  });

  test("with a border of (k - 1) / 2 the image keeps its extent, and these numbers move inwards", () => {
    scope(() => {
      const y = conv2d(image(), blur(), { padding: 1 });
      expect(y.shape).toEqual([1, 1, 5, 5]);
      expect([y.data()[6], y.data()[7], y.data()[11]]).toEqual([92.8125, 71.5625, 46.875]);
      expect(conv2d(image(), blur(), { padding: "same" }).data()).toEqual(y.data());
    });
  });
});

describe("several channels are convolved apart and summed", () => {
  // Filters and inputs as the four printed sums have them: each lists a red and a green window of four, tap by tap.
  const filters = () => tensor([[1, 2, 0, 0.5], [1, 1, 1, 1.5]].flat(), [1, 2, 2, 2]);
  const red = [[0, 0, 0], [0, 1, 128], [0, 4, 100]], green = [[0, 0, 0], [0, 0, 10], [0, 10, 255]];

  test("the two-channel 2x2 example: 0.5, 79, 19, 709.5", () => {
    scope(() => {
      const y = conv2d(tensor([red, green].flat(2), [1, 2, 3, 3]), filters());
      expect(y.shape).toEqual([1, 1, 2, 2]);
      expect([...y.data()]).toEqual([0.5, 79, 19, 709.5]);
    });
  });

  test("its zeros above and on the left are a border", () => {
    scope(() => {
      const inner = [red, green].map((plane) => plane.slice(1).map((row) => row.slice(1)));
      const y = conv2d(tensor(inner.flat(2), [1, 2, 2, 2]), filters(), { padding: [[1, 0], [1, 0]] });
      expect([...y.data()]).toEqual([0.5, 79, 19, 709.5]);
    });
  });
});

/** A printed matrix of names, "w2 w3 0", with 1 for one of the names and 0 for all others. */
function only(name: string, matrix: readonly string[]): number[][] {
  return matrix.map((row) => row.split(" ").map((entry) => (entry === name ? 1 : 0)));
}

function rows(x: Tensor): number[][] {
  const [height, width] = x.shape as [number, number];
  return Array.from({ length: height }, (_, i) => [...x.data().slice(i * width, (i + 1) * width)]);
}

function columns(x: number[][]): number[][] {
  return x[0]!.map((_, j) => x.map((row) => row[j]!));
}

const unit = (n: number, i: number): Tensor => tensor(Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)), [1, 1, n]);

describe("a convolution of five numbers with three is a product with a matrix", () => {
  const toeplitz = [
    "w2 w3 0 0 0",
    "w1 w2 w3 0 0",
    "0 w1 w2 w3 0",
    "0 0 w1 w2 w3",
    "0 0 0 w1 w2",
  ];
  const transposed = [
    "w2 w1 0 0 0",
    "w3 w2 w1 0 0",
    "0 w3 w2 w1 0",
    "0 0 w3 w2 w1",
    "0 0 0 w3 w2",
  ];
  const inputs = [
    "0 x1 x2",
    "x1 x2 x3",
    "x2 x3 x4",
    "x3 x4 x5",
    "x4 x5 0",
  ];

  // The matrices are linear in w and in x: unit vectors show where each of the names stands.
  test.each([1, 2, 3])("version 1, the Toeplitz matrix: where w%i stands", (i) => {
    scope(() => {
      const w = unit(3, i - 1);
      expect(rows(convMatrix(w, [1, 5], { padding: 1 }))).toEqual(only(`w${i}`, toeplitz));
      // Its transpose is the matrix of the flipped filter, [w3 w2 w1].
      expect(columns(only(`w${i}`, toeplitz))).toEqual(only(`w${i}`, transposed));
      expect(rows(convMatrix(flipFilters(w), [1, 5], { padding: 1 }))).toEqual(only(`w${i}`, transposed));
      // The convolution multiplies by it, and its adjoint in x by the transpose.
      for (let j = 0; j < 5; j++) {
        expect([...conv1d(unit(5, j), w, { padding: 1 }).data()]).toEqual(columns(only(`w${i}`, toeplitz))[j]);
        expect([...conv1dInputAdjoint(unit(5, j), w, [1, 1, 5], { padding: 1 }).data()]).toEqual(columns(only(`w${i}`, transposed))[j]);
      }
    });
  });

  test.each([1, 2, 3, 4, 5])("version 2, the matrix of the inputs: where x%i stands", (i) => {
    scope(() => {
      const x = unit(5, i - 1);
      const matrix = only(`x${i}`, inputs);
      const y = im2col(x, 3, { padding: 1 });
      expect(y.shape).toEqual([1, 3, 5]);
      // A window is a row there and a column here, as in PyTorch's unfold.
      expect([...y.data()]).toEqual(columns(matrix).flat());
      for (let j = 0; j < 3; j++) expect([...conv1d(x, unit(3, j), { padding: 1 }).data()]).toEqual(columns(matrix)[j]);
      // The adjoint in w multiplies by the transpose.
      for (let j = 0; j < 5; j++) expect([...conv1dFilterAdjoint(x, unit(5, j), [1, 1, 3], { padding: 1 }).data()]).toEqual(matrix[j]);
    });
  });
});

test("a filter over a 5x5 image: y23 = z23 w11 + z24 w12 + z25 w13 + z33 w21 + ...", () => {
  scope(() => {
    for (let k = 0; k < 9; k++) {
      const w = tensor(Array.from({ length: 9 }, (_, i) => (i === k ? 1 : 0)), [1, 1, 3, 3]);
      const z = tensor(Array.from({ length: 25 }, (_, i) => 10 * (Math.floor(i / 5) + 1) + (i % 5) + 1), [1, 1, 5, 5]);
      // Element z_ij is the number ij: what stands before w_k in y23 (row 2, column 3 of 3x3) shows its name.
      expect(conv2d(z, w).data()[5]).toBe([23, 24, 25, 33, 34, 35, 43, 44, 45][k]);
    }
  });
});
