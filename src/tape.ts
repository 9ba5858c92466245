// The tape: what was computed, in order, each entry with the maps that pull gradients back. Walking it backwards is the
// chain rule; since execution order is a topological order there is nothing to sort.

import { kernels } from "./runtime/kernels.ts";
import { discard, hold, isHeld, scope } from "./scope.ts";
import { describe, format, ShapeError } from "./shape.ts";
import { traced, tracedEdges } from "./trace.ts";
import { checkTensor, empty, full, type Layout, type Tensor, toLayout, zeros } from "./tensor.ts";

/** An input of an operation, and the adjoint that turns the gradient of the output into the gradient of that input. */
export type Edge = readonly [input: Tensor, adjoint: (dy: Tensor) => Tensor];

interface Entry {
  y: Tensor;
  edges: Edge[];
}

class Tape {
  readonly entries: Entry[] = [];
  /** Tensors that depend on a parameter. */
  readonly tracked: Set<Tensor>;

  constructor(parameters: Iterable<Tensor>) {
    this.tracked = new Set(parameters);
  }
}

// Innermost last. An operation is recorded on every tape that tracks one of its inputs, so gradients can be nested.
const tapes: Tape[] = [];

/**
 * Records that `y` was computed from the edges' inputs, and returns it. Inputs that depend on no parameter are skipped: the
 * first layer never computes a gradient for the data.
 */
export function record(y: Tensor, ...edges: Edge[]): Tensor {
  tracedEdges(y, edges);
  for (const tape of tapes) {
    const needed = edges.filter(([input]) => tape.tracked.has(input));
    if (needed.length === 0) continue;
    tape.entries.push({ y, edges: needed });
    tape.tracked.add(y);
  }
  return y;
}

/**
 * True inside `gradients` inside `gradients`. An operation whose fused adjoint is no operation itself computes its output from
 * operations that are, there, so that it can be differentiated again.
 */
export function isNested(): boolean {
  return tapes.length > 1;
}

/** Gradients by parameter, as `gradients` returns them; an optimiser's `step` consumes them. */
export type Gradients = Map<Tensor, Tensor>;

/**
 * Runs `fn` and differentiates the scalar it returns with respect to each parameter: the vector-Jacobian product with 1.
 *
 * Everything made inside is freed but the gradients; those are freed by the optimiser's `step`, by a scope around, or by
 * `dispose`. A parameter on which the value does not depend has a gradient of zeros. Calls nest: inside `fn`, gradients are
 * ordinary tensors that can be differentiated again.
 *
 * @param fn computes the value from the parameters, with this package's operations
 * @param parameters the tensors to differentiate with respect to
 * @returns the value as a number, and a map from each parameter to its gradient, which has the parameter's shape
 * @throws TypeError if `fn` returns no tensor; ShapeError if that has more than one element
 * @example
 * const { value, grads } = gradients(() => softmaxCrossEntropy(model.forward(x), labels), model.parameters());
 * optimizer.step(grads);
 */
export function gradients(fn: () => Tensor, parameters: Iterable<Tensor>): { value: number; grads: Gradients } {
  const wanted = checkParameters(parameters);
  return scope(() => {
    const tape = new Tape(wanted);
    const y = hold(() => recording(tape, fn));
    if (typeof (y as Tensor | undefined)?.item !== "function") throw new TypeError(`gradients: fn must return a tensor, got ${describe(y)}`);
    if (y.size !== 1) throw new ShapeError(`gradients: fn must return 1 element, it returned ${y.size} (shape ${format(y.shape)})`);
    return { value: y.item(), grads: pullBack(tape, y, wanted) };
  });
}

function checkParameters(parameters: Iterable<Tensor>): Tensor[] {
  if (typeof parameters?.[Symbol.iterator] !== "function") {
    throw new TypeError(`gradients: parameters must be a list of tensors, got ${describe(parameters)}`);
  }
  const list = [...parameters];
  list.forEach((parameter, i) => checkTensor("gradients", `parameters[${i}]`, parameter));
  return list;
}

function recording<T>(tape: Tape, fn: () => T): T {
  tapes.push(tape);
  try {
    return fn();
  } finally {
    tapes.splice(tapes.indexOf(tape), 1);
  }
}

function pullBack(tape: Tape, y: Tensor, wanted: Tensor[]): Gradients {
  const sums = new Map<Tensor, Tensor>([[y, full(y.shape, 1)]]);
  for (let entry = tape.entries.pop(); entry; entry = tape.entries.pop()) {
    const { edges } = entry;
    const dy = sums.get(entry.y);
    if (!dy) continue;
    for (const [input, adjoint] of edges) {
      const dx = scope(() => {
        const pulled = adjoint(dy);
        // An adjoint may hand dy itself on: an alias gives every sum a tensor of its own.
        return pulled === dy && !isHeld() ? dy.alias() : pulled;
      });
      const sum = sums.get(input);
      sums.set(input, sum ? accumulate(sum, dx) : dx);
    }
    sums.delete(entry.y);
    discard(dy);
  }
  return new Map(wanted.map((parameter) => [parameter, own(sums.get(parameter) ?? zeros(parameter.shape))]));
}

// A gradient that may be changed in place: `add` hands one dy to both of its inputs.
function own(sum: Tensor): Tensor {
  if (isHeld() || !sum.shared) return sum;
  const y = empty(sum.shape, sum.layout);
  kernels().copy(y.size, sum.ptr, y.ptr);
  sum.dispose();
  return y;
}

// Recorded, if an outer tape watches; otherwise in place, where nobody shares the sum.
function accumulate(sum: Tensor, dx: Tensor): Tensor {
  const x = withLayout(dx, sum.layout);
  let y = sum;
  if (isHeld() || sum.shared) {
    y = empty(sum.shape, sum.layout);
    kernels().add(y.size, sum.ptr, x.ptr, y.ptr);
    record(y, [sum, (dy) => dy], [x, (dy) => dy]);
    discard(sum);
  } else {
    kernels().axpy(sum.size, 1, x.ptr, sum.ptr);
  }
  if (x !== dx) discard(x);
  discard(dx);
  return y;
}

/**
 * x in another order of storage: the identity, as far as values go. Operations call it on what they read; it costs nothing
 * where the order is right already.
 */
export function withLayout(x: Tensor, layout: Layout): Tensor {
  if (x.layout === layout) return x;
  const y = traced(toLayout(x, layout), "Identity", [x]);
  return record(y, [x, (dy) => withLayout(dy, x.layout)]);
}
