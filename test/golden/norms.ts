import { batchNorm, groupNorm, instanceNorm, layerNorm, localResponseNorm, type Shape, type Tensor, tensor } from "../../src/index.ts";
import batchNormFile from "./batchNorm.json" with { type: "json" };
import type { Family } from "./family.ts";
import groupNormFile from "./groupNorm.json" with { type: "json" };
import instanceNormFile from "./instanceNorm.json" with { type: "json" };
import layerNormFile from "./layerNorm.json" with { type: "json" };
import localResponseNormFile from "./localResponseNorm.json" with { type: "json" };

export const norms: Family[] = [
  {
    name: "batchNorm",
    file: batchNormFile as never,
    run: ([x, weight, bias], { runningMean, runningVar, ...options }) => {
      const [mean, variance] = statistics(runningMean, runningVar);
      return withStatistics(batchNorm(x!, mean, variance, { ...options, weight, bias }), mean, variance);
    },
    terms: ({ shapes: [x] }) => volume(x!) / x![1]!,
  },
  {
    name: "instanceNorm",
    file: instanceNormFile as never,
    run: ([x, weight, bias], { runningMean, runningVar, ...options }) => {
      const [mean, variance] = statistics(runningMean, runningVar);
      const running = mean && variance && { runningMean: mean, runningVar: variance };
      return withStatistics(instanceNorm(x!, { ...options, ...running, weight, bias }), mean, variance);
    },
    terms: ({ shapes: [x] }) => volume(x!) / x![1]!,
  },
  {
    name: "layerNorm",
    file: layerNormFile as never,
    run: ([x, weight, bias], { normalizedShape, ...options }) => layerNorm(x!, normalizedShape, { ...options, weight, bias }),
    terms: ({ shapes: [x] }) => volume(x!),
  },
  {
    name: "groupNorm",
    file: groupNormFile as never,
    run: ([x, weight, bias], { numGroups, ...options }) => groupNorm(x!, numGroups, { ...options, weight, bias }),
    terms: ({ shapes: [x] }) => volume(x!),
  },
  {
    name: "localResponseNorm",
    file: localResponseNormFile as never,
    run: ([x], { size, ...options }) => localResponseNorm(x!, size, options),
    terms: ({ options: { size } }) => size,
  },
];

function statistics(mean: number[] | undefined, variance: number[] | undefined): [Tensor, Tensor] | [undefined, undefined] {
  return mean && variance ? [tensor(mean, [mean.length]), tensor(variance, [variance.length])] : [undefined, undefined];
}

/** The output, and the running statistics as the call left them. */
function withStatistics(y: Tensor, mean: Tensor | undefined, variance: Tensor | undefined): Tensor[] {
  return mean && variance ? [y, mean, variance] : [y];
}

function volume(lengths: Shape): number {
  return lengths.reduce((a, b) => a * b, 1);
}
