import type { Shape, Tensor } from "../../src/index.ts";
import type { NdArray } from "../array.ts";

/** One case of an operation: the shapes of its tensor arguments and its options. */
export interface Case<Options> {
  shapes: Shape[];
  options: Options;
}

/** A call that must be refused. */
export interface BadCall {
  name: string;
  call: () => unknown;
  error: new (...args: never[]) => Error;
  message: RegExp;
}

/**
 * An operation's meaning in the slowest readable form, and what it is tried on. One spec drives the tests of the forward
 * pass, of the adjoints and of the errors, and the bench.
 */
export interface OpSpec<Options = unknown> {
  name: string;
  run: (inputs: Tensor[], options: Options) => Tensor;
  /** The definition, in double precision, sharing no cleverness with the implementation. */
  reference: (inputs: NdArray[], options: Options) => NdArray;
  cases: Case<Options>[];
  /** Longest sum behind one element of the output or of a gradient: the tolerance grows with it. */
  terms: (shapes: Shape[], options: Options) => number;
  /**
   * True if the operation is affine in each argument (others fixed): then its directional differences are exact. Otherwise
   * they are taken with a small step.
   */
  affine: boolean;
  /** Step of the directional differences where neither suits: small enough to stay on one side of every kink. */
  step?: number;
  bad: BadCall[];
  /** Floating-point operations of the forward pass, for the bench. */
  flops?: (shapes: Shape[], options: Options) => number;
  bench?: Case<Options>[];
}
