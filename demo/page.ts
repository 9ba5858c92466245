// The page: the network of `npm start`, trained in the browser between two frames.

import { capabilities, manualSeed } from "adjoint";
import { batches, digits, type ImageDataset, mnistNormalization } from "adjoint/data";
import { accuracy, classify, training } from "./learning.ts";
import { lenet } from "./lenet.ts";

const EPOCHS = 2;
const SHOWN = 24;
/** Milliseconds of training before the page may draw again. */
const SLICE = 30;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const button = element<HTMLButtonElement>("train");
button.addEventListener("click", () => {
  button.disabled = true;
  train().catch((error: Error) => (element("about").textContent = error.message)).finally(() => (button.disabled = false));
});
element("about").append(` Kernels: ${capabilities().build} build.`);
if (new URLSearchParams(location.search).has("auto")) button.click();

async function train(): Promise<void> {
  manualSeed(1);
  const data = digits(6000, { seed: 1 });
  const test = digits(1000, { seed: 2 });
  const model = lenet();
  const losses: number[] = [];
  element("accuracy").textContent = "–";
  element("digits").replaceChildren();
  const batchSize = 32;
  let slice = performance.now();
  let trained = 0;
  let busy = 0;
  for (const { epoch, step, steps, loss } of training(model, data, { epochs: EPOCHS, batchSize, lr: 0.05, seed: 1 })) {
    losses.push(loss);
    trained += batchSize;
    const now = performance.now();
    if (now - slice < SLICE && step < steps) continue;
    busy += now - slice;
    element("epoch").textContent = `${epoch + 1} of ${EPOCHS}`;
    element("value").textContent = mean(losses.slice(-20)).toFixed(3);
    element("speed").textContent = Math.round((1000 * trained) / busy).toLocaleString("en-US");
    element<HTMLProgressElement>("progress").value = (epoch * steps + step) / (EPOCHS * steps);
    drawLoss(losses, EPOCHS * steps);
    await new Promise(requestAnimationFrame);
    slice = performance.now();
  }
  element("accuracy").textContent = `${(100 * accuracy(model, test)).toFixed(1)} %`;
  for (const batch of batches(test, { batchSize: SHOWN, ...mnistNormalization })) {
    showDigits(test, classify(model, batch));
    break;
  }
  model.dispose();
}

function mean(values: number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The loss of every step, and its mean over twenty. */
function drawLoss(losses: number[], steps: number): void {
  const canvas = element<HTMLCanvasElement>("loss");
  const context = canvas.getContext("2d")!;
  const { width, height } = canvas;
  const most = Math.max(2.5, ...losses);
  const x = (step: number): number => (width * step) / steps;
  const y = (loss: number): number => height - 8 - ((height - 16) * loss) / most;
  context.clearRect(0, 0, width, height);
  const line = (color: string, thickness: number, value: (step: number) => number): void => {
    context.beginPath();
    losses.forEach((_, step) => context.lineTo(x(step), y(value(step))));
    context.strokeStyle = color;
    context.lineWidth = thickness;
    context.stroke();
  };
  line("#8fb4f0", 1, (step) => losses[step]!);
  line("#2f6fdb", 3, (step) => mean(losses.slice(Math.max(0, step - 19), step + 1)));
}

function showDigits({ images, labels }: ImageDataset, answers: number[]): void {
  const items = answers.map((answer, image) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 28;
    const pixels = new ImageData(28, 28);
    for (let i = 0; i < 784; i++) pixels.data.set([0, 0, 0, 0].fill(images[image * 784 + i]!, 0, 3).fill(255, 3), 4 * i);
    canvas.getContext("2d")!.putImageData(pixels, 0, 0);
    const caption = document.createElement("div");
    caption.textContent = answer === labels[image] ? `${answer}` : `${answer}, not ${labels[image]}`;
    if (answer !== labels[image]) caption.className = "wrong";
    const item = document.createElement("li");
    item.append(canvas, caption);
    return item;
  });
  element("digits").replaceChildren(...items);
}
