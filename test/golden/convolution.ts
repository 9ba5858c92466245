import {
  col2im, conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d, im2col, type Shape,
} from "../../src/index.ts";
import conv1dFile from "./conv1d.json" with { type: "json" };
import conv2dFile from "./conv2d.json" with { type: "json" };
import conv3dFile from "./conv3d.json" with { type: "json" };
import convTranspose1dFile from "./convTranspose1d.json" with { type: "json" };
import convTranspose2dFile from "./convTranspose2d.json" with { type: "json" };
import convTranspose3dFile from "./convTranspose3d.json" with { type: "json" };
import type { Family, GoldenConfig } from "./family.ts";
import im2colFile from "./im2col.json" with { type: "json" };

const conv = (name: string, file: unknown, op: typeof conv2d): Family => ({
  name,
  file: file as never,
  run: ([x, w, bias], options) => op(x!, w!, { ...options, ...(bias && { bias }) }),
  terms: convTerms,
});

const convTranspose = (name: string, file: unknown, op: typeof convTranspose2d): Family => ({
  name,
  file: file as never,
  run: ([x, w, bias], options) => op(x!, w!, { ...options, ...(bias && { bias }) }),
  terms: convTransposeTerms,
});

export const convolutions: Family[] = [
  conv("conv1d", conv1dFile, conv1d),
  conv("conv2d", conv2dFile, conv2d),
  conv("conv3d", conv3dFile, conv3d),
  convTranspose("convTranspose1d", convTranspose1dFile, convTranspose1d),
  convTranspose("convTranspose2d", convTranspose2dFile, convTranspose2d),
  convTranspose("convTranspose3d", convTranspose3dFile, convTranspose3d),
  {
    name: "im2col and col2im",
    file: im2colFile as never,
    run: ([x], { op, outputSize, kernelSize, ...options }) => {
      return op === "im2col" ? im2col(x!, kernelSize, options) : col2im(x!, outputSize, kernelSize, options);
    },
    // One of the two moves elements, the other one adds up at most a kernel's taps.
    terms: ({ options: { op, kernelSize } }) => {
      const taps = typeof kernelSize === "number" ? kernelSize ** 2 : volume(kernelSize);
      return op === "im2col" ? [0, taps] : [taps, 0];
    },
  },
];

function volume(lengths: Shape): number {
  return lengths.reduce((a, b) => a * b, 1);
}

/** Of y, dx, dw and the bias' gradient. */
function convTerms({ shapes: [, w], options: { groups = 1, paddingMode }, outputs: [y] }: GoldenConfig): number[] {
  const [o, perGroup, ...kernel] = w!, [n, , ...extent] = y!;
  // Where the padding repeats the input, an element receives what its images receive: at most three of padding on a side.
  const images = paddingMode ? 4 ** kernel.length : 1;
  const positions = n! * volume(extent);
  return [perGroup! * volume(kernel) + 1, (o! / groups) * volume(kernel) * images, positions, positions];
}

function convTransposeTerms({ shapes: [x, w], options: { groups = 1 }, outputs: [y] }: GoldenConfig): number[] {
  const [i, perGroup, ...kernel] = w!, [n, , ...extent] = x!;
  return [(i! / groups) * volume(kernel) + 1, perGroup! * volume(kernel), n! * volume(extent), n! * volume(y!.slice(2))];
}
