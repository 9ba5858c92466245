// The public contents page.

export { type Build, capabilities, type Capabilities, init, type InitOptions } from "./runtime/kernels.ts";
export { memory, type MemoryReport } from "./runtime/memory.ts";
export { type Shape, ShapeError } from "./shape.ts";
export { type Arrays, type DType, full, type Layout, type Nested, ones, tensor, Tensor, zeros } from "./tensor.ts";
export { keep, scope } from "./scope.ts";
export { gradients, type Gradients } from "./tape.ts";
export type { ConvOptions, PoolOptions, Sizes } from "./window.ts";

export { conv2d, conv2dFilterAdjoint, conv2dInputAdjoint, type Conv2dOptions } from "./ops/conv2d.ts";
export { add } from "./ops/add.ts";
export { mul } from "./ops/mul.ts";
export { relu } from "./ops/relu.ts";
export { scale } from "./ops/scale.ts";
export { mean, sum } from "./ops/sum.ts";
