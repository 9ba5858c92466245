// What ours and every peer look like to the benches.

import type { Workload } from "./workloads.ts";

/** Loads a package and readies it for the number of threads; this much is a cold start's first part. */
export type Open = (threads: number) => Promise<Engine>;

/** A package that runs workloads. */
export interface Engine {
  /** What runs: version, build, threads. */
  describe(): string;
  /** Undefined where the package has no such operation. */
  prepare(workload: Workload, inputs: Float32Array[]): Promise<Runner | undefined>;
}

/** One workload, its inputs given and its constants prepared as far as the package does. */
export interface Runner {
  /** One run, as an application would make it: the result is there when it ends, and is given back. */
  run(): void | Promise<void>;
  /** One run's result in [N, C, H, W] order. */
  result(): Float32Array | Promise<Float32Array>;
  /** Frees what `prepare` made. */
  dispose(): void;
}
