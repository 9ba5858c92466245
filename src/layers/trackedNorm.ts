import { checkBoolean, checkInteger, checkNumber, format, ShapeError } from "../shape.ts";
import { checkTensor, type Tensor } from "../tensor.ts";
import { Buffer } from "./buffer.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of the layers of batch and instance normalisation; the defaults are PyTorch's. */
export interface TrackedNormOptions {
  /** Added to the variance, default 1e-5. */
  eps?: number;
  /** Share of a batch's statistics in the running ones, default 0.1; null weighs all batches alike. */
  momentum?: number | null;
  /** Learn a weight and a bias for each channel; default true for batch, false for instance normalisation. */
  affine?: boolean;
  /** Keep running statistics, and use them after `eval()`; default true for batch, false for instance normalisation. */
  trackRunningStats?: boolean;
}

/** What the layers of batch and instance normalisation hold: weights of 1, biases of 0, running means of 0, variances of 1. */
export abstract class TrackedNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  /** [numFeatures] */
  readonly weight: Parameter | undefined;
  /** [numFeatures] */
  readonly bias: Parameter | undefined;
  /** [numFeatures]; `running_mean` in state dictionaries. */
  readonly runningMean: Buffer | undefined;
  /** [numFeatures]; `running_var` in state dictionaries. */
  readonly runningVar: Buffer | undefined;
  /** A scalar; `num_batches_tracked` in state dictionaries. */
  readonly numBatchesTracked: Buffer<"int32"> | undefined;
  readonly #name: string;
  readonly #axes: readonly string[];

  /** @param axes the forms of x that are accepted, such as "[N, C, H, W]" */
  constructor(name: string, axes: readonly string[], numFeatures: number, options: Required<TrackedNormOptions>) {
    super();
    const { eps, momentum, affine, trackRunningStats } = options;
    checkInteger(name, "numFeatures", numFeatures, 1);
    checkNumber(name, "eps", eps, 0);
    checkBoolean(name, "affine", affine);
    checkBoolean(name, "trackRunningStats", trackRunningStats);
    if (momentum !== null) checkNumber(name, "momentum", momentum, -Infinity);
    this.#name = name;
    this.#axes = axes;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    if (affine) {
      this.weight = new Parameter([numFeatures], (values) => values.fill(1));
      this.bias = new Parameter([numFeatures], (values) => values.fill(0));
    }
    if (trackRunningStats) {
      this.runningMean = new Buffer([numFeatures], (values) => values.fill(0), { name: "running_mean" });
      this.runningVar = new Buffer([numFeatures], (values) => values.fill(1), { name: "running_var" });
      this.numBatchesTracked = new Buffer([], (values) => values.fill(0), { dtype: "int32", name: "num_batches_tracked" });
    }
  }

  /** Checks the rank, which the operation itself leaves open, and the channels. */
  protected checkInput(x: Tensor): void {
    checkTensor(this.#name, "x", x);
    const { shape } = x;
    if (!this.#axes.some((axes) => axes.split(",").length === shape.length)) {
      throw new ShapeError(`${this.#name}: x must be ${this.#axes.join(" or ")}, it has ${shape.length} axes (x ${format(shape)})`);
    }
    if (shape[1] !== this.numFeatures) {
      throw new ShapeError(`${this.#name}: x has ${shape[1]} channels, the layer expects ${this.numFeatures} (x ${format(shape)})`);
    }
  }
}
