// Reads what scripts/golden wrote: expected values from PyTorch in float64, one file per family of operations.

import { type DType, gradients, scope, type Shape, type Tensor } from "../../src/index.ts";
import { add } from "../../src/ops/add.ts";
import { mul } from "../../src/ops/mul.ts";
import { sum } from "../../src/ops/sum.ts";
import { toLayout } from "../../src/tensor.ts";
import { dot, type NdArray, randomArray } from "../array.ts";
import { checkClose, checkShape, EPSILON, toTensor } from "../check.ts";

/** A family's file. The seed is that of its configurations; those of the arrays follow from a configuration's number. */
export interface GoldenFile {
  provenance: { script: string; torch: string; precision: string; seed: string };
  /** Names of the parts of a row. */
  columns: string[];
  configs: Row[];
}

type Row = [shapes: Shape[], options: any, outputs: Shape[], results: Projections[], more?: More];

interface More {
  /** Arguments are rounded down to multiples of 1 / levels, so that values coincide. */
  levels?: number;
  /** Arguments are multiplied by it. */
  scale?: number;
  /** It is added to the arguments. */
  shift?: number;
  /** How many of the last arguments have no gradient. */
  constants?: number;
  /** Every element of the outputs and gradients, where there are few. */
  values?: number[][];
}

/** A row, taken apart. */
export interface GoldenConfig extends More {
  /** Shapes of the tensor arguments. */
  shapes: Shape[];
  options: any;
  /** Shapes of the outputs. */
  outputs: Shape[];
  /** Of the outputs and of each argument's gradient: the largest magnitude, then inner products with random directions. */
  results: Projections[];
}

export type Projections = [largest: number, ...products: number[]];

/**
 * How this package computes a family, and the longest sum behind an element: of everything, or of each output and gradient. 0
 * stands where elements are selected and not computed, which leaves no room for rounding.
 */
export interface Family {
  name: string;
  file: GoldenFile;
  run: (inputs: Tensor[], options: any) => Tensor<DType> | Tensor<DType>[];
  terms: (config: GoldenConfig) => number | number[];
}

export function configOf([shapes, options, outputs, results, more]: Row): GoldenConfig {
  return { shapes, options, outputs, results, ...more };
}

// Seeds of configuration i: SEEDS_EACH * i plus one of these offsets, as in scripts/golden.
const SEEDS_EACH = 64, INPUT = 1, OUTPUT_GRADIENT = 11, PROJECTION = 21;

// Half a unit of the tenth digit, for products of up to ten times their direction's length.
const TEN_DIGITS = 5e-9;

/** Outputs and gradients of configuration `index` against PyTorch's. Every second one gets its maps and filters in the other layout. */
export function checkGolden({ name, file, run, terms }: Family, index: number): void {
  scope(() => {
    const config = configOf(file.configs[index]!);
    const seed = SEEDS_EACH * index;
    const tensors = config.shapes.map((shape, i) => {
      const x = toTensor(prepare(config, randomArray(shape, seed + INPUT + i)));
      if (index % 2 === 0 || shape.length < 3 || shape.length > 5) return x;
      return toLayout(x, x.layout === "rowMajor" ? "channelsLast" : "rowMajor");
    });
    const variables = tensors.slice(0, tensors.length - (config.constants ?? 0));
    const results: ArrayLike<number>[] = [], what: string[] = [];
    const { grads } = gradients(() => {
      const outputs = [run(tensors, config.options)].flat();
      const count = config.outputs.length;
      if (outputs.length !== count) throw new Error(`${name}: ${outputs.length} outputs, expected ${count}`);
      const products = outputs.map((y, i) => {
        checkShape(`${name}: output ${i}`, y.shape, config.outputs[i]!);
        results.push(y.data());
        what.push(`${name}: output ${i}`);
        return isFloat(y) ? sum(mul(y, toTensor(randomArray(y.shape, seed + OUTPUT_GRADIENT + i)))) : undefined;
      }).filter((product) => product !== undefined);
      return products.length > 0 ? products.reduce((a, b) => add(a, b)) : sum(tensors[0]!);
    }, variables);
    if (config.results.length > results.length) variables.forEach((x, i) => {
      what.push(`${name}: gradient of argument ${i}`);
      checkShape(what.at(-1)!, grads.get(x)!.shape, config.shapes[i]!);
      results.push(grads.get(x)!.data());
    });
    const counts = [terms(config)].flat();
    config.results.forEach((expected, i) => {
      const count = counts[i] ?? counts[0]!;
      checkProjections(what[i]!, results[i]!, expected, projectionSeeds(seed, i, expected), count);
      if (config.values) checkValues(what[i]!, results[i]!, config.values[i]!, count);
    });
  });
}

function isFloat(y: Tensor<DType>): y is Tensor {
  return y.dtype === "float32";
}

function checkValues(what: string, got: ArrayLike<number>, expected: number[], terms: number): void {
  if (terms > 0) checkClose(what, got, expected, terms);
  // Ten digits tell float32 numbers apart.
  else if (String(got) !== String(Float32Array.from(expected))) throw new Error(`${what}: ${got}, expected ${expected}`);
}

/** The arguments as scripts/golden prepares them. */
function prepare({ levels, scale = 1, shift = 0 }: GoldenConfig, x: NdArray): NdArray {
  const prepared = x.data.map((value) => (levels === undefined ? value : Math.floor(value * levels) / levels) * scale + shift);
  return { shape: x.shape, data: prepared };
}

/** Random signs and magnitudes between a half and 1, as in scripts/golden. */
export function direction(size: number, seed: number): Float64Array {
  return randomArray([size], seed).data.map((r) => ((r < 0 ? -1 : 1) * (1 + Math.abs(r))) / 2);
}

function projectionSeeds(seed: number, result: number, expected: Projections): number[] {
  const count = expected.length - 1;
  return expected.slice(1).map((_, j) => seed + PROJECTION + count * result + j);
}

/**
 * Inner products of `got` with random directions against the expected ones. The directions have no structure, and no element
 * below a half: one that is wrong, missing or in another's place moves each product by at least half of its error.
 *
 * The tolerance is that of `checkClose`, propagated: every element may be off by epsilon (4 + sqrt(terms)) (|expected| +
 * largest), at most epsilon (4 + sqrt(terms)) 2 largest, and independent errors e_i add up to the root of the sum of
 * (e_i v_i)^2, that is to the bound of one element times |v|. Where nothing is computed (terms 0) what remains is that the
 * expected products have ten digits.
 */
export function checkProjections(what: string, got: ArrayLike<number>, expected: Projections, seeds: number[], terms: number): void {
  const [largest, ...products] = expected;
  products.forEach((product, j) => {
    const v = direction(got.length, seeds[j]!);
    const projected = dot(got, v);
    const relative = terms > 0 ? EPSILON * (4 + Math.sqrt(terms)) : TEN_DIGITS;
    const bound = relative * 2 * largest * Math.sqrt(dot(v, v));
    if (!(Math.abs(projected - product) <= bound)) {
      throw new Error(`${what}: projection ${j} is ${projected}, expected ${product}, off by ${projected - product}, allowed ${bound}`);
    }
  });
}
