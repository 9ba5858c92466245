// Prints the lessons (`npm run lessons`).

import { parametersSaved, receptiveField, shiftEquivariance, sumOfMatrixVectorProducts } from "./lessons.ts";

console.log("Weights of one layer");
for (const { layer, parameters } of parametersSaved()) console.log(`  ${layer.padEnd(34)} ${parameters.toLocaleString("en-US").padStart(13)}`);

const { convolution, linear } = shiftEquivariance();
console.log("\nThe input moves by one pixel: how far is the output from having moved with it? (relative to its largest number)");
console.log(`  convolution   ${convolution.toExponential(1)}\n  linear layer  ${linear.toExponential(1)}`);

console.log("\nWhat one output sees through three 3 x 3 convolutions");
for (const dilations of [[1, 1, 1], [2, 2, 2], [1, 2, 4], [1, 3, 9]]) {
  const { side, weights } = receptiveField(dilations);
  console.log(`  dilations ${dilations.join(", ")}: ${side} x ${side} inputs, ${weights} weights`);
}

const { difference } = sumOfMatrixVectorProducts();
console.log("\nA convolution with many channels is a sum of matrix-vector products, one for every tap of the filter");
console.log(`  conv2d against the sum: relative difference ${difference.toExponential(1)} (float32 rounds to ${(2 ** -24).toExponential(1)})`);
