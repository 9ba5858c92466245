import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../src/index.ts";
import { record } from "../src/tape.ts";
import { type NdArray, ndarray, randomArray } from "./array.ts";
import { checkAdjoint, checkClose, checkGradients, checkShape } from "./check.ts";
import type { OpSpec } from "./specs/spec.ts";

// A correlation with 5 taps, y[i] = sum over t of k[t] x[i + t - 1], over n points: neither symmetric nor diagonal, with a
// known adjoint, and made here of plain loops, so that each kind of mistake can be put in on purpose.

const TAPS = 5;

function forward(k: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < y.length; i++) for (let t = 0; t < TAPS; t++) y[i]! += k[t]! * (x[i + t - 1] ?? 0);
  return y;
}

function adjoint(k: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  const dx = new Float64Array(dy.length);
  for (let i = 0; i < dx.length; i++) for (let t = 0; t < TAPS; t++) dx[i]! += k[t]! * (dy[i - t + 1] ?? 0);
  return dx;
}

type Adjoint = (k: ArrayLike<number>, dy: ArrayLike<number>) => Float64Array;

const mistakes: Record<string, Adjoint> = {
  "sign": (k, dy) => adjoint(k, dy).map((value) => -value),
  "scale, 0.05 % too large": (k, dy) => adjoint(k, dy).map((value) => value * 1.0005),
  "scale, 0.05 % too small": (k, dy) => adjoint(k, dy).map((value) => value * 0.9995),
  "shift by one element": (k, dy) => adjoint(k, dy).map((_, i, dx) => dx[i - 1] ?? 0),
  "transposition": forward,
  "one element of the wrong sign": (k, dy) => largest(adjoint(k, dy), (value) => -value),
  "one element left out": (k, dy) => largest(adjoint(k, dy), () => 0),
  "zero": (_, dy) => new Float64Array(dy.length),
  "NaN in one element": (k, dy) => largest(adjoint(k, dy), () => NaN),
};

function largest(dx: Float64Array, change: (value: number) => number): Float64Array {
  const i = dx.reduce((best, value, j) => (Math.abs(value) > Math.abs(dx[best]!) ? j : best), 0);
  dx[i] = change(dx[i]!);
  return dx;
}

const onTensors = (f: (x: ArrayLike<number>) => Float64Array) => (x: Tensor): Tensor => tensor(Float32Array.from(f(x.data())), x.shape);

/** A spec whose operation is right forwards and pulls back by `pull`. */
function specOf(k: ArrayLike<number>, pull: Adjoint, power: 1 | 2): OpSpec<object> {
  const map = (x: ArrayLike<number>) => forward(k, Float64Array.from(x, (value) => value ** power));
  return {
    name: "correlation",
    run: ([x]) => {
      const back = (dy: ArrayLike<number>) => pull(k, dy).map((value, i) => (power === 1 ? value : 2 * x!.view()[i]! * value));
      return record(onTensors(map)(x!), [x!, onTensors(back)]);
    },
    reference: ([x]): NdArray => ndarray(x!.shape, map(x!.data)),
    cases: [],
    terms: () => TAPS,
    affine: power === 1,
    bad: [],
  };
}

// From sizes that are checked element by element to one where a random inner product is all tolerance.
const sizes = [9, 100, 5000];
// Several operators each: no checker may owe its verdict to one lucky set of numbers.
const operators = Array.from({ length: 12 }, (_, i) => randomArray([TAPS], 100 + i).data);

describe.each(sizes)("%i elements", (n) => {
  test("the right adjoint is accepted", () => {
    for (const k of operators) {
      checkAdjoint("right", onTensors((x) => forward(k, x)), onTensors((dy) => adjoint(k, dy)), [n], TAPS);
      checkGradients(specOf(k, adjoint, 1), { shapes: [[n]], options: {} });
      checkGradients(specOf(k, adjoint, 2), { shapes: [[n]], options: {} });
    }
  });

  test.each(Object.entries(mistakes))("rejected: %s", (_, wrong) => {
    for (const k of operators) {
      const check = () => checkAdjoint("wrong", onTensors((x) => forward(k, x)), onTensors((dy) => wrong(k, dy)), [n], TAPS);
      expect(check).toThrow(/<A x, y> = /);
      expect(() => checkGradients(specOf(k, wrong, 1), { shapes: [[n]], options: {} })).toThrow(/gradient of argument 0/);
      expect(() => checkGradients(specOf(k, wrong, 2), { shapes: [[n]], options: {} })).toThrow(/gradient of argument 0/);
    }
  });
});

test("a gradient of another shape is rejected", () => {
  const check = () => checkAdjoint("wrong", onTensors((x) => Float64Array.from(x)), (dy) => tensor(dy.data(), [3, 2]), [2, 3], 1);
  expect(check).toThrow("wrong: adjoint: shape [3,2], expected [2,3]");
  expect(() => checkShape("x", [2, 3], [6])).toThrow("x: shape [2,3], expected [6]");
  expect(() => checkShape("x", [1], [])).toThrow("x: shape [1], expected []");
});

describe("checkClose", () => {
  const expected = randomArray([50], 1).data;
  const change = (i: number, value: number) => Float64Array.from(expected, (old, j) => (i === j ? value : old));

  test("accepts what float32 arithmetic gives", () => {
    checkClose("equal", expected, expected, 1);
    checkClose("rounded", Float32Array.from(expected, (value) => value * (1 + 2 ** -23)), expected, 1);
    checkClose("empty", [], [], 1);
    checkClose("special", [NaN, Infinity, -Infinity, 1], [NaN, Infinity, -Infinity, 1], 1);
    checkClose("zeros", [0, -0], [-0, 0], 1);
  });

  test("rejects a relative error of 1e-5 in sums of up to 1000 terms", () => {
    for (const terms of [1, 100, 1000]) {
      expect(() => checkClose("scaled", expected.map((value) => value * (1 + 1e-5)), expected, terms)).toThrow(/scaled: element \d+ is/);
      expect(() => checkClose("scaled", expected.map((value) => value * (1 - 1e-5)), expected, terms)).toThrow(/off by/);
    }
  });

  test("rejects one wrong element, wherever it is", () => {
    for (const i of [0, 7, 49]) {
      expect(() => checkClose("wrong", change(i, expected[i]! + 1e-4), expected, 100)).toThrow(`wrong: element ${i} is`);
      expect(() => checkClose("wrong", change(i, -expected[i]!), expected, 100)).toThrow(`wrong: element ${i} is`);
    }
  });

  test("rejects NaN and infinities where a number is expected, and numbers where they are", () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(() => checkClose("x", change(3, value), expected, 1e9)).toThrow(/element 3/);
      for (const other of [0, 1e30, NaN, Infinity, -Infinity]) {
        if (!Object.is(value, other)) expect(() => checkClose("x", [1, other], [1, value], 1e9)).toThrow(/element 1/);
      }
    }
  });

  test("rejects another number of elements", () => {
    expect(() => checkClose("x", [1, 2], [1, 2, 3], 1)).toThrow("x: 2 elements, expected 3");
    expect(() => checkClose("x", [1, 2, 3], [1, 2], 1)).toThrow("x: 3 elements, expected 2");
    expect(() => checkClose("x", [], [1], 1)).toThrow("x: 0 elements, expected 1");
  });
});
