// The checkers. Each throws with a message that says what is wrong; `check.test.ts` feeds them wrong adjoints.

import { gradients, scope, type Shape, type Tensor, tensor } from "../src/index.ts";
import { mul } from "../src/ops/mul.ts";
import { sum } from "../src/ops/sum.ts";
import { dot, type NdArray, ndarray, plus, randomArray } from "./array.ts";
import type { Case, OpSpec } from "./specs/spec.ts";

/** Machine epsilon of float32: the distance from 1 to the next number. */
export const EPSILON = 2 ** -23;

/**
 * The one tolerance: |got - expected| <= epsilon (4 + sqrt(terms)) (|expected| + largest |expected|), `terms` being the
 * longest sum behind an element. Rounding errors of a sum grow like the square root of its length; elements that cancel are
 * judged by the size of their neighbours. NaN and infinities must be met exactly.
 */
export function checkClose(what: string, got: ArrayLike<number>, expected: ArrayLike<number>, terms: number): void {
  if (got.length !== expected.length) throw new Error(`${what}: ${got.length} elements, expected ${expected.length}`);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) if (Number.isFinite(expected[i]!)) largest = Math.max(largest, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const bound = Number.isFinite(expected[i]!) ? EPSILON * (4 + Math.sqrt(terms)) * (Math.abs(expected[i]!) + largest) : 0;
    if (!(Math.abs(got[i]! - expected[i]!) <= bound) && !Object.is(got[i], expected[i])) {
      throw new Error(`${what}: element ${i} is ${got[i]}, expected ${expected[i]}, off by ${got[i]! - expected[i]!}, allowed ${bound}`);
    }
  }
}

export function checkShape(what: string, got: Shape, expected: Shape): void {
  if (String(got) !== String(expected)) throw new Error(`${what}: shape [${got}], expected [${expected}]`);
}

/**
 * <A x, y> = <x, A* y>: shape, sign, scale, shift and transposition of an adjoint at once. With a random y the two products
 * are sums that cancel, of the size of their own tolerance where they are long; with y = A x both are |A x|^2, where an error
 * of a part in ten thousand shows at any length.
 */
export function checkAdjoint(what: string, forward: (x: Tensor) => Tensor, adjoint: (dy: Tensor) => Tensor, shape: Shape, terms: number): void {
  scope(() => {
    const x = randomArray(shape, 11);
    const y = forward(toTensor(x));
    for (const dy of [randomArray(y.shape, 12), ndarray(y.shape, y.data())]) {
      const dx = adjoint(toTensor(dy));
      checkShape(`${what}: adjoint`, dx.shape, shape);
      checkInnerProducts(what, y.data(), dy.data, x.data, dx.data(), terms);
    }
  });
}

// Two inner products that must agree, with a bound from the sizes of what they sum.
function checkInnerProducts(what: string, y: ArrayLike<number>, dy: ArrayLike<number>, x: ArrayLike<number>, dx: ArrayLike<number>, terms: number): void {
  const left = dot(y, dy), right = dot(x, dx);
  const norm = Math.max(Math.sqrt(dot(y, y) * dot(dy, dy)), Math.sqrt(dot(x, x) * dot(dx, dx)));
  const bound = EPSILON * (4 + Math.sqrt(terms)) * norm;
  if (!(Math.abs(left - right) <= bound)) {
    throw new Error(`${what}: <A x, y> = ${left}, <x, A* y> = ${right}, off by ${left - right}, allowed ${bound}`);
  }
}

/** The forward pass against the reference. */
export function checkForward<O>(spec: OpSpec<O>, { shapes, options }: Case<O>): void {
  scope(() => {
    const inputs = shapes.map((shape, i) => randomArray(shape, i + 1));
    const expected = spec.reference(inputs, options);
    const y = spec.run(inputs.map(toTensor), options);
    checkShape(spec.name, y.shape, expected.shape);
    checkClose(`${spec.name}: forward`, y.data(), expected.data, spec.terms(shapes, options));
  });
}

/**
 * Every gradient against the reference, whose differences are central and in double precision: exact for affine operations
 * with step 1, and good to about 1e-9 with step 1e-4 for smooth ones; `step` overrides both. With a random dy and the value
 * <reference(x), dy>,
 *
 * - along a direction v, the difference must equal <v, dx>: for a random v, and for v = dx, where both are |dx|^2 and nothing
 *   cancels, so that a wrong scale or a single wrong element shows in any size;
 * - element by element, where that is cheap, the differences must be dx.
 */
export function checkGradients<O>(spec: OpSpec<O>, { shapes, options }: Case<O>): void {
  scope(() => {
    const inputs = shapes.map((shape, i) => randomArray(shape, i + 1));
    const tensors = inputs.map(toTensor);
    const dy = randomArray(spec.reference(inputs, options).shape, 99);
    const weights = toTensor(dy);
    const { grads } = gradients(() => sum(mul(spec.run(tensors, options), weights)), tensors);
    const terms = spec.terms(shapes, options);
    const step = spec.step ?? (spec.affine ? 1 : 1e-4);
    inputs.forEach((input, i) => {
      const what = `${spec.name}: gradient of argument ${i}`;
      const value = (v: NdArray, t: number) => spec.reference(inputs.map((x, j) => (j === i ? plus(x, t, v) : x)), options).data;
      const slope = (v: NdArray): Float64Array => {
        const up = value(v, step), down = value(v, -step);
        return up.map((y, k) => (y - down[k]!) / (2 * step));
      };
      const gradient = grads.get(tensors[i]!)!;
      checkShape(what, gradient.shape, input.shape);
      const dx = gradient.data();
      for (const v of [randomArray(input.shape, 50 + i), unit(ndarray(input.shape, dx))]) {
        checkInnerProducts(what, slope(v), dy.data, v.data, dx, terms);
      }
      if (dx.length * Math.max(dx.length, dy.data.length) > ELEMENTWISE_WORK) return;
      const expected = input.data.map((_, k) => {
        const axis = ndarray(input.shape);
        axis.data[k] = 1;
        return dot(slope(axis), dy.data);
      });
      checkClose(`${what}, element by element`, dx, expected, terms);
    });
  });
}

// A reference costs about its output's size, and element by element it runs twice for each element of the input.
const ELEMENTWISE_WORK = 2 ** 10;

/** Scaled to a largest element of 1, so that a step along it is as small as one along a random direction. */
function unit(v: NdArray): NdArray {
  const largest = v.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { shape: v.shape, data: v.data.map((value) => value / (largest || 1)) };
}

export function toTensor(x: NdArray): Tensor {
  return tensor(Float32Array.from(x.data), x.shape);
}

/** How a case reads in a test's name: `2x3x5x5 * 4x3x3x3 {"stride":2}`. */
export function title<O>({ shapes, options }: Case<O>): string {
  const text = JSON.stringify(options);
  return shapes.map((shape) => shape.join("x") || "scalar").join(" * ") + (text && text !== "{}" ? ` ${text.replaceAll('"', "")}` : "");
}
