import {
  batchNorm, type BatchNormOptions, groupNorm, instanceNorm, type InstanceNormOptions, type Layout, layerNorm, localResponseNorm,
  type LocalResponseNormOptions, type Shape, ShapeError, tensor, type Tensor, zeros,
} from "../../src/index.ts";
import { withLayout } from "../../src/tape.ts";
import { at, forEachIndex, type NdArray, ndarray, randomArray, setAt } from "../array.ts";
import type { Case, OpSpec } from "./spec.ts";

interface Common {
  eps?: number;
  /** Weight and bias are given. */
  affine?: boolean;
  /** Order in memory in which x arrives; default that of `tensor`. */
  layout?: Layout;
}

/** Where x has another order in memory than the one in which `tensor` makes it. */
const arranged = (x: Tensor, layout: Layout | undefined): Tensor => (layout ? withLayout(x, layout) : x);

/**
 * The definition for any grouping: `group` names the group of an element, `parameter` the element of weight and bias; statistics
 * are given or those of each group's elements.
 */
export function normReference(
  x: NdArray, eps: number, group: (index: number[]) => string | number, parameter: (index: number[]) => number[],
  weight?: NdArray, bias?: NdArray, given?: (index: number[]) => { mean: number; variance: number },
): NdArray {
  const members = new Map<string | number, number[]>();
  forEachIndex(x.shape, (...index) => {
    const key = group(index);
    members.set(key, [...(members.get(key) ?? []), at(x, ...index)]);
  });
  const statistics = new Map([...members].map(([key, values]) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return [key, { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length }];
  }));
  const y = ndarray(x.shape);
  forEachIndex(x.shape, (...index) => {
    const { mean, variance } = given ? given(index) : statistics.get(group(index))!;
    const w = weight ? at(weight, ...parameter(index)) : 1, b = bias ? at(bias, ...parameter(index)) : 0;
    setAt(y, ((at(x, ...index) - mean) / Math.sqrt(variance + eps)) * w + b, ...index);
  });
  return y;
}

const withAffine = (x: Shape, parameters: Shape, affine: boolean | undefined): Shape[] => (affine ? [x, parameters, parameters] : [x]);

// Channels around the vector width, positions around the block of rows whose sums are joined.
const maps: Shape[] = [[5, 3], [130, 4], [4, 5, 3], [2, 8, 7], [3, 1, 2, 3], [2, 9, 3, 4], [1, 17, 13, 11], [2, 4, 2, 3, 2], [2, 7, 1, 3, 3]];
const empties: Shape[] = [[0, 3], [0, 3, 4, 4], [2, 0, 3], [2, 3, 0, 5]];

const layouts = (shape: Shape): Common[] => (shape.length > 2 && shape.length < 6 ? [{ layout: "rowMajor" }, { layout: "channelsLast" }] : [{}]);

/** Running statistics of a case: any numbers, variances positive. */
const running = (c: number): { mean: NdArray; variance: NdArray } => {
  const variance = randomArray([c], 72);
  return { mean: randomArray([c], 71), variance: { ...variance, data: variance.data.map((value) => Math.fround(value * value + 0.25)) } };
};
const toVector = (x: NdArray): Tensor => tensor(Float32Array.from(x.data), x.shape);

type BatchCase = Common & BatchNormOptions;

export const batchNormSpec: OpSpec<BatchCase> = {
  name: "batchNorm",
  run: ([x, weight, bias], { layout, affine, ...options }) => {
    const { mean, variance } = running(x!.shape[1]!);
    return batchNorm(arranged(x!, layout), toVector(mean), toVector(variance), { weight, bias, ...options });
  },
  reference: ([x, weight, bias], { eps = 1e-5, training }) => {
    const { mean, variance } = running(x!.shape[1]!);
    const given = ([, c]: number[]) => ({ mean: mean.data[c!]!, variance: variance.data[c!]! });
    return normReference(x!, eps, ([, c]) => c!, ([, c]) => [c!], weight, bias, training ? undefined : given);
  },
  cases: [...maps, ...empties].flatMap((shape): Case<BatchCase>[] => layouts(shape).flatMap((layout, i) => [
    { shapes: withAffine(shape, [shape[1]!], true), options: { ...layout, training: true } },
    { shapes: [shape], options: { ...layout, training: true, eps: 0.1 } },
    { shapes: withAffine(shape, [shape[1]!], i === 0), options: { ...layout, affine: i === 0 } },
  ])),
  terms: ([x]) => x!.reduce((a, b) => a * b, 1) / Math.max(x![1]!, 1),
  affine: false,
  bad: [
    { name: "no tensor", call: () => batchNorm([1] as never, undefined, undefined), error: TypeError, message: /^batchNorm: x must be a tensor/ },
    { name: "one axis", call: () => batchNorm(zeros([3]), undefined, undefined, { training: true }), error: ShapeError, message: /^batchNorm: x must have at least 2 axes \[N, C, \.\.\.\], it has 1 \(x \[3\]\)/ },
    { name: "one value per channel", call: () => batchNorm(zeros([1, 3, 1, 1]), undefined, undefined, { training: true }), error: ShapeError, message: /^batchNorm: training needs more than 1 value per channel, got 1 \(x \[1, 3, 1, 1\]\)/ },
    { name: "no statistics", call: () => batchNorm(zeros([2, 3]), undefined, undefined), error: TypeError, message: /^batchNorm: runningMean and runningVar are needed unless training/ },
    { name: "one statistic", call: () => batchNorm(zeros([2, 3]), zeros([3]), undefined, { training: true }), error: TypeError, message: /^batchNorm: runningMean and runningVar must be given both or neither/ },
    { name: "shape of runningVar", call: () => batchNorm(zeros([2, 3]), zeros([3]), zeros([2])), error: ShapeError, message: /^batchNorm: runningVar must have shape \[3\], it has \[2\] \(x \[2, 3\]\)/ },
    { name: "shape of weight", call: () => batchNorm(zeros([2, 3]), zeros([3]), zeros([3]), { weight: zeros([1, 3]) }), error: ShapeError, message: /^batchNorm: weight must have shape \[3\], it has \[1, 3\]/ },
    { name: "bias of wrong kind", call: () => batchNorm(zeros([2, 3]), zeros([3]), zeros([3]), { bias: 1 as never }), error: TypeError, message: /^batchNorm: bias must be a tensor, got 1/ },
    { name: "negative eps", call: () => batchNorm(zeros([2, 3]), zeros([3]), zeros([3]), { eps: -1 }), error: RangeError, message: /^batchNorm: eps must be a finite number of at least 0, got -1/ },
    { name: "momentum NaN", call: () => batchNorm(zeros([2, 3]), zeros([3]), zeros([3]), { momentum: NaN }), error: RangeError, message: /^batchNorm: momentum must be finite, got NaN/ },
    { name: "training of wrong kind", call: () => batchNorm(zeros([2, 3]), zeros([3]), zeros([3]), { training: 1 as never }), error: TypeError, message: /^batchNorm: training must be true or false, got 1/ },
  ],
  flops: ([x]) => 8 * x!.reduce((a, b) => a * b),
  bench: [
    { shapes: [[8, 64, 56, 56], [64], [64]], options: { training: true } },
    { shapes: [[1, 64, 56, 56], [64], [64]], options: {} },
  ],
};

type InstanceCase = Common & Omit<InstanceNormOptions, "runningMean" | "runningVar">;
const spatial = maps.filter((shape) => shape.length > 2);

export const instanceNormSpec: OpSpec<InstanceCase> = {
  name: "instanceNorm",
  run: ([x, weight, bias], { layout, affine, useInputStats, ...options }) => {
    const { mean, variance } = running(x!.shape[1]!);
    const given = useInputStats === false ? { useInputStats, runningMean: toVector(mean), runningVar: toVector(variance) } : {};
    return instanceNorm(arranged(x!, layout), { weight, bias, ...given, ...options });
  },
  reference: ([x, weight, bias], { eps = 1e-5, useInputStats }) => {
    const { mean, variance } = running(x!.shape[1]!);
    const given = ([, c]: number[]) => ({ mean: mean.data[c!]!, variance: variance.data[c!]! });
    return normReference(x!, eps, ([n, c]) => `${n} ${c}`, ([, c]) => [c!], weight, bias, useInputStats === false ? given : undefined);
  },
  cases: [...spatial, [0, 3, 4, 4], [2, 3, 0, 5]].flatMap((shape): Case<InstanceCase>[] => layouts(shape).flatMap((layout) => [
    { shapes: withAffine(shape, [shape[1]!], true), options: { ...layout, affine: true } },
    { shapes: [shape], options: { ...layout, eps: 0.1 } },
    { shapes: [shape], options: { ...layout, useInputStats: false } },
  ])),
  terms: ([x]) => x!.reduce((a, b) => a * b, 1) / Math.max(x![1]!, 1),
  affine: false,
  bad: [
    { name: "one position", call: () => instanceNorm(zeros([4, 3, 1, 1])), error: ShapeError, message: /^instanceNorm: the statistics need more than 1 position, got 1 \(x \[4, 3, 1, 1\]\)/ },
    { name: "no positions at all", call: () => instanceNorm(zeros([4, 3])), error: ShapeError, message: /^instanceNorm: the statistics need more than 1 position/ },
    { name: "no statistics", call: () => instanceNorm(zeros([2, 3, 4]), { useInputStats: false }), error: TypeError, message: /^instanceNorm: runningMean and runningVar are needed unless useInputStats/ },
    { name: "one statistic", call: () => instanceNorm(zeros([2, 3, 4]), { runningVar: zeros([3]) }), error: TypeError, message: /^instanceNorm: runningMean and runningVar must be given both or neither/ },
    { name: "shape of bias", call: () => instanceNorm(zeros([2, 3, 4]), { bias: zeros([4]) }), error: ShapeError, message: /^instanceNorm: bias must have shape \[3\], it has \[4\]/ },
    { name: "shape of runningMean", call: () => instanceNorm(zeros([2, 3, 4]), { runningMean: zeros([2]), runningVar: zeros([3]) }), error: ShapeError, message: /^instanceNorm: runningMean must have shape \[3\], it has \[2\]/ },
    { name: "useInputStats of wrong kind", call: () => instanceNorm(zeros([2, 3, 4]), { useInputStats: "no" as never }), error: TypeError, message: /^instanceNorm: useInputStats must be true or false, got "no"/ },
  ],
};

type GroupCase = Common & { groups: number };

export const groupNormSpec: OpSpec<GroupCase> = {
  name: "groupNorm",
  run: ([x, weight, bias], { layout, affine, groups, ...options }) => groupNorm(arranged(x!, layout), groups, { weight, bias, ...options }),
  reference: ([x, weight, bias], { eps = 1e-5, groups }) => {
    const width = x!.shape[1]! / groups;
    return normReference(x!, eps, ([n, c]) => `${n} ${Math.floor(c! / width)}`, ([, c]) => [c!], weight, bias);
  },
  cases: ([
    [[3, 8], 2], [[2, 12], 1], [[2, 6, 5], 3], [[3, 5, 3], 1], [[2, 8, 3, 3], 2], [[2, 18, 2, 3], 2], [[1, 5, 3, 3], 5], [[2, 6, 2, 2, 3], 2], [[1, 3, 13, 11], 1],
    [[0, 4, 3], 2], [[2, 4, 0], 2],
  ] as [Shape, number][]).flatMap(([shape, groups]): Case<GroupCase>[] => layouts(shape).flatMap((layout) => [
    { shapes: withAffine(shape, [shape[1]!], true), options: { ...layout, affine: true, groups } },
    { shapes: [shape], options: { ...layout, groups, eps: 0.1 } },
  ])),
  terms: ([x]) => x!.reduce((a, b) => a * b, 1),
  affine: false,
  bad: [
    { name: "groups that do not divide", call: () => groupNorm(zeros([2, 6, 3]), 4), error: ShapeError, message: /^groupNorm: 6 channels are not divisible by 4 groups \(x \[2, 6, 3\]\)/ },
    { name: "no groups", call: () => groupNorm(zeros([2, 6, 3]), 0), error: RangeError, message: /^groupNorm: numGroups must be a positive integer, got 0/ },
    { name: "one value", call: () => groupNorm(zeros([1, 6, 1]), 6), error: ShapeError, message: /^groupNorm: the statistics need more than 1 value per group, got 1 \(x \[1, 6, 1\], numGroups 6\)/ },
    { name: "shape of weight", call: () => groupNorm(zeros([2, 6, 3]), 2, { weight: zeros([2]) }), error: ShapeError, message: /^groupNorm: weight must have shape \[6\], it has \[2\] \(x \[2, 6, 3\]\)/ },
    { name: "eps of wrong kind", call: () => groupNorm(zeros([2, 6, 3]), 2, { eps: "1" as never }), error: TypeError, message: /^groupNorm: eps must be a number, got "1"/ },
  ],
};

type LayerCase = Common & { normalized: number };

export const layerNormSpec: OpSpec<LayerCase> = {
  name: "layerNorm",
  run: ([x, weight, bias], { layout, affine, normalized, ...options }) => {
    const shape = x!.shape.slice(-normalized);
    return layerNorm(arranged(x!, layout), shape.length === 1 ? shape[0]! : shape, { weight, bias, ...options });
  },
  reference: ([x, weight, bias], { eps = 1e-5, normalized }) => {
    return normReference(x!, eps, (index) => index.slice(0, -normalized).join(), (index) => index.slice(-normalized), weight, bias);
  },
  cases: ([
    [[7], 1], [[5, 9], 1], [[5, 9], 2], [[130, 5], 1], [[300, 4], 1], [[2, 3, 8], 1], [[2, 3, 4], 2], [[2, 3, 4], 3], [[2, 5, 3, 4], 1], [[2, 5, 3, 4], 2], [[2, 5, 3, 4], 3],
    [[2, 5, 3, 4], 4], [[2, 3, 2, 2, 5], 1], [[2, 3, 2, 2, 3], 4], [[1, 2, 3, 1, 2, 5], 2], [[0, 4], 1], [[3, 0], 1],
  ] as [Shape, number][]).flatMap(([shape, normalized]): Case<LayerCase>[] => layouts(shape).flatMap((layout) => [
    { shapes: withAffine(shape, shape.slice(-normalized), true), options: { ...layout, affine: true, normalized } },
    { shapes: [shape], options: { ...layout, normalized, eps: 0.1 } },
  ])),
  terms: ([x]) => x!.reduce((a, b) => a * b, 1),
  affine: false,
  bad: [
    { name: "a last axis of another length", call: () => layerNorm(zeros([2, 3]), 4), error: ShapeError, message: /^layerNorm: x must end in normalizedShape \[4\] \(x \[2, 3\]\)/ },
    { name: "more axes than x has", call: () => layerNorm(zeros([3]), [2, 3]), error: ShapeError, message: /^layerNorm: x must end in normalizedShape \[2, 3\] \(x \[3\]\)/ },
    { name: "no axes", call: () => layerNorm(zeros([3]), []), error: ShapeError, message: /^layerNorm: normalizedShape must have at least 1 axis/ },
    { name: "a negative length", call: () => layerNorm(zeros([3]), -3), error: RangeError, message: /^layerNorm: normalizedShape must be an integer of at least 0, got -3/ },
    { name: "normalizedShape of wrong kind", call: () => layerNorm(zeros([3]), "3" as never), error: TypeError, message: /^layerNorm: shape must be an array of lengths, got "3"/ },
    { name: "shape of bias", call: () => layerNorm(zeros([2, 3]), 3, { bias: zeros([2]) }), error: ShapeError, message: /^layerNorm: bias must have shape \[3\], it has \[2\] \(x \[2, 3\]\)/ },
  ],
};

type ResponseCase = Common & LocalResponseNormOptions & { size: number };

export const localResponseNormSpec: OpSpec<ResponseCase> = {
  name: "localResponseNorm",
  run: ([x], { layout, size, ...options }) => localResponseNorm(arranged(x!, layout), size, options),
  reference: ([x], { size, alpha = 1e-4, beta = 0.75, k = 1 }) => {
    const y = ndarray(x!.shape);
    forEachIndex(x!.shape, (n, c, ...position) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += at(x!, n!, c! - Math.floor(size / 2) + i, ...position) ** 2;
      setAt(y, at(x!, n!, c!, ...position) / (k + (alpha * sum) / size) ** beta, n!, c!, ...position);
    });
    return y;
  },
  // Windows within, at and beyond the channels; vectors of windows between both borders.
  cases: ([
    [[2, 1, 3], 3], [[1, 3, 4], 2], [[2, 5, 3], 5], [[1, 16, 2, 3], 3], [[2, 17, 2, 2], 4], [[1, 9, 3, 3], 1], [[1, 4, 2, 2], 9], [[1, 5, 2, 2], 30],
    [[1, 13, 2, 1, 2], 6], [[0, 3, 4], 3], [[2, 0, 3], 3],
  ] as [Shape, number][]).flatMap(([shape, size]): Case<ResponseCase>[] => layouts(shape).flatMap((layout) => [
    { shapes: [shape], options: { ...layout, size } },
    { shapes: [shape], options: { ...layout, size, alpha: 2.5, beta: 0.5, k: 0.75 } },
    { shapes: [shape], options: { ...layout, size, alpha: 1, beta: 2, k: 2 } },
  ])),
  terms: (_, { size }) => size,
  affine: false,
  bad: [
    { name: "rank of x", call: () => localResponseNorm(zeros([2, 3]), 3), error: ShapeError, message: /^localResponseNorm: x must have at least 3 axes \[N, C, \.\.\.\], it has 2 \(x \[2, 3\]\)/ },
    { name: "an empty window", call: () => localResponseNorm(zeros([2, 3, 4]), 0), error: RangeError, message: /^localResponseNorm: size must be a positive integer, got 0/ },
    { name: "alpha NaN", call: () => localResponseNorm(zeros([2, 3, 4]), 3, { alpha: NaN }), error: RangeError, message: /^localResponseNorm: alpha must be finite, got NaN/ },
    { name: "beta of wrong kind", call: () => localResponseNorm(zeros([2, 3, 4]), 3, { beta: "1" as never }), error: TypeError, message: /^localResponseNorm: beta must be a number, got "1"/ },
  ],
};
