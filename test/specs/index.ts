import {
  eluSpec, geluSpec, hardsigmoidSpec, hardswishSpec, hardtanhSpec, leakyReluSpec, mishSpec, preluSpec, relu6Spec, seluSpec, sigmoidSpec,
  siluSpec, softplusSpec, softsignSpec, tanhSpec,
} from "./activations.ts";
import {
  adaptiveAvgPool1dSpec, adaptiveAvgPool2dSpec, adaptiveAvgPool3dSpec, adaptiveMaxPool1dSpec, adaptiveMaxPool2dSpec, adaptiveMaxPool3dSpec,
} from "./adaptivePool.ts";
import { addSpec, divSpec, mulSpec, subSpec } from "./arithmetic.ts";
import { avgPool1dSpec } from "./avgPool1d.ts";
import { avgPool2dSpec } from "./avgPool2d.ts";
import { avgPool3dSpec } from "./avgPool3d.ts";
import { catSpec, stackSpec } from "./cat.ts";
import { conv1dSpec } from "./conv1d.ts";
import { conv2dSpec } from "./conv2d.ts";
import { conv3dSpec } from "./conv3d.ts";
import { convMatrixSpec, convolve2dSpec, flipFiltersSpec } from "./convolve2d.ts";
import { convTranspose1dSpec, convTranspose2dSpec, convTranspose3dSpec } from "./convTranspose.ts";
import { crossEntropyOfProbabilitiesSpec, crossEntropySpec, nllLossSpec } from "./crossEntropy.ts";
import { dropout1dSpec, dropout2dSpec, dropout3dSpec, dropoutSpec } from "./dropout.ts";
import {
  absSpec, ceilSpec, expSpec, floorSpec, logSpec, negSpec, reciprocalSpec, roundSpec, rsqrtSpec, signSpec, sqrtSpec, squareSpec,
} from "./functions.ts";
import { embeddingSpec, gatherSpec, indexSelectSpec } from "./gather.ts";
import { col2imSpec, im2colSpec } from "./im2col.ts";
import { interpolateSpec } from "./interpolate.ts";
import {
  binaryCrossEntropySpec, binaryCrossEntropyWithLogitsSpec, huberLossSpec, klDivSpec, l1LossSpec, mseLossSpec, smoothL1LossSpec,
} from "./losses.ts";
import { lpPool1dSpec, lpPool2dSpec, lpPool3dSpec } from "./lpPool.ts";
import { bmmSpec, flattenSpec, linearSpec, matmulSpec, reshapeSpec } from "./matmul.ts";
import { maxPool1dSpec } from "./maxPool1d.ts";
import { maxPool2dSpec } from "./maxPool2d.ts";
import { maxPool3dSpec } from "./maxPool3d.ts";
import { maxUnpool2dSpec } from "./maxUnpool2d.ts";
import { batchNormSpec, groupNormSpec, instanceNormSpec, layerNormSpec, localResponseNormSpec } from "./normalisation.ts";
import { padSpec } from "./pad.ts";
import { flipSpec, permuteSpec, squeezeSpec, transposeSpec, unsqueezeSpec } from "./permute.ts";
import { pixelShuffleSpec, pixelUnshuffleSpec } from "./pixelShuffle.ts";
import { reluSpec } from "./pointwise.ts";
import { amaxSpec, aminSpec, maxSpec, meanSpec, minSpec, stdSpec, sumSpec, varianceSpec } from "./reductions.ts";
import { chunkSpec, narrowSpec, selectSpec, sliceSpec, splitSpec } from "./slice.ts";
import { logSoftmaxSpec, logsumexpSpec, softmaxSpec } from "./softmax.ts";
import { softmaxCrossEntropySpec } from "./softmaxCrossEntropy.ts";
import type { OpSpec } from "./spec.ts";

/** Every operation's spec: one line each. */
export const specs: OpSpec<any>[] = [
  absSpec,
  adaptiveAvgPool1dSpec,
  adaptiveAvgPool2dSpec,
  adaptiveAvgPool3dSpec,
  adaptiveMaxPool1dSpec,
  adaptiveMaxPool2dSpec,
  adaptiveMaxPool3dSpec,
  addSpec,
  amaxSpec,
  aminSpec,
  avgPool1dSpec,
  avgPool2dSpec,
  avgPool3dSpec,
  batchNormSpec,
  binaryCrossEntropySpec,
  binaryCrossEntropyWithLogitsSpec,
  bmmSpec,
  catSpec,
  ceilSpec,
  chunkSpec,
  col2imSpec,
  conv1dSpec,
  conv2dSpec,
  conv3dSpec,
  convMatrixSpec,
  convolve2dSpec,
  convTranspose1dSpec,
  convTranspose2dSpec,
  convTranspose3dSpec,
  crossEntropyOfProbabilitiesSpec,
  crossEntropySpec,
  divSpec,
  dropout1dSpec,
  dropout2dSpec,
  dropout3dSpec,
  dropoutSpec,
  eluSpec,
  embeddingSpec,
  expSpec,
  flattenSpec,
  flipFiltersSpec,
  flipSpec,
  floorSpec,
  gatherSpec,
  geluSpec,
  groupNormSpec,
  hardsigmoidSpec,
  hardswishSpec,
  hardtanhSpec,
  huberLossSpec,
  im2colSpec,
  indexSelectSpec,
  instanceNormSpec,
  interpolateSpec,
  klDivSpec,
  l1LossSpec,
  layerNormSpec,
  leakyReluSpec,
  linearSpec,
  localResponseNormSpec,
  logSoftmaxSpec,
  logSpec,
  logsumexpSpec,
  lpPool1dSpec,
  lpPool2dSpec,
  lpPool3dSpec,
  matmulSpec,
  maxPool1dSpec,
  maxPool2dSpec,
  maxPool3dSpec,
  maxSpec,
  maxUnpool2dSpec,
  meanSpec,
  minSpec,
  mishSpec,
  mseLossSpec,
  mulSpec,
  narrowSpec,
  negSpec,
  nllLossSpec,
  padSpec,
  permuteSpec,
  pixelShuffleSpec,
  pixelUnshuffleSpec,
  preluSpec,
  reciprocalSpec,
  relu6Spec,
  reluSpec,
  reshapeSpec,
  roundSpec,
  rsqrtSpec,
  selectSpec,
  seluSpec,
  sigmoidSpec,
  signSpec,
  siluSpec,
  sliceSpec,
  smoothL1LossSpec,
  softmaxCrossEntropySpec,
  softmaxSpec,
  softplusSpec,
  softsignSpec,
  splitSpec,
  sqrtSpec,
  squareSpec,
  squeezeSpec,
  stackSpec,
  stdSpec,
  subSpec,
  sumSpec,
  tanhSpec,
  transposeSpec,
  unsqueezeSpec,
  varianceSpec,
];
