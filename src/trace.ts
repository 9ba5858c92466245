// Tracing: operations tell, in ONNX's words, what they compute, so that a model becomes a graph by being run once. Operations
// made of others need not tell: what they are made of does.

import type { DType, Tensor } from "./tensor.ts";
import type { Window } from "./window.ts";

/** A value between the nodes of one operation, for which there is no tensor. */
export interface Between {
  readonly between: true;
}

/** Floats that are no tensor. */
export interface Floats {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a traced node reads: a tensor; a vector of integers; floats, or one; undefined where left out. */
export type TracedInput = Tensor<DType> | Between | Floats | Float32Array | readonly number[] | number | undefined;

/** Attributes by ONNX's names. */
export type TracedAttributes = Readonly<Record<string, number | string | readonly number[] | readonly string[]>>;

/** Kinds of windows, whose forms in ONNX `graph/tracedWindows.ts` knows. */
export type TracedWindow = "Conv" | "ConvTranspose" | "MaxPool" | "AveragePool";

/** Who listens while a model is traced. */
export interface Tracer {
  node(op: string, inputs: readonly TracedInput[], outputs: readonly (Tensor<DType> | Between)[], attributes: TracedAttributes): void;
  window(kind: TracedWindow, y: Tensor<DType>, inputs: readonly TracedInput[], win: Window): void;
  /** An operation computed y from the edges' inputs, whether it told how or not. */
  computed(y: Tensor<DType>, edges: readonly (readonly [Tensor<DType>, unknown])[]): void;
}

let tracer: Tracer | undefined;

/** Tells that `y` is what ONNX's operator `op` makes of the inputs, and returns it. */
export function traced<T extends Tensor<DType>>(y: T, op: string, inputs: readonly TracedInput[], attributes: TracedAttributes = {}): T {
  tracer?.node(op, inputs, [y], attributes);
  return y;
}

/** Tells that `y` is what windows of a geometry make of the inputs, and returns it. */
export function tracedWindow<T extends Tensor<DType>>(y: T, kind: TracedWindow, inputs: readonly TracedInput[], win: Window): T {
  tracer?.window(kind, y, inputs, win);
  return y;
}

/** Tells of a node between those of one operation, and returns its output. */
export function tracedBetween(op: string, inputs: readonly TracedInput[], attributes: TracedAttributes = {}): Between {
  const y: Between = { between: true };
  tracer?.node(op, inputs, [y], attributes);
  return y;
}

/** Tells that y was computed from the edges' inputs by an operation that a tape records. */
export function tracedEdges(y: Tensor<DType>, edges: readonly (readonly [Tensor<DType>, unknown])[]): void {
  tracer?.computed(y, edges);
}

/** Runs `fn` while `listener` hears what operations tell; undefined silences an operation that tells for itself as a whole. */
export function tracing<T>(listener: Tracer | undefined, fn: () => T): T {
  const outer = tracer;
  tracer = listener;
  try {
    return fn();
  } finally {
    tracer = outer;
  }
}
