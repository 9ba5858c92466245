// `npm run lessons`: what the lectures on convolutional networks argue, in numbers that this package computes.

import { Conv2d, conv2d, Flatten, gradients, linear, Linear, matmul, mul, Random, Sequential, sum, type Tensor, tensor } from "adjoint";

/** Weights to learn for one layer, all to all against one filter that slides. */
export function parametersSaved(): { layer: string; parameters: number }[] {
  const count = (model: Sequential, input: number[]): number => model.summary(input).parameters;
  return [
    { layer: "28 x 28 grey, all to 1000", parameters: count(new Sequential(new Flatten(), new Linear(784, 1000)), [1, 1, 28, 28]) },
    { layer: "224 x 224 colour, all to 1000", parameters: count(new Sequential(new Flatten(), new Linear(150528, 1000)), [1, 3, 224, 224]) },
    // No memory holds this one: a weight from each of 65536 pixels to each.
    { layer: "256 x 256 grey, all to 256 x 256", parameters: (256 * 256) ** 2 },
    { layer: "256 x 256 grey, one 3 x 3 filter", parameters: count(new Sequential(new Conv2d(1, 1, 3, { padding: 1, bias: false })), [1, 1, 256, 256]) },
  ];
}

/** Shift the input by one pixel: does the output shift? Largest difference, relative to the largest output. */
export function shiftEquivariance(): { convolution: number; linear: number } {
  const size = 12;
  const random = new Random(1);
  // A border of zeros, so that nothing leaves the picture.
  const inside = (i: number): boolean => i >= 3 && i < size - 3;
  const picture = grid(size, (row, column) => (inside(row) && inside(column) ? random.uniform(-1, 1) : 0));
  const shifted = grid(size, (row, column) => (column === 0 ? 0 : picture[row * size + column - 1]!));
  const filter = tensor(values(random, 9), [1, 1, 3, 3]);
  const weights = tensor(values(random, size ** 4), [size * size, size * size]);
  const difference = (layer: (x: Tensor) => Tensor): number => {
    const y = layer(tensor(picture, [1, 1, size, size])).data();
    const yShifted = layer(tensor(shifted, [1, 1, size, size])).data();
    const expected = grid(size, (row, column) => (column === 0 ? 0 : y[row * size + column - 1]!));
    return distance(yShifted, expected);
  };
  return {
    convolution: difference((x) => conv2d(x, filter, { padding: 1 })),
    linear: difference((x) => linear(new Flatten().forward(x), weights)),
  };
}

/** Which inputs can one output see? Side of the square on which the gradient of one output is not zero. */
export function receptiveField(dilations: number[]): { side: number; weights: number } {
  const size = 41;
  const filter = tensor(new Float32Array(9).fill(1), [1, 1, 3, 3]);
  const x = tensor(new Float32Array(size * size), [1, 1, size, size]);
  const centre = tensor(grid(size, (row, column) => (row === 20 && column === 20 ? 1 : 0)), [1, 1, size, size]);
  const { grads } = gradients(() => {
    const y = dilations.reduce((map, dilation) => conv2d(map, filter, { dilation, padding: dilation }), x);
    return sum(mul(y, centre));
  }, [x]);
  const dx = grads.get(x)!.data();
  const columns = new Set<number>();
  dx.forEach((slope, i) => slope !== 0 && columns.add(i % size));
  return { side: Math.max(...columns) - Math.min(...columns) + 1, weights: 9 * dilations.length };
}

/** Every tap of a filter is a matrix: y at a pixel = sum over taps of W[tap] times the vector of channels under it. */
export function sumOfMatrixVectorProducts(): { difference: number } {
  const [c, o, size, k] = [5, 4, 7, 3];
  const random = new Random(2);
  const x = values(random, c * size * size), w = values(random, o * c * k * k);
  const y = conv2d(tensor(x, [1, c, size, size]), tensor(w, [o, c, k, k])).data();
  const out = size - k + 1;
  const sums = new Float32Array(y.length);
  for (let row = 0; row < out; row++) {
    for (let column = 0; column < out; column++) {
      for (let tap = 0; tap < k * k; tap++) {
        const under = (row + Math.floor(tap / k)) * size + column + (tap % k);
        const matrix = tensor(Float32Array.from({ length: o * c }, (_, i) => w[i * k * k + tap]!), [o, c]);
        const vector = tensor(Float32Array.from({ length: c }, (_, channel) => x[channel * size * size + under]!), [c, 1]);
        matmul(matrix, vector).data().forEach((value, channel) => (sums[channel * out * out + row * out + column]! += value));
      }
    }
  }
  return { difference: distance(sums, y) };
}

function values(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => random.uniform(-1, 1));
}

function grid(size: number, value: (row: number, column: number) => number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => value(Math.floor(i / size), i % size));
}

// Largest difference, relative to the largest expected value.
function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  const largest = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (value, i) => Math.abs(got[i]! - value))) / largest;
}
