import { softmaxCrossEntropy } from "../../src/index.ts";
import type { Family } from "./family.ts";
import softmaxCrossEntropyFile from "./softmaxCrossEntropy.json" with { type: "json" };

export const losses: Family[] = [
  {
    name: "softmaxCrossEntropy",
    file: softmaxCrossEntropyFile as never,
    run: ([logits], { labels }) => softmaxCrossEntropy(logits!, labels),
    terms: ({ shapes: [logits] }) => [logits![0]! + logits![1]!, logits![1]!],
  },
];
