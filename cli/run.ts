// `adjoint run`: what a model makes of pictures.

import { add, cat, div, type DType, mul, narrow, permute, reshape, round, scope, sub, type Tensor, tensor } from "adjoint";
import { centerCrop, presets, resize } from "adjoint/image";
import type { Session, ValueInfo } from "adjoint/onnx";
import { channelsLast, load, naming, readBytes, shapeOf } from "./model.ts";
import { readPicture } from "./picture.ts";

interface RunOptions {
  pictures: readonly string[];
  labels: string | undefined;
  top: number;
  raw: boolean;
  mean: readonly number[] | undefined;
  std: readonly number[] | undefined;
  bgr: boolean;
  crop: boolean;
  size: readonly [number, number] | undefined;
  json: boolean;
}

interface Output {
  name: string;
  shape: readonly number[];
  values: number[];
}

export async function run(file: string, options: RunOptions): Promise<void> {
  if (options.pictures.length === 0) throw new TypeError("run needs at least one picture: --input picture.png");
  const session = await load(file);
  const input = inputOf(session);
  const labels = options.labels === undefined ? undefined : (await readBytes(options.labels)).toString("utf8").trimEnd().split(/\r?\n/);
  for (const [i, picture] of options.pictures.entries()) {
    const pixels = await readPicture(picture);
    let ms = 0;
    const outputs = await naming(picture, () => scope(() => {
      const feeds = { [input.name]: prepared(pixels, input, options) };
      const start = performance.now();
      const results = session.run(feeds);
      ms = performance.now() - start;
      return Object.entries(results).map(([name, y]): Output => ({ name, shape: y.shape, values: Array.from(y.data()) }));
    }));
    pixels.dispose();
    if (options.json) {
      console.log(JSON.stringify({ picture, ms, outputs: Object.fromEntries(outputs.map(({ name, ...output }) => [name, output])) }));
    } else {
      // The first run plans.
      console.log(`${picture}  (${ms.toFixed(1)} ms${i === 0 ? ", the first run" : ""})`);
      for (const output of outputs) show(output, labels, options.top, outputs.length > 1);
    }
  }
}

function inputOf({ inputs }: Session): ValueInfo {
  const [input] = inputs;
  if (!input || inputs.length > 1 || (input.shape && input.shape.length !== 4)) {
    const list = inputs.map(({ name, shape }) => `${name} [${shape?.join(", ") ?? "any"}]`).join(", ");
    throw new TypeError(`run is for models with one input, a picture [N, C, H, W] or [N, H, W, C]; this one has ${list || "none"}`);
  }
  return input;
}

// Resized to the input, and normalised. Models that read integers get the bytes.
function prepared(pixels: Tensor, input: ValueInfo, options: RunOptions): Tensor<DType> {
  const last = channelsLast(input);
  const axes = last ? ["N", "H", "W", "C"] : ["N", "C", "H", "W"];
  // What the model leaves free: three channels, and the size that was asked for or the picture's.
  const shape = (input.shape ?? axes).map((length, axis) => (typeof length === "string" && axes[axis] === "C" ? 3 : length));
  const sized = shapeOf({ ...input, shape }, 1, options.size ?? pixels.shape.slice(1));
  const [channels, height, width] = ["C", "H", "W"].map((axis) => sized[axes.indexOf(axis)]!) as [number, number, number];
  if (channels !== 1 && channels !== 3) throw new TypeError(`the model reads ${channels} channels; pictures have 1 or 3`);
  const fitted = options.crop ? cropped(pixels, height, width) : resize(pixels, [height, width]);
  const planes = [0, 1, 2].map((c) => narrow(fitted, 0, c, 1));
  const x = normalised(channels === 1 ? luma(planes) : cat(options.bgr ? planes.reverse() : planes, 0), input, options);
  const placed = reshape(last ? permute(x, [1, 2, 0]) : x, last ? [1, height, width, channels] : [1, channels, height, width]);
  return input.dtype.includes("float") ? placed : tensor(Int32Array.from(round(placed).data()), placed.shape);
}

// The shorter edge fits, what is over is cut on both sides.
function cropped(pixels: Tensor, height: number, width: number): Tensor {
  const [, h, w] = pixels.shape as [number, number, number];
  const scale = Math.max(height / h, width / w);
  const covering: [number, number] = [Math.max(height, Math.round(h * scale)), Math.max(width, Math.round(w * scale))];
  return centerCrop(resize(pixels, covering), [height, width]);
}

// ITU-R BT.601's weights of red, green and blue.
function luma(planes: Tensor[]): Tensor {
  return [0.299, 0.587, 0.114].map((weight, c) => mul(planes[c]!, weight)).reduce((a, b) => add(a, b));
}

// (x - mean) / std, channel by channel.
function normalised(x: Tensor, { dtype }: ValueInfo, { raw, mean, std }: RunOptions): Tensor {
  const channels = x.shape[0]!;
  const bytes = raw || !dtype.includes("float");
  // Pixels of grey models have no customary normalisation.
  const usual = bytes || channels === 1 ? { mean: [0], std: [1] } : presets.imagenet;
  const perChannel = (name: string, values: readonly number[]): Tensor => {
    if (values.length !== 1 && values.length !== channels) {
      throw new RangeError(`--${name} has ${values.length} numbers, the model reads ${channels} channels`);
    }
    return tensor(values, [values.length, 1, 1]);
  };
  if (std?.includes(0)) throw new RangeError("--std divides by 0");
  return div(sub(bytes ? mul(x, 255) : x, perChannel("mean", mean ?? usual.mean)), perChannel("std", std ?? usual.std));
}

function show({ name, shape, values }: Output, labels: string[] | undefined, top: number, named: boolean): void {
  // Scores of classes: one axis is long, the others have length 1.
  if (values.length < 2 || values.length !== Math.max(...shape) || values.length > 100_000) {
    const some = values.slice(0, 8).map((value) => value.toPrecision(5)).join(" ");
    return console.log(`  ${name} [${shape.join(", ")}]  ${some}${values.length > 8 ? " ..." : ""}`);
  }
  if (named) console.log(`  ${name} [${shape.join(", ")}]`);
  if (labels && labels.length !== values.length) console.error(`  the labels are ${labels.length}, the classes ${values.length}`);
  const chances = probabilities(values);
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!).slice(0, top);
  for (const i of order) console.log(`  ${(100 * chances[i]!).toFixed(1).padStart(5)} %  ${labels?.[i] ?? `class ${i}`}`);
}

// Softmax, unless the model ends in one.
function probabilities(values: readonly number[]): number[] {
  const sum = values.reduce((a, b) => a + b, 0);
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) < 1e-3) return [...values];
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
