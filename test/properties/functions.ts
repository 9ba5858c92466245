// Activations, softmax, losses.

import type { Random } from "../../src/index.ts";
import {
  eluSpec, geluSpec, hardsigmoidSpec, hardswishSpec, hardtanhSpec, leakyReluSpec, mishSpec, preluSpec, relu6Spec, seluSpec, sigmoidSpec,
  siluSpec, softplusSpec, softsignSpec, tanhSpec,
} from "../specs/activations.ts";
import { crossEntropySpec, nllLossSpec } from "../specs/crossEntropy.ts";
import {
  binaryCrossEntropySpec, binaryCrossEntropyWithLogitsSpec, huberLossSpec, klDivSpec, l1LossSpec, mseLossSpec, smoothL1LossSpec,
} from "../specs/losses.ts";
import { logSoftmaxSpec, logsumexpSpec, softmaxSpec } from "../specs/softmax.ts";
import type { OpSpec } from "../specs/spec.ts";
import { between, chance, type Draw, lengths, noBoolean, options, pick, type Property } from "./property.ts";

const noNumber: readonly unknown[] = [NaN, Infinity, "1", [], {}, true];

type Lists = Record<string, readonly unknown[]>;

/** A value from each list, or none. */
function oneOfEach(random: Random, lists: Lists): Record<string, unknown> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, pick(random, [undefined, ...values])]));
}

/** An elementwise function: values of its options, and what is none. */
function elementwise(spec: OpSpec<any>, good: Lists = {}, bad: Lists = {}): Property {
  const draw = (random: Random): Draw => {
    const x = lengths(random, between(random, 0, 5), chance(random, 0.1) ? 0 : 1, 5);
    return { shapes: [x], ...options(random, oneOfEach(random, good), bad) };
  };
  return { spec, draw, ...(Object.keys(bad).length === 0 && { alwaysValid: true }) };
}

function drawPrelu(random: Random): Draw {
  const x = lengths(random, between(random, 0, 5), 1, 4), channels = x.length > 1 ? x[1]! : 1;
  const weight = pick(random, [[1], [channels], [channels + 1], [channels, 1], []]);
  // A scalar is no list of slopes in PyTorch 1.13 either.
  return { shapes: [x, weight], options: {}, valid: weight.length === 1 && (weight[0] === 1 || weight[0] === channels) };
}

function drawSoftmax(random: Random): Draw {
  const rank = between(random, 1, 5);
  const bad = [rank, -rank - 1, 0.5, NaN, "0", [], {}];
  return { shapes: [lengths(random, rank, 1, 5)], ...options(random, { dim: between(random, -rank, rank - 1) }, { dim: bad }) };
}

function drawLogsumexp(random: Random): Draw {
  const rank = between(random, 1, 5);
  const axes = random.shuffle(Array.from({ length: rank }, (_, axis) => axis)).slice(0, between(random, 1, rank));
  const good = { dim: pick(random, [between(random, -rank, rank - 1), axes]), keepdim: pick(random, [undefined, true, false]) };
  const bad = { dim: [rank, -rank - 1, 0.5, NaN, "0", [0, 0], {}], keepdim: noBoolean };
  return { shapes: [lengths(random, rank, 1, 4)], ...options(random, good, bad) };
}

const noReduction = ["max", 1, [], true];

/** A loss between two tensors of one shape; one call in ten has two. */
function pair(spec: OpSpec<any>, good: Lists = {}, bad: Lists = {}): Property {
  const draw = (random: Random): Draw => {
    const x = lengths(random, between(random, 0, 4), 1, 4), target = [...x];
    const fits = !chance(random, 0.15);
    if (!fits) target.push(2);
    const reductions = ["mean", "sum", "none", ...(spec === klDivSpec ? ["batchmean"] : [])];
    const drawn = options(random, oneOfEach(random, { reduction: reductions, ...good }), { reduction: noReduction, ...bad });
    return { shapes: [x, target], options: drawn.options, valid: drawn.valid && fits };
  };
  return { spec, draw };
}

function drawClasses(random: Random, smooth: boolean): Draw {
  const rank = pick(random, [2, 2, 3, 4, 1]);
  const x = lengths(random, rank, 1, 5);
  // The second of three labels is ignored: of two or more one stays.
  const good = {
    weight: pick(random, [undefined, true]), ignore: pick(random, [undefined, 0, -1]), asTensor: pick(random, [true, false]),
    reduction: pick(random, [undefined, "mean", "sum", "none"]), labelSmoothing: smooth ? pick(random, [undefined, 0, 0.2, 1]) : undefined,
  };
  const drawn = options(random, good, { reduction: noReduction, ...(smooth && { labelSmoothing: [-0.1, 1.1, NaN, "1", [], {}] }) });
  return { shapes: [x], options: drawn.options, valid: drawn.valid && rank > 1 };
}

export const functionProperties: Property[] = [
  ...[hardsigmoidSpec, hardswishSpec, mishSpec, relu6Spec, seluSpec, sigmoidSpec, siluSpec, softsignSpec, tanhSpec]
    .map((spec) => elementwise(spec)),
  elementwise(eluSpec, { alpha: [0.3, 2, -1] }, { alpha: noNumber }),
  elementwise(geluSpec, { approximate: ["none", "tanh"] }, { approximate: ["erf", 1, true, []] }),
  elementwise(hardtanhSpec, { minVal: [-3.3, 0.1], maxVal: [0.5, 2.1] }, { minVal: [5, ...noNumber], maxVal: [-5, ...noNumber] }),
  elementwise(leakyReluSpec, { negativeSlope: [0.2, 0, -1.5] }, { negativeSlope: noNumber }),
  elementwise(softplusSpec, { beta: [0.5, 3], threshold: [2, 20] }, { beta: [0, ...noNumber], threshold: noNumber }),
  { spec: preluSpec, draw: drawPrelu },
  { spec: softmaxSpec, draw: drawSoftmax },
  { spec: logSoftmaxSpec, draw: drawSoftmax },
  { spec: logsumexpSpec, draw: drawLogsumexp },
  pair(mseLossSpec),
  pair(l1LossSpec),
  pair(smoothL1LossSpec, { beta: [0, 0.3] }, { beta: [-1, ...noNumber] }),
  pair(huberLossSpec, { delta: [0.3, 2] }, { delta: [0, -1, ...noNumber] }),
  pair(klDivSpec, { logTarget: [true] }, { logTarget: noBoolean }),
  pair(binaryCrossEntropyWithLogitsSpec, { weight: ["all", "last"], posWeight: [true] }),
  pair(binaryCrossEntropySpec, { weight: ["all", "last"] }),
  { spec: crossEntropySpec, draw: (random) => drawClasses(random, true) },
  { spec: nllLossSpec, draw: (random) => drawClasses(random, false) },
];
