// What the terminal and the page do alike: one training step after the other, and counting what is right.

import { gradients, type Module, scope, SGD, softmaxCrossEntropy, type Tensor } from "adjoint";
import { type Batch, batches, type ImageDataset, mnistNormalization } from "adjoint/data";

/** Where the training is. */
export interface Progress {
  epoch: number;
  /** Steps done in this epoch, of `steps`. */
  step: number;
  steps: number;
  loss: number;
  /** Share of right answers in this step's batch, before the step. */
  accuracy: number;
}

/** How to train. */
export interface TrainingOptions {
  epochs: number;
  batchSize: number;
  /** Learning rate at the start; it falls to 0 along a straight line. */
  lr: number;
  seed: number;
}

/** Trains by stochastic gradient descent with momentum 0.9, and hands out the progress after every step. */
export function* training(model: Module, data: ImageDataset, { epochs, batchSize, lr, seed }: TrainingOptions): Generator<Progress> {
  const optimizer = new SGD(model.parameters(), { lr, momentum: 0.9 });
  const train = batches(data, { batchSize, shuffle: seed, ...mnistNormalization });
  const steps = train.length;
  for (let epoch = 0; epoch < epochs; epoch++) {
    let step = 0;
    for (const { x, labels } of train) {
      optimizer.lr = lr * (1 - (epoch * steps + step) / (epochs * steps));
      let right = 0;
      const { value, grads } = gradients(() => {
        const logits = model.forward(x);
        right = countRight(logits, labels);
        return softmaxCrossEntropy(logits, labels);
      }, model.parameters());
      optimizer.step(grads);
      step++;
      yield { epoch, step, steps, loss: value, accuracy: right / labels.size };
    }
  }
}

/** Share of the pictures that the model classifies rightly. */
export function accuracy(model: Module, data: ImageDataset): number {
  let right = 0;
  for (const { x, labels } of batches(data, { batchSize: 100, ...mnistNormalization })) {
    scope(() => (right += countRight(model.forward(x), labels)));
  }
  return right / data.labels.length;
}

/** The model's answer to each picture of a batch. */
export function classify(model: Module, { x }: Batch): number[] {
  return scope(() => largest(model.forward(x)));
}

function countRight(logits: Tensor, labels: Tensor<"int32">): number {
  const expected = labels.data();
  return largest(logits).filter((answer, i) => answer === expected[i]).length;
}

// Column of the largest number in each row.
function largest(logits: Tensor): number[] {
  const [n, classes] = logits.shape as [number, number];
  const values = logits.data();
  return Array.from({ length: n }, (_, i) => {
    let best = 0;
    for (let j = 1; j < classes; j++) if (values[i * classes + j]! > values[i * classes + best]!) best = j;
    return best;
  });
}
