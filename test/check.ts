// The checkers. Each throws with a message that says what is wrong; `check.test.ts` feeds them wrong adjoints.

import { gradients, scope, type Shape, type Tensor, tensor } from "../src/index.ts";
import { mul } from "../src/ops/mul.ts";
import { sum } from "../src/ops/sum.ts";
import { dot, type NdArray, plus, randomArray } from "./array.ts";
import type { Case, OpSpec } from "./specs/spec.ts";

/** Unit roundoff of float32. */
export const EPSILON = 2 ** -23;

/**
 * The one tolerance: |got - expected| <= epsilon (4 + sqrt(terms)) (|expected| + largest |expected|), `terms` being the
 * longest sum behind an element. Rounding errors of a sum grow like the square root of its length; elements that cancel are
 * judged by the size of their neighbours.
 */
export function checkClose(what: string, got: ArrayLike<number>, expected: ArrayLike<number>, terms: number): void {
  if (got.length !== expected.length) throw new Error(`${what}: ${got.length} elements, expected ${expected.length}`);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) if (Number.isFinite(expected[i]!)) largest = Math.max(largest, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const bound = EPSILON * (4 + Math.sqrt(terms)) * (Math.abs(expected[i]!) + largest);
    if (!(Math.abs(got[i]! - expected[i]!) <= bound) && !Object.is(got[i], expected[i])) {
      throw new Error(`${what}: element ${i} is ${got[i]}, expected ${expected[i]}, off by ${got[i]! - expected[i]!}, allowed ${bound}`);
    }
  }
}

export function checkShape(what: string, got: Shape, expected: Shape): void {
  if (String(got) !== String(expected)) throw new Error(`${what}: shape [${got}], expected [${expected}]`);
}

/** <A x, y> = <x, A* y> for random x and y: shape, sign, scale, shift and transposition of an adjoint at once. */
export function checkAdjoint(what: string, forward: (x: Tensor) => Tensor, adjoint: (dy: Tensor) => Tensor, shape: Shape, terms: number): void {
  scope(() => {
    const x = randomArray(shape, 11);
    const y = forward(toTensor(x));
    const dy = randomArray(y.shape, 12);
    const dx = adjoint(toTensor(dy));
    checkShape(`${what}: adjoint`, dx.shape, shape);
    checkInnerProducts(what, y.data(), dy.data, x.data, dx.data(), terms);
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
 * Every gradient against the reference: for a random dy and a random direction v in each argument, <v, dx> must equal the
 * directional difference of <reference(x), dy> along v. The difference is central and in double precision: exact for affine
 * operations with step 1, and good to about 1e-9 with step 1e-4 for smooth ones; `step` overrides both.
 */
export function checkGradients<O>(spec: OpSpec<O>, { shapes, options }: Case<O>): void {
  scope(() => {
    const inputs = shapes.map((shape, i) => randomArray(shape, i + 1));
    const tensors = inputs.map(toTensor);
    const dy = randomArray(spec.reference(inputs, options).shape, 99);
    const weights = toTensor(dy);
    const { grads } = gradients(() => sum(mul(spec.run(tensors, options), weights)), tensors);
    const step = spec.step ?? (spec.affine ? 1 : 1e-4);
    inputs.forEach((input, i) => {
      const v = randomArray(input.shape, 50 + i);
      const value = (t: number): NdArray => spec.reference(inputs.map((x, j) => (j === i ? plus(x, t, v) : x)), options);
      const up = value(step), down = value(-step);
      const slope = up.data.map((y, k) => (y - down.data[k]!) / (2 * step));
      const dx = grads.get(tensors[i]!)!;
      checkShape(`${spec.name}: gradient of argument ${i}`, dx.shape, input.shape);
      checkInnerProducts(`${spec.name}: gradient of argument ${i}`, slope, dy.data, v.data, dx.data(), spec.terms(shapes, options));
    });
  });
}

export function toTensor(x: NdArray): Tensor {
  return tensor(Float32Array.from(x.data), x.shape);
}

/** How a case reads in a test's name: `2x3x5x5 * 4x3x3x3 {"stride":2}`. */
export function title<O>({ shapes, options }: Case<O>): string {
  const text = JSON.stringify(options);
  return shapes.map((shape) => shape.join("x") || "scalar").join(" * ") + (text && text !== "{}" ? ` ${text.replaceAll('"', "")}` : "");
}
