// Reads what scripts/golden.py wrote: expected values from PyTorch in float64, one file per operation.

import { gradients, scope, type Shape, type Tensor } from "../../src/index.ts";
import { mul } from "../../src/ops/mul.ts";
import { sum } from "../../src/ops/sum.ts";
import { dot, type NdArray, randomArray } from "../array.ts";
import { checkClose, checkShape, EPSILON, toTensor } from "../check.ts";

/** A family's file. The seed is that of its configurations; those of the arrays follow from a configuration's number. */
export interface GoldenFile<Options> {
  provenance: { script: string; torch: string; precision: string; seed: string };
  configs: GoldenConfig<Options>[];
}

export interface GoldenConfig<Options> {
  /** Shapes of the tensor arguments. */
  shapes: Shape[];
  options: Options;
  /** Arguments are multiples of 1 / levels, so that values coincide. */
  levels?: number;
  /** Arguments are multiplied by it. */
  scale?: number;
  outputShape: Shape;
  /** Of the output and of each argument's gradient: the largest magnitude, then inner products with random arrays. */
  results: Projections[];
  /** Every element of the same, where there are few. */
  values?: number[][];
}

export type Projections = [largest: number, ...products: number[]];

/**
 * How this package computes a family, and the longest sum behind an element of the output and of each gradient: 0 where elements
 * are selected and not computed, which leaves no room for rounding.
 */
export interface Family<Options = any> {
  name: string;
  file: GoldenFile<Options>;
  run: (inputs: Tensor[], options: Options) => Tensor;
  terms: (config: GoldenConfig<Options>) => number[];
}

// Seeds of configuration i: SEEDS_EACH * i plus one of these offsets, as in scripts/golden.py.
const SEEDS_EACH = 64, INPUT = 1, OUTPUT_GRADIENT = 11, PROJECTION = 21;

// Half a unit of the tenth digit, for products of up to ten times their direction's length.
const TEN_DIGITS = 5e-9;

/** Output and gradients of configuration `index` against PyTorch's. */
export function checkGolden<Options>({ name, file, run, terms }: Family<Options>, index: number): void {
  scope(() => {
    const config = file.configs[index]!;
    const seed = SEEDS_EACH * index;
    const tensors = config.shapes.map((shape, i) => toTensor(prepare(config, randomArray(shape, seed + INPUT + i))));
    const weights = toTensor(randomArray(config.outputShape, seed + OUTPUT_GRADIENT));
    let y: ArrayLike<number> = [];
    const { grads } = gradients(() => {
      const output = run(tensors, config.options);
      checkShape(`${name}: output`, output.shape, config.outputShape);
      y = output.data();
      return sum(mul(output, weights));
    }, tensors);
    tensors.forEach((x, i) => checkShape(`${name}: gradient of argument ${i}`, grads.get(x)!.shape, config.shapes[i]!));
    const results = [y, ...tensors.map((x) => grads.get(x)!.data())];
    const counts = terms(config);
    results.forEach((got, i) => {
      const what = `${name}: ${i === 0 ? "output" : `gradient of argument ${i - 1}`}`;
      const expected = config.results[i]!;
      checkProjections(what, got, expected, projectionSeeds(seed, i, expected), counts[i]!);
      if (config.values) checkValues(what, got, config.values[i]!, counts[i]!);
    });
  });
}

function checkValues(what: string, got: ArrayLike<number>, expected: number[], terms: number): void {
  if (terms > 0) checkClose(what, got, expected, terms);
  // Ten digits tell float32 numbers apart.
  else if (String(got) !== String(Float32Array.from(expected))) throw new Error(`${what}: ${got}, expected ${expected}`);
}

/** The arguments as scripts/golden.py prepares them. */
function prepare({ levels, scale = 1 }: GoldenConfig<unknown>, x: NdArray): NdArray {
  return { shape: x.shape, data: x.data.map((value) => (levels === undefined ? value : Math.floor(value * levels) / levels) * scale) };
}

function projectionSeeds(seed: number, result: number, expected: Projections): number[] {
  const count = expected.length - 1;
  return expected.slice(1).map((_, j) => seed + PROJECTION + count * result + j);
}

/**
 * Inner products of `got` with the random array of each seed, against the expected ones. The directions have no structure and
 * no zeros: an element that is wrong, missing or in another's place moves every product by its error times some number up
 * to 1, and four products do not all pick a small one.
 *
 * The tolerance is that of `checkClose`, propagated: every element may be off by epsilon (4 + sqrt(terms)) (|expected| +
 * largest), at most epsilon (4 + sqrt(terms)) 2 largest, and independent errors e_i add up to the root of the sum of
 * (e_i v_i)^2, that is to the bound of one element times |v|. Where nothing is computed (terms 0) what remains is that the
 * expected products have ten digits.
 */
export function checkProjections(what: string, got: ArrayLike<number>, expected: Projections, seeds: number[], terms: number): void {
  const [largest, ...products] = expected;
  products.forEach((product, j) => {
    const v = randomArray([got.length], seeds[j]!).data;
    const projected = dot(got, v);
    const relative = terms > 0 ? EPSILON * (4 + Math.sqrt(terms)) : TEN_DIGITS;
    const bound = relative * 2 * largest * Math.sqrt(dot(v, v));
    if (!(Math.abs(projected - product) <= bound)) {
      throw new Error(`${what}: projection ${j} is ${projected}, expected ${product}, off by ${projected - product}, allowed ${bound}`);
    }
  });
}
