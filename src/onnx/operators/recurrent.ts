// Recurrent layers, step by step: a plan holds the calls of all steps. Inputs of all steps are multiplied at once.
//
// Source: ONNX, Operators, LSTM, GRU and RNN, onnx.ai/onnx/operators.

import { type Call, GraphError } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { add } from "../../ops/add.ts";
import { product } from "../../ops/matmul.ts";
import { mul } from "../../ops/mul.ts";
import { relu } from "../../ops/relu.ts";
import { reshape } from "../../ops/reshape.ts";
import { sigmoid } from "../../ops/sigmoid.ts";
import { sub } from "../../ops/sub.ts";
import { tanh } from "../../ops/tanh.ts";
import { format, ShapeError } from "../../shape.ts";
import { full, type Tensor } from "../../tensor.ts";
import { type Family, float, floats, int, numbers, word } from "./arguments.ts";
import { along, joined } from "./selection.ts";

// Each step adds its calls to the plan.
const MOST_STEPS = 2 ** 14;

/** What a step reads: the input's share of all gates with both biases but the last gate's second one, and the state. */
interface Step {
  /** Gate by number of x W' + b: [N, H]. */
  readonly x: (gate: number) => Tensor;
  /** Gates from one to before another of h R' + b: [N, (to - from) H]. */
  readonly recurrent: (h: Tensor, from: number, to: number) => Tensor;
  readonly h: Tensor;
  /** LSTM's cell. */
  readonly c: Tensor;
}

type Cell = (step: Step, call: Call, columns: (y: Tensor, gate: number) => Tensor) => { h: Tensor; c: Tensor };

/** i, o, f, c: c' = f c + i tanh(...), h' = o tanh(c'). */
const lstm: Cell = ({ x, recurrent, h, c }, _, columns) => {
  const all = recurrent(h, 0, 4), gate = (k: number): Tensor => add(x(k), columns(all, k));
  const next = add(mul(sigmoid(gate(2)), c), mul(sigmoid(gate(0)), tanh(gate(3))));
  return { h: mul(sigmoid(gate(1)), tanh(next)), c: next };
};

/** z, r, h: h' = (1 - z) tanh(...) + z h, where r resets the state before it is multiplied, or what it gives. */
const gru: Cell = ({ x, recurrent, h, c }, call, columns) => {
  const two = recurrent(h, 0, 2), z = sigmoid(add(x(0), columns(two, 0))), r = sigmoid(add(x(1), columns(two, 1)));
  const after = int(call, "linear_before_reset", 0) !== 0;
  const hidden = tanh(add(x(2), after ? mul(r, recurrent(h, 2, 3)) : recurrent(mul(r, h), 2, 3)));
  return { h: add(mul(sub(1, z), hidden), mul(z, h)), c };
};

const rnn: Cell = ({ x, recurrent, h, c }, call) => {
  const [activation = "Tanh"] = (call.node.attributes.get("activations") ?? []) as readonly string[];
  return { h: (activation === "Relu" ? relu : tanh)(add(x(0), recurrent(h, 0, 1))), c };
};

function checkSupported(call: Call, x: Value, usual: readonly string[]): void {
  const { node, inputs } = call, [length = 0] = x.shape;
  const clip = float(call, "clip", 0), [input_forget, layout] = ["input_forget", "layout"].map((name) => int(call, name, 0));
  for (const [name, value] of Object.entries({ clip, input_forget, layout })) {
    if (value !== 0) throw new GraphError(`attribute "${name}" is not supported, it is ${value}`, node);
  }
  const activations = (node.attributes.get("activations") ?? []) as readonly string[];
  const rectified = node.op === "RNN" && activations.every((name) => name === "Relu");
  const fits = rectified || activations.every((name, i) => name === usual[i % usual.length]);
  if (!fits) throw new GraphError(`activations ${activations.join(", ")} are not supported, ${usual.join(", ")} are`, node);
  if (inputs[7]) throw new GraphError("peepholes are not supported", node);
  if (numbers(call, 4)?.some((own) => own !== length)) throw new GraphError(`sequences shorter than ${length} are not supported`, node);
  if (length < 1 || length > MOST_STEPS) throw new GraphError(`from 1 to ${MOST_STEPS} steps are supported (x ${format(x.shape)})`, node);
}

function recurrent(gates: number, usual: readonly string[], cell: Cell): (call: Call) => Value[] {
  return (call) => {
    const x = floats(call, 0), w = floats(call, 1), r = floats(call, 2), bias = call.inputs[3];
    const [directions = 0, rows = 0] = w.shape, hidden = rows / gates;
    const fits = w.shape.length === 3 && w.shape[2] === x.shape[2] && format(r.shape) === format([directions, rows, hidden]);
    if (x.shape.length !== 3 || !fits) {
      throw new ShapeError(`x, W and R do not fit ${gates} gates (x ${format(x.shape)}, W ${format(w.shape)}, R ${format(r.shape)})`);
    }
    checkSupported(call, x, usual);
    const [length, n, size] = x.shape as [number, number, number];
    const direction = word(call, "direction", ["forward", "reverse", "bidirectional"], "forward");
    if (directions !== (direction === "bidirectional" ? 2 : 1)) throw new ShapeError(`W has ${directions} directions (${direction})`);
    const flat = reshape(x.tensor(), [length * n, size]);

    const outputs = Array.from({ length: directions }, (_, d) => {
      const own = (value: Value, shape: number[]): Tensor => reshape((directions === 1 ? value : along(value, 0, d, 1, 1)).tensor(), shape);
      const initial = (index: number): Tensor => (call.inputs[index] ? own(call.inputs[index], [n, hidden]) : full([n, hidden], 0));
      const recurrence = own(r, [rows, hidden]);
      const [first, second] = [0, rows].map((start) => {
        return bias && reshape(along(Value.of(own(bias, [2 * rows])), 0, start, rows, 1).tensor(), [rows]);
      });
      const part = (y: Tensor, axis: number, start: number, count: number): Tensor => along(Value.of(y), axis, start, count, 1).tensor();
      const inputs = product(flat, own(w, [rows, size]), false, true), all = first ? add(inputs, first) : inputs;
      let state = { h: initial(5), c: initial(6) };
      const steps: Tensor[] = new Array(length);
      for (let i = 0; i < length; i++) {
        const t = direction === "reverse" || d === 1 ? length - 1 - i : i, row = part(all, 0, t * n, n);
        state = cell({
          ...state,
          x: (gate) => part(row, 1, gate * hidden, hidden),
          recurrent: (h, from, to) => {
            const weights = to - from === gates ? recurrence : part(recurrence, 0, from * hidden, (to - from) * hidden);
            const y = product(h, weights, false, true);
            return second ? add(y, part(second, 0, from * hidden, (to - from) * hidden)) : y;
          },
        }, call, (y, gate) => part(y, 1, gate * hidden, hidden));
        steps[t] = state.h;
      }
      const stacked = joined(steps.map((h) => Value.of(reshape(h, [1, 1, n, hidden]))), 0);
      return [stacked, ...[state.h, state.c].map((last) => Value.of(reshape(last, [1, n, hidden])))] as const;
    });
    return [1, 0, 0].map((axis, i) => joined(outputs.map((own) => own[i]!), axis)).slice(0, call.node.op === "LSTM" ? 3 : 2);
  };
}

export const recurrences: Family = {
  GRU: recurrent(3, ["Sigmoid", "Tanh"], gru),
  LSTM: recurrent(4, ["Sigmoid", "Tanh", "Tanh"], lstm),
  RNN: recurrent(1, ["Tanh"], rnn),
};
