import { conv2dSpec } from "./conv2d.ts";
import { flattenSpec, linearSpec, matmulSpec, reshapeSpec } from "./matmul.ts";
import { addSpec, meanSpec, mulSpec, reluSpec, scaleSpec, sumSpec } from "./pointwise.ts";
import { softmaxCrossEntropySpec } from "./softmaxCrossEntropy.ts";
import type { OpSpec } from "./spec.ts";

/** Every operation's spec: one line each. */
export const specs: OpSpec<any>[] = [
  addSpec,
  conv2dSpec,
  flattenSpec,
  linearSpec,
  matmulSpec,
  meanSpec,
  mulSpec,
  reluSpec,
  reshapeSpec,
  scaleSpec,
  softmaxCrossEntropySpec,
  sumSpec,
];
