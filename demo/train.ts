// `npm start`: trains a small convolutional network on pictures of digits, tests it on pictures it has not seen, shows some,
// and saves the weights.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { capabilities, init, manualSeed, toSafetensors } from "adjoint";
import { batches, digits, type ImageDataset, mnist, mnistNormalization } from "adjoint/data";
import { accuracy, classify, training } from "./learning.ts";
import { lenet } from "./lenet.ts";

const USAGE = `npm start -- [options]
  --data DIR     train on the IDX files in DIR (MNIST, Fashion-MNIST; plain or .gz) instead of generated digits
  --epochs N     passes through the training images          (3 for files, 4 for generated digits)
  --batch N      images in a step                            (32)
  --lr X         learning rate at the start                  (0.05)
  --seed N       seed of weights, order and generated digits (1)
  --build NAME   scalar, simd or relaxed                     (the best that runs here)
  --threads N    threads, or "max"                           (1)
  --out FILE     where the weights go                        (lenet.safetensors)`;

interface Data {
  name: string;
  train: ImageDataset;
  test: ImageDataset;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      epochs: { type: "string" },
      batch: { type: "string", default: "32" },
      lr: { type: "string", default: "0.05" },
      seed: { type: "string", default: "1" },
      build: { type: "string" },
      threads: { type: "string", default: "1" },
      out: { type: "string", default: "lenet.safetensors" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const seed = Number(values.seed);
  const threads = values.threads === "max" ? "max" : Number(values.threads);
  await init({ threads, ...(values.build && { build: values.build as "simd" }) });
  manualSeed(seed);

  const { name, train, test } = values.data ? await readData(values.data) : generateData(seed);
  const epochs = Number(values.epochs ?? (values.data ? 3 : 4));
  const model = lenet();
  const { build, unavailable, threads: running } = capabilities();
  const why = Object.entries(unavailable).map(([other, reason]) => `; no ${other}: ${reason}`).join("");
  console.log(`Adjoint, ${build} build${running > 1 ? ` on ${running} threads` : ""}${why}`);
  console.log(`${name}: ${train.labels.length} images to train on, ${test.labels.length} to test on\n`);
  console.log(`${model.summary([1, 1, 28, 28])}\n`);

  const bar = new ProgressBar();
  let seconds = 0;
  for (const progress of training(model, train, { epochs, batchSize: Number(values.batch), lr: Number(values.lr), seed })) {
    bar.show(progress.epoch, epochs, progress.step, progress.steps, progress.loss, progress.accuracy);
    if (progress.step === progress.steps) seconds += bar.endEpoch(train.labels.length, () => accuracy(model, test));
  }
  console.log(`\nTrained ${epochs} epochs in ${seconds.toFixed(1)} s, ${Math.round((epochs * train.labels.length) / seconds)} images per second`);
  console.log(`Test accuracy: ${percent(accuracy(model, test))} of ${test.labels.length} images not seen in training\n`);

  for (const batch of batches(test, { batchSize: 5, ...mnistNormalization })) {
    showDigits(test, classify(model, batch));
    break;
  }
  const bytes = toSafetensors(model.stateDict());
  writeFileSync(values.out, bytes);
  console.log(`\nWeights saved to ${values.out} (${bytes.length} bytes)`);
}

function generateData(seed: number): Data {
  return { name: "Generated digits", train: digits(12000, { seed }), test: digits(2000, { seed: seed + 1 }) };
}

async function readData(directory: string): Promise<Data> {
  const file = (name: string): Uint8Array => {
    const path = [name, `${name}.gz`].map((candidate) => join(directory, candidate)).find(existsSync);
    if (!path) throw new Error(`${join(directory, name)} does not exist, nor with .gz`);
    return readFileSync(path);
  };
  const load = (kind: string): Promise<ImageDataset> => mnist({ images: file(`${kind}-images-idx3-ubyte`), labels: file(`${kind}-labels-idx1-ubyte`) });
  return { name: directory, train: await load("train"), test: await load("t10k") };
}

/** One line per epoch, redrawn while it runs where the output is a terminal. */
class ProgressBar {
  #start = performance.now();
  #drawn = 0;
  #loss = 0;
  #accuracy = 0;
  #line = "";

  show(epoch: number, epochs: number, step: number, steps: number, loss: number, accuracy: number): void {
    // Means over the epoch so far.
    this.#loss += (loss - this.#loss) / step;
    this.#accuracy += (accuracy - this.#accuracy) / step;
    const done = Math.round((20 * step) / steps);
    this.#line = `Epoch ${epoch + 1}/${epochs} [${"#".repeat(done)}${".".repeat(20 - done)}] loss ${this.#loss.toFixed(4)}  accuracy ${percent(this.#accuracy)}`;
    if (process.stdout.isTTY && performance.now() - this.#drawn > 100) {
      process.stdout.write(`\r${this.#line}`);
      this.#drawn = performance.now();
    }
  }

  /** Ends the line with the time and the accuracy on the test images; returns the seconds that the training took. */
  endEpoch(images: number, test: () => number): number {
    const seconds = (performance.now() - this.#start) / 1000;
    const end = `  ${seconds.toFixed(1)} s, ${Math.round(images / seconds)} images/s, test accuracy ${percent(test())}`;
    process.stdout.write(`${process.stdout.isTTY ? "\r" : ""}${this.#line}${end}\n`);
    this.#start = performance.now();
    this.#loss = this.#accuracy = 0;
    return seconds;
  }
}

/** Pictures side by side in Braille characters, two by four pixels each, with the answers below. */
function showDigits({ images, labels }: ImageDataset, answers: number[]): void {
  // Dots of a Braille character, by row and column.
  const dots = [[0, 3], [1, 4], [2, 5], [6, 7]];
  for (let top = 0; top < 28; top += 4) {
    const line = answers.map((_, image) => {
      let text = "";
      for (let left = 0; left < 28; left += 2) {
        let pattern = 0;
        dots.forEach((pair, y) => pair.forEach((dot, x) => {
          if (images[image * 784 + (top + y) * 28 + left + x]! > 100) pattern |= 1 << dot;
        }));
        text += String.fromCharCode(0x2800 + pattern);
      }
      return text;
    });
    console.log(line.join("  "));
  }
  const captions = answers.map((answer, image) => {
    const label = labels[image]!;
    return (answer === label ? `${answer}` : `${answer}, not ${label}`).padEnd(14);
  });
  console.log(captions.join("  ").trimEnd());
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

try {
  await main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
