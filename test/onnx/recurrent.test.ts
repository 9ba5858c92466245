import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memory, type MemoryReport } from "../../src/index.ts";
import type { AttributeSpec, TensorSpec } from "./encode.ts";
import { counting, runNode } from "./run.ts";

// Recurrent layers against ONNX's equations as plain loops.

let before: MemoryReport;
beforeEach(() => void (before = memory()));
afterEach(() => expect(memory()).toEqual({ ...before, capacity: expect.any(Number) }));

const [length, n, size, hidden] = [4, 2, 3, 5];
const wavy = (shape: readonly number[], step: number): TensorSpec => {
  return { shape, data: counting(shape).data!.map((i) => Math.sin(step * i + 0.3)) };
};
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

type Numbers = readonly number[];
/** The next state of one sample, from its shares of the gates: of the input, and of a state that is asked for; both with their biases. */
type Equations = (x: Numbers, recurrent: (h: Numbers) => Numbers, h: Numbers, c: Numbers) => { h: number[]; c: number[] };
const units = Array.from({ length: hidden }, (_, j) => j);

const equations: [string, string, number, Record<string, AttributeSpec>, Equations][] = [
  ["LSTM", "", 4, {}, (x, recurrent, h, c) => {
    const r = recurrent(h), gate = (k: number, j: number): number => x[k * hidden + j]! + r[k * hidden + j]!;
    const next = units.map((j) => sigmoid(gate(2, j)) * c[j]! + sigmoid(gate(0, j)) * Math.tanh(gate(3, j)));
    return { h: units.map((j) => sigmoid(gate(1, j)) * Math.tanh(next[j]!)), c: next };
  }],
  ...[0, 1].map((after): [string, string, number, Record<string, AttributeSpec>, Equations] => [
    "GRU", `, linear_before_reset ${after}`, 3, { linear_before_reset: after }, (x, recurrent, h, c) => {
    const r = recurrent(h), gate = (k: number, j: number): number => sigmoid(x[k * hidden + j]! + r[k * hidden + j]!);
    const reset = recurrent(h.map((value, j) => value * gate(1, j)));
    return {
      h: units.map((j) => {
        const inner = Math.tanh(x[2 * hidden + j]! + (after ? gate(1, j) * r[2 * hidden + j]! : reset[2 * hidden + j]!));
        return (1 - gate(0, j)) * inner + gate(0, j) * h[j]!;
      }),
      c: [...c],
    };
  }]),
  ["RNN", "", 1, {}, (x, recurrent, h, c) => ({ h: recurrent(h).map((value, j) => Math.tanh(x[j]! + value)), c: [...c] })],
  ["RNN", " of Relu", 1, { activations: ["Relu", "Relu"] }, (x, recurrent, h, c) => {
    return { h: recurrent(h).map((value, j) => Math.max(0, x[j]! + value)), c: [...c] };
  }],
];

describe.each(equations)("%s%s", (op, _, gates, attributes, next) => {
  const outputs = ["y", "hn", ...(op === "LSTM" ? ["cn"] : [])];
  test.each(["forward", "reverse", "bidirectional"])("%s", (direction) => {
    const d = direction === "bidirectional" ? 2 : 1, rows = gates * hidden;
    const x = wavy([length, n, size], 1.7), w = wavy([d, rows, size], 0.9), r = wavy([d, rows, hidden], 1.3), b = wavy([d, 2 * rows], 2.1);
    const h = wavy([d, n, hidden], 0.7), c = wavy([d, n, hidden], 0.4);
    const got = runNode(op, { x, h, ...(op === "LSTM" ? { c } : {}) }, {
      constants: { w, r, b }, outputs, order: ["x", "w", "r", "b", "", "h", ...(op === "LSTM" ? ["c"] : [])],
      attributes: { ...attributes, hidden_size: hidden, direction: direction,
        ...(op === "RNN" && attributes["activations"] === undefined ? { activations: ["Tanh", "Tanh"] } : {}) },
    });
    expect(got["y"]!.shape).toEqual([length, d, n, hidden]);
    expect(got["hn"]!.shape).toEqual([d, n, hidden]);
    for (let k = 0; k < d; k++) {
      for (let i = 0; i < n; i++) {
        const dot = (weights: TensorSpec, row: number, v: Numbers, at: number): number => {
          const weight = (j: number): number => weights.data![(k * rows + row) * v.length + j]!;
          return v.reduce((sum, value, j) => sum + value * weight(j), b.data![k * 2 * rows + at * rows + row]!);
        };
        const all = Array.from({ length: rows }, (_, row) => row), from = (k * n + i) * hidden;
        const own = ({ data }: { data?: readonly number[] | undefined }): number[] => data!.slice(from, from + hidden);
        let state = { h: own(h), c: own(c) };
        for (let step = 0; step < length; step++) {
          const t = direction === "reverse" || k === 1 ? length - 1 - step : step;
          const v = x.data!.slice((t * n + i) * size, (t * n + i + 1) * size);
          state = next(all.map((row) => dot(w, row, v, 0)), (y) => all.map((row) => dot(r, row, y, 1)), state.h, state.c);
          state.h.forEach((value, j) => expect(Math.abs(got["y"]!.data[((t * d + k) * n + i) * hidden + j]! - value)).toBeLessThan(5e-6));
        }
        expect(own(got["hn"]!)).toEqual(state.h.map((value) => expect.closeTo(value, 5)));
        if (op === "LSTM") expect(own(got["cn"]!)).toEqual(state.c.map((value) => expect.closeTo(value, 5)));
      }
    }
  });
});

test.each<[string, Record<string, AttributeSpec>, Record<string, TensorSpec>, string[], string]>([
  ["clip", { clip: { float: 2 } }, {}, [], 'attribute "clip" is not supported, it is 2'],
  ["other activations", { activations: ["Sigmoid", "Relu"] }, {}, [], "activations Sigmoid, Relu are not supported, Sigmoid, Tanh are"],
  ["sequences of their own lengths", {}, { own: { type: "int32", shape: [1], data: [2] } }, ["", "own"],
    "sequences shorter than 4 are not supported"],
])("%s: refused", (_, attributes, constants, more, message) => {
  const w = wavy([1, 15, 3], 0.9), r = wavy([1, 15, 5], 1.3);
  expect(() => runNode("GRU", { x: wavy([4, 1, 3], 1) }, { constants: { w, r, ...constants }, order: ["x", "w", "r", ...more], attributes }))
    .toThrow(`GRU "node": ${message}`);
  expect(() => runNode("GRU", { x: wavy([4, 1, 2], 1) }, { constants: { w, r } }))
    .toThrow("x, W and R do not fit 3 gates (x [4, 1, 2], W [1, 15, 3], R [1, 15, 5])");
});
