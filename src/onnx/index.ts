// adjoint/onnx: models of other frameworks run here, and models from here run there.

export type { ElementType, ValueInfo } from "../graph/graph.ts";
export { GraphError } from "../graph/operator.ts";
export type { NodeProfile } from "../graph/plan.ts";
export { type Binding, Session, type SessionMemory, type SessionOptions } from "../graph/session.ts";
export { compile } from "./compile.ts";
export type { Progress, Source } from "./download.ts";
export { inspectOnnx, type OnnxReport } from "./inspectOnnx.ts";
export { loadOnnx, type LoadOptions } from "./loadOnnx.ts";
export { toOnnx, type TraceOptions } from "./toOnnx.ts";
