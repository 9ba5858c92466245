// The contents of adjoint/data: pictures to learn from, and how they come in batches.

export { batches, type Batch, type Batches, type BatchOptions, type ImageDataset, mnistNormalization } from "./batches.ts";
export { digits, type DigitsOptions } from "./digits.ts";
export { type IdxArray, mnist, type MnistFiles, type MnistOptions, readIdx } from "./idx.ts";
