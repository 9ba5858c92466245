import { ShapeError, softmaxCrossEntropy, tensor, zeros } from "../../src/index.ts";
import { at, ndarray } from "../array.ts";
import type { OpSpec } from "./spec.ts";

const labelsFor = (n: number, classes: number): number[] => Array.from({ length: n }, (_, i) => (i * 7 + 3) % classes);

export const softmaxCrossEntropySpec: OpSpec<{ asTensor?: boolean }> = {
  name: "softmaxCrossEntropy",
  run: ([logits], { asTensor }) => {
    const labels = labelsFor(logits!.shape[0]!, logits!.shape[1]!);
    return softmaxCrossEntropy(logits!, asTensor ? tensor(Int32Array.from(labels)) : labels);
  },
  reference: ([logits]) => {
    const [n, classes] = logits!.shape as [number, number];
    let loss = 0;
    labelsFor(n, classes).forEach((label, i) => {
      let sum = 0;
      for (let j = 0; j < classes; j++) sum += Math.exp(at(logits!, i, j));
      loss -= Math.log(Math.exp(at(logits!, i, label)) / sum) / n;
    });
    return ndarray([], [loss]);
  },
  cases: [[1, 1], [1, 2], [3, 10], [32, 10], [5, 1000]].flatMap((shape) => [{}, { asTensor: true }].map((options) => ({ shapes: [shape], options }))),
  terms: ([logits]) => logits![1]!,
  affine: false,
  bad: [
    { name: "rank", call: () => softmaxCrossEntropy(zeros([10]), [1]), error: ShapeError, message: /softmaxCrossEntropy: logits must have 2 axes \[N, C\], it has 1/ },
    { name: "too few labels", call: () => softmaxCrossEntropy(zeros([3, 10]), [1, 2]), error: ShapeError, message: /labels has 2 elements, logits has 3 rows/ },
    { name: "a label that is no class", call: () => softmaxCrossEntropy(zeros([2, 10]), [1, 10]), error: RangeError, message: /labels must be integers from 0 to 9, labels\[1\] is 10/ },
    { name: "a negative label", call: () => softmaxCrossEntropy(zeros([2, 10]), tensor(Int32Array.of(-1, 0))), error: RangeError, message: /labels\[0\] is -1/ },
    { name: "a fractional label", call: () => softmaxCrossEntropy(zeros([2, 10]), [1.5, 0]), error: RangeError, message: /labels\[0\] is 1.5/ },
    { name: "float labels", call: () => softmaxCrossEntropy(zeros([2, 10]), tensor([1, 2]) as never), error: TypeError, message: /labels must be int32, it is float32/ },
    { name: "no labels", call: () => softmaxCrossEntropy(zeros([2, 10]), undefined as never), error: TypeError, message: /labels must be a list of numbers or a tensor, got undefined/ },
    { name: "an empty batch", call: () => softmaxCrossEntropy(zeros([0, 10]), []), error: ShapeError, message: /mean of an empty batch is undefined/ },
  ],
};
