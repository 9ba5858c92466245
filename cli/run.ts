// `adjoint run`: what a model makes of pictures.

import { readFile } from "node:fs/promises";
import { div, mul, reshape, scope, sub, type Tensor, tensor } from "adjoint";
import { resize } from "adjoint/image";
import type { Session } from "adjoint/onnx";
import { load, shapeOf } from "./model.ts";
import { readPicture } from "./picture.ts";

interface RunOptions {
  pictures: readonly string[];
  labels: string | undefined;
  top: number;
  mean: readonly number[];
  std: readonly number[];
  raw: boolean;
  bgr: boolean;
  size: readonly number[] | undefined;
}

export async function run(file: string, options: RunOptions): Promise<void> {
  if (options.pictures.length === 0) throw new TypeError("run: give at least one picture, --input picture.png");
  const session = await load(file);
  const labels = options.labels === undefined ? undefined : (await readFile(options.labels, "utf8")).trimEnd().split(/\r?\n/);
  for (const picture of options.pictures) {
    const pixels = await readPicture(picture);
    const start = performance.now();
    const outputs = scope(() => Object.entries(session.run({ [inputName(session)]: prepared(pixels, session, options) })).map(([name, y]) => {
      return { name, shape: y.shape, values: Array.from(y.data()) };
    }));
    console.log(`${picture}  (${(performance.now() - start).toFixed(1)} ms)`);
    for (const { name, shape, values } of outputs) show(name, shape, values, labels, options.top);
    pixels.dispose();
  }
}

function inputName({ inputs }: Session): string {
  const pictures = inputs.filter(({ shape }) => shape?.length === 4);
  if (inputs.length !== 1 || pictures.length !== 1) {
    const list = inputs.map(({ name, shape }) => `${name} [${shape?.join(", ") ?? "any"}]`).join(", ");
    throw new TypeError(`run: the model must have one input [N, C, H, W], it has ${list}`);
  }
  return inputs[0]!.name;
}

// Resized to the input, and normalised.
function prepared(pixels: Tensor, session: Session, { mean, std, raw, bgr, size }: RunOptions): Tensor {
  const [, channels, height, width] = shapeOf(session.inputs[0]!, 1, size) as [number, number, number, number];
  if (channels !== 1 && channels !== 3) throw new TypeError(`run: the model reads ${channels} channels; pictures have 1 or 3`);
  let x = reshape(resize(pixels, [height, width]), [1, 3, height, width]);
  // ITU-R BT.601's weights of red, green and blue.
  if (channels === 1) x = reshape(luma(x), [1, 1, height, width]);
  else if (bgr) x = tensor(planes(x, [2, 1, 0]), x.shape);
  if (raw) return mul(x, 255);
  const perChannel = (values: readonly number[]): Tensor => tensor(values.slice(0, channels), [1, Math.min(channels, values.length), 1, 1]);
  return div(sub(x, perChannel(mean)), perChannel(std));
}

function luma(x: Tensor): Tensor {
  const data = x.data(), size = data.length / 3;
  return tensor(Float32Array.from({ length: size }, (_, i) => 0.299 * data[i]! + 0.587 * data[size + i]! + 0.114 * data[2 * size + i]!), [size]);
}

function planes(x: Tensor, order: readonly number[]): Float32Array {
  const data = x.data(), size = data.length / 3;
  return Float32Array.from({ length: data.length }, (_, i) => data[order[Math.floor(i / size)]! * size + (i % size)]!);
}

function show(name: string, shape: readonly number[], values: number[], labels: string[] | undefined, top: number): void {
  // Scores of classes: one axis is long, the others have length 1.
  if (values.length < 2 || values.length !== Math.max(...shape) || values.length > 100_000) {
    const some = values.slice(0, 8).map((value) => value.toPrecision(5)).join(" ");
    return console.log(`  ${name} [${shape.join(", ")}]  ${some}${values.length > 8 ? " ..." : ""}`);
  }
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
