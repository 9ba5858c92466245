import { checkPaddingIdx, embedding, type EmbeddingOptions } from "../ops/embedding.ts";
import { defaultRandom, Random } from "../random.ts";
import { checkInteger, checkOptions } from "../shape.ts";
import type { DType, Tensor } from "../tensor.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * A learned table whose rows are looked up by number, drawn from N(0, 1) as in PyTorch; the padding row starts as zeros.
 *
 * @example
 * const vectors = new Embedding(1000, 64, { paddingIdx: 0 }).forward(tensor(Int32Array.of(5, 7, 0)));
 */
export class Embedding extends Module {
  /** [numEmbeddings, embeddingDim] */
  readonly weight: Parameter;
  readonly options: Readonly<EmbeddingOptions>;

  /** @throws RangeError if a number is not a positive integer or `paddingIdx` is no row */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    checkOptions("Embedding", options);
    checkInteger("Embedding", "numEmbeddings", numEmbeddings, 1);
    checkInteger("Embedding", "embeddingDim", embeddingDim, 1);
    const padding = checkPaddingIdx("Embedding", options.paddingIdx, numEmbeddings);
    const seed = defaultRandom().integer(2 ** 32);
    this.weight = new Parameter([numEmbeddings, embeddingDim], (values) => {
      const random = new Random(seed);
      for (let i = 0; i < values.length; i++) values[i] = random.normal();
      if (padding !== undefined) values.fill(0, padding * embeddingDim, (padding + 1) * embeddingDim);
    });
    this.options = Object.freeze({ ...options });
  }

  /** @param indices int32 of any shape */
  forward(indices: Tensor<DType>): Tensor {
    return embedding(indices as Tensor<"int32">, this.weight, this.options);
  }
}
