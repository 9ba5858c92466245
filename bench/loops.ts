// What a page computes without WebAssembly: plain loops over Float32Arrays, and for products also 4 x 4 sums in registers. Sums are
// in double precision and rounded where they are written: with Math.fround at each operation the same loops took 2.5 to 3.5 times as
// long (Node 26; products of 256 x 256 matrices).

import { constantsOf, inputValues, layers, type Workload } from "./workloads.ts";

/** A workload and loops for it, which write the same array each time. */
export interface Loops {
  name: string;
  workload: Workload;
  run(): Float32Array;
}

const sumAndRelu: Workload = {
  name: "sum and ReLU 64 @112", inputs: [[1, 64, 112, 112]], steps: [{ op: "add", x: 0, y: 0, activation: "relu" }],
};

export const loops: Loops[] = [
  take("matrix product 256", "plain loops", (x, w) => product(256, x, w)),
  take("matrix product 256", "4 x 4 sums at once", (x, w) => tiledProduct(256, x, w)),
  take("3x3 64->64 @56", "plain loops", (x, w) => conv3x3(64, 56, x, w)),
  take("3x3 64->64 @56", "4 x 4 sums at once", (x, w) => tiledConv3x3(64, 56, x, w)),
  take("max pool 3x3 stride 2 64 @112", "plain loops", (x) => maxPool(64, 112, x)),
  take("sum and ReLU 64 @112", "plain loops", (x) => doubleRelu(x)),
];

function take(name: string, how: string, make: (x: Float32Array, w: Float32Array) => () => Float32Array): Loops {
  const workload = [...layers, sumAndRelu].find((one) => one.name === name)!;
  return { name: `${name}, ${how}`, workload, run: make(inputValues(workload)[0]!, constantsOf(workload.steps[0]!).w) };
}

/** y = x w^T, as `linear` has it */
function product(n: number, x: Float32Array, w: Float32Array): () => Float32Array {
  const y = new Float32Array(n * n);
  return () => {
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += x[i * n + k]! * w[j * n + k]!;
      y[i * n + j] = sum;
    }
    return y;
  };
}

function tiledProduct(n: number, x: Float32Array, w: Float32Array): () => Float32Array {
  const y = new Float32Array(n * n);
  return () => {
    for (let i = 0; i < n; i += 4) for (let j = 0; j < n; j += 4) {
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
      for (let k = 0; k < n; k++) {
        const a0 = x[i * n + k]!, a1 = x[(i + 1) * n + k]!, a2 = x[(i + 2) * n + k]!, a3 = x[(i + 3) * n + k]!;
        const b0 = w[j * n + k]!, b1 = w[(j + 1) * n + k]!, b2 = w[(j + 2) * n + k]!, b3 = w[(j + 3) * n + k]!;
        s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
        s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
        s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
        s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
      }
      const at = i * n + j;
      y[at] = s00; y[at + 1] = s01; y[at + 2] = s02; y[at + 3] = s03;
      y[at + n] = s10; y[at + n + 1] = s11; y[at + n + 2] = s12; y[at + n + 3] = s13;
      y[at + 2 * n] = s20; y[at + 2 * n + 1] = s21; y[at + 2 * n + 2] = s22; y[at + 2 * n + 3] = s23;
      y[at + 3 * n] = s30; y[at + 3 * n + 1] = s31; y[at + 3 * n + 2] = s32; y[at + 3 * n + 3] = s33;
    }
    return y;
  };
}

/** The inner loop runs along the rows of the maps, with one factor. */
function conv3x3(channels: number, h: number, x: Float32Array, w: Float32Array): () => Float32Array {
  const y = new Float32Array(channels * h * h);
  return () => {
    y.fill(0);
    for (let o = 0; o < channels; o++) for (let i = 0; i < channels; i++) for (let ky = 0; ky < 3; ky++) for (let kx = 0; kx < 3; kx++) {
      const factor = w[((o * channels + i) * 3 + ky) * 3 + kx]!;
      const first = Math.max(0, 1 - kx), end = Math.min(h, h + 1 - kx);
      for (let row = Math.max(0, 1 - ky); row < Math.min(h, h + 1 - ky); row++) {
        const at = (o * h + row) * h, from = (i * h + row + ky - 1) * h + kx - 1;
        for (let column = first; column < end; column++) y[at + column]! += factor * x[from + column]!;
      }
    }
    return y;
  };
}

/** Four output channels by four columns, of maps with a border of zeros around them. */
function tiledConv3x3(channels: number, h: number, x: Float32Array, w: Float32Array): () => Float32Array {
  const wide = h + 2, plane = h * h, filter = 9 * channels;
  const y = new Float32Array(channels * plane), bordered = new Float32Array(channels * wide * wide);
  return () => {
    for (let i = 0; i < channels; i++) for (let row = 0; row < h; row++) {
      bordered.set(x.subarray((i * h + row) * h, (i * h + row + 1) * h), (i * wide + row + 1) * wide + 1);
    }
    for (let o = 0; o < channels; o += 4) for (let row = 0; row < h; row++) for (let column = 0; column < h; column += 4) {
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
      for (let i = 0; i < channels; i++) for (let ky = 0; ky < 3; ky++) for (let kx = 0; kx < 3; kx++) {
        const tap = o * filter + (i * 3 + ky) * 3 + kx, from = (i * wide + row + ky) * wide + column + kx;
        const a0 = w[tap]!, a1 = w[tap + filter]!, a2 = w[tap + 2 * filter]!, a3 = w[tap + 3 * filter]!;
        const b0 = bordered[from]!, b1 = bordered[from + 1]!, b2 = bordered[from + 2]!, b3 = bordered[from + 3]!;
        s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
        s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
        s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
        s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
      }
      const at = (o * h + row) * h + column;
      y[at] = s00; y[at + 1] = s01; y[at + 2] = s02; y[at + 3] = s03;
      y[at + plane] = s10; y[at + plane + 1] = s11; y[at + plane + 2] = s12; y[at + plane + 3] = s13;
      y[at + 2 * plane] = s20; y[at + 2 * plane + 1] = s21; y[at + 2 * plane + 2] = s22; y[at + 2 * plane + 3] = s23;
      y[at + 3 * plane] = s30; y[at + 3 * plane + 1] = s31; y[at + 3 * plane + 2] = s32; y[at + 3 * plane + 3] = s33;
    }
    return y;
  };
}

/** 3x3 windows at stride 2 with a border of 1. */
function maxPool(channels: number, h: number, x: Float32Array): () => Float32Array {
  const half = h / 2, y = new Float32Array(channels * half * half);
  return () => {
    for (let c = 0; c < channels; c++) for (let row = 0; row < half; row++) for (let column = 0; column < half; column++) {
      let most = -Infinity;
      const top = Math.max(0, 2 * row - 1), left = Math.max(0, 2 * column - 1);
      for (let iy = top; iy < 2 * row + 2; iy++) for (let ix = left; ix < 2 * column + 2; ix++) {
        const value = x[(c * h + iy) * h + ix]!;
        if (value > most) most = value;
      }
      y[(c * half + row) * half + column] = most;
    }
    return y;
  };
}

function doubleRelu(x: Float32Array): () => Float32Array {
  const y = new Float32Array(x.length);
  return () => {
    for (let i = 0; i < x.length; i++) {
      const sum = x[i]! + x[i]!;
      y[i] = sum > 0 ? sum : 0;
    }
    return y;
  };
}
