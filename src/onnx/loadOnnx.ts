import { optimise } from "../graph/optimise.ts";
import { Session, type SessionOptions } from "../graph/session.ts";
import { checkOptions } from "../shape.ts";
import { download, type Progress, type Source } from "./download.ts";
import { onnxOperators } from "./operators/index.ts";
import { checkOperators, readOnnx, type ReadOptions } from "./read.ts";

/** What `loadOnnx` accepts. */
export interface LoadOptions extends ReadOptions, SessionOptions {
  /** Called as a download arrives. */
  onProgress?: (progress: Progress) => void;
  /** Ends a download. */
  signal?: AbortSignal;
  /** Whether the passes simplify and fuse the graph, default true. Without them the nodes run as the file has them. */
  optimise?: boolean;
}

/**
 * Reads an ONNX model and makes it ready to run. Batch normalisation is folded into convolutions, activations and residual sums are
 * fused; the first run with inputs of given shapes packs the weights and lays out the memory.
 *
 * @param source the file's bytes, a URL to fetch them from, or a response
 * @param options onProgress, called as a download arrives; signal, which ends it; external, a function that reads weights from
 *   files beside the model; optimise (default true), whether to fold and fuse; exact (default false), convolutions without Winograd
 * @throws TypeError if source is none of these; Error if the server answers with a failure; GraphError if the bytes are no valid
 *   model, or it has operators that are not supported: all of them are named
 * @example
 * const session = await loadOnnx("squeezenet.onnx", { onProgress: ({ loaded, total }) => (bar.value = loaded / total) });
 * const { softmaxout_1 } = session.run({ data_0: tensor(pixels, [1, 3, 224, 224]) });
 */
export async function loadOnnx(source: Source, options: LoadOptions = {}): Promise<Session> {
  checkOptions("loadOnnx", options);
  const graph = readOnnx(await download(source, options.onProgress, options.signal), options);
  checkOperators(graph, onnxOperators);
  if (options.optimise === false) return new Session(graph, onnxOperators, options);
  const simplified = optimise(graph, onnxOperators);
  return new Session(simplified.graph, onnxOperators, options, simplified.notes);
}
