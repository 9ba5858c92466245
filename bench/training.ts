// Training steps: what a step of a small network costs, and a convolution with both of its adjoints.

import {
  conv2d, conv2dFilterAdjoint, conv2dInputAdjoint, gradients, manualSeed, scope, SGD, softmaxCrossEntropy, tensor,
} from "adjoint";
import { lenet } from "../demo/lenet.ts";
import { randomArray } from "../test/array.ts";
import { toTensor } from "../test/check.ts";

/** A step in the build that runs when `make` is called. */
export interface Training {
  name: string;
  flops: number;
  /** The longest sum behind a number of the fingerprint. */
  terms: number;
  make(): {
    run(): void;
    /** Numbers that every build must agree on, made from the same start. */
    fingerprint(): Float32Array;
    dispose(): void;
  };
}

const batch = 32;
// Two for a multiply-add: forward and both adjoints, without the adjoint of the first convolution in the pictures.
const [first, others] = [8 * 28 * 28 * 25, 16 * 10 * 10 * 8 * 25 + 400 * 128 + 128 * 10];

export const trainings: Training[] = [
  {
    name: `LeNet, batch ${batch}: forward, adjoints, SGD`,
    flops: 2 * batch * (2 * first + 3 * others),
    terms: batch * 28 * 28,
    make() {
      manualSeed(1);
      const model = lenet();
      const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
      const x = toTensor(randomArray([batch, 1, 28, 28], 1));
      const labels = tensor(Int32Array.from({ length: batch }, (_, i) => i % 10), [batch]);
      const step = () => gradients(() => softmaxCrossEntropy(model.forward(x), labels), model.parameters());
      return {
        run: () => optimizer.step(step().grads),
        fingerprint: () => scope(() => step().grads.get(model.parameters()[0]!)!.data()),
        dispose: () => [model, x, labels].forEach((one) => one.dispose()),
      };
    },
  },
  {
    name: "3x3 64->64 @56, batch 4: forward and both adjoints",
    flops: 3 * 2 * 4 * 56 * 56 * 64 * 64 * 9,
    terms: 4 * 56 * 56,
    make() {
      const x = toTensor(randomArray([4, 64, 56, 56], 1)), dy = toTensor(randomArray([4, 64, 56, 56], 3));
      const w = toTensor(randomArray([64, 64, 3, 3], 2));
      const padding = 1;
      const all = () => [
        conv2d(x, w, { padding }), conv2dInputAdjoint(dy, w, x.shape, { padding }), conv2dFilterAdjoint(x, dy, w.shape, { padding }),
      ];
      return {
        run: () => scope(() => void all()),
        fingerprint: () => scope(() => Float32Array.from(all().flatMap((y) => [...y.data()]))),
        dispose: () => [x, w, dy].forEach((one) => one.dispose()),
      };
    },
  },
];
