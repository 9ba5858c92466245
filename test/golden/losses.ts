import {
  binaryCrossEntropyWithLogits, crossEntropy, huberLoss, klDiv, l1Loss, mseLoss, nllLoss, type Shape, smoothL1Loss, softmaxCrossEntropy,
  type Tensor, tensor,
} from "../../src/index.ts";
import binaryCrossEntropyFile from "./binaryCrossEntropy.json" with { type: "json" };
import crossEntropyFile from "./crossEntropy.json" with { type: "json" };
import type { Family, GoldenConfig } from "./family.ts";
import klDivFile from "./klDiv.json" with { type: "json" };
import nllLossFile from "./nllLoss.json" with { type: "json" };
import regressionLossFile from "./regressionLoss.json" with { type: "json" };
import softmaxCrossEntropyFile from "./softmaxCrossEntropy.json" with { type: "json" };

const regressions = { huberLoss, l1Loss, mseLoss, smoothL1Loss } as Record<string, (x: Tensor, target: Tensor, options: any) => Tensor>;

const volume = (lengths: Shape): number => lengths.reduce((a, b) => a * b, 1);

const vector = (values: number[] | undefined, shape?: Shape): Tensor | undefined => values && tensor(values, shape ?? [values.length]);

const labels = (target: unknown): number[] => [target].flat(3) as number[];

/** Options with weights as tensors; those that are not given are left out. */
function weighted({ weight, posWeight, ...options }: any, shape?: Shape): any {
  return { ...options, ...(weight && { weight: vector(weight, shape) }), ...(posWeight && { posWeight: vector(posWeight) }) };
}

// The loss is a sum over all elements unless there is no reduction, and so is the divisor of its mean.
const sums = ({ shapes: [x] }: GoldenConfig): number => volume(x!);

export const losses: Family[] = [
  {
    name: "softmaxCrossEntropy",
    file: softmaxCrossEntropyFile as never,
    run: ([logits], options) => softmaxCrossEntropy(logits!, options.labels),
    terms: ({ shapes: [logits] }) => [logits![0]! + logits![1]!, logits![1]!],
  },
  {
    name: "crossEntropy",
    file: crossEntropyFile as never,
    run: ([logits, probabilities], { target, ...options }) => crossEntropy(logits!, probabilities ?? labels(target), weighted(options)),
    terms: sums,
  },
  {
    name: "nllLoss",
    file: nllLossFile as never,
    run: ([x], { target, ...options }) => nllLoss(x!, labels(target), weighted(options)),
    terms: sums,
  },
  {
    name: "regression losses",
    file: regressionLossFile as never,
    run: ([x, target], { op, ...options }) => regressions[op]!(x!, target!, options),
    terms: sums,
  },
  {
    name: "binaryCrossEntropyWithLogits",
    file: binaryCrossEntropyFile as never,
    run: ([x], { target, ...options }) => binaryCrossEntropyWithLogits(x!, vector(target, x!.shape)!, weighted(options, x!.shape)),
    terms: sums,
  },
  { name: "klDiv", file: klDivFile as never, run: ([x, target], options) => klDiv(x!, target!, options), terms: sums },
];
