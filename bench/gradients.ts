// A training step by the definitions, in double precision.

import { apply } from "./reference.ts";
import { constantsOf, inputValues, labelsOf, shapesOf, type Workload } from "./workloads.ts";

/**
 * The gradients of the mean of the rows' softmax cross entropies in all constants, one after the other. Every step's x is what the
 * step before it made.
 */
export function gradientsOf(workload: Workload): Float64Array {
  const { steps } = workload, shapes = shapesOf(workload);
  const values: Float64Array[] = inputValues(workload).map((x) => Float64Array.from(x));
  steps.forEach((step, i) => values.push(apply(step, values, shapes, shapes[i + 1]!)));
  let dy: Float64Array = crossEntropyGradient(values.at(-1)!, labelsOf(workload));
  const grads: Float64Array[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]!, x = values[i]!, y = values[i + 1]!;
    const shape = shapes[i]!, yShape = shapes[i + 1]!;
    if ("activation" in step && step.activation) dy = dy.map((g, at) => (y[at]! > 0 ? g : 0));
    switch (step.op) {
      case "conv2d": {
        const { w, seed, padding = 0 } = step;
        const plane = yShape[2]! * yShape[3]!;
        const db = new Float64Array(yShape[1]!);
        dy.forEach((g, at) => (db[Math.floor(at / plane) % db.length]! += g));
        grads.unshift(apply({ op: "filterAdjoint", x: 0, y: 1, kernel: w[2]!, padding }, [x, dy], [shape, yShape], w), db);
        dy = apply({ op: "inputAdjoint", x: 0, w, seed, padding }, [dy], [yShape], shape);
        break;
      }
      case "linear": {
        const [outputs, inner] = step.w as [number, number], { w } = constantsOf(step);
        const dx = new Float64Array(x.length), dw = new Float64Array(w.length), db = new Float64Array(outputs);
        dy.forEach((g, at) => {
          const row = Math.floor(at / outputs) * inner, o = at % outputs;
          db[o]! += g;
          for (let k = 0; k < inner; k++) {
            dx[row + k]! += g * w[o * inner + k]!;
            dw[o * inner + k]! += g * x[row + k]!;
          }
        });
        grads.unshift(dw, db);
        dy = dx;
        break;
      }
      case "maxPool2d": {
        // Windows side by side: each element is in one of them, or in none.
        const { kernel } = step, [, , h, width] = shape as [number, number, number, number], [oh, ow] = yShape.slice(2) as [number, number];
        const dx = new Float64Array(x.length);
        x.forEach((value, at) => {
          const row = Math.floor((Math.floor(at / width) % h) / kernel), column = Math.floor((at % width) / kernel);
          const window = (Math.floor(at / (h * width)) * oh + row) * ow + column;
          if (row < oh && column < ow && value === y[window]) dx[at] = dy[window]!;
        });
        dy = dx;
        break;
      }
      default:
        throw new Error(`gradientsOf: ${step.op}`);
    }
  }
  return Float64Array.from(grads.flatMap((g) => [...g]));
}

function crossEntropyGradient(logits: Float64Array, labels: Int32Array): Float64Array {
  const classes = logits.length / labels.length;
  const out = new Float64Array(logits.length);
  labels.forEach((label, n) => {
    const exps = logits.slice(n * classes, (n + 1) * classes).map(Math.exp);
    const sum = exps.reduce((a, b) => a + b);
    exps.forEach((e, i) => (out[n * classes + i] = (e / sum - (i === label ? 1 : 0)) / labels.length));
  });
  return out;
}
