// What flows between nodes while a graph is planned or run: floats as tensors in the kernels' memory; integers (shapes, indices,
// conditions) as numbers on the host, where they are computed while the plan is made. Either turns into the other on demand.

import { isCapturing, uncaptured, Unplanned } from "../runtime/capture.ts";
import { keep } from "../scope.ts";
import { type Shape } from "../shape.ts";
import { type DType, Tensor, tensor } from "../tensor.ts";
import type { Constant, ElementType } from "./graph.ts";

/** One value of a graph. Operators take values and make new ones; they never dispose one. */
export class Value {
  readonly dtype: ElementType;
  readonly shape: Shape;
  /** True if the value is the same in every run. */
  readonly constant: boolean;
  #tensor: Tensor<DType> | undefined;
  #numbers: ArrayLike<number> | undefined;

  private constructor(dtype: ElementType, shape: Shape, constant: boolean, held: Tensor<DType> | undefined, numbers: ArrayLike<number> | undefined) {
    this.dtype = dtype;
    this.shape = shape;
    this.constant = constant;
    this.#tensor = held;
    this.#numbers = numbers;
  }

  /**
   * A value that operations computed. `dtype` says what its numbers mean where that is not the tensor's own: comparisons are
   * float32 tensors of kind "bool", indices int32 tensors of kind "int64".
   */
  static of(computed: Tensor<DType>, dtype: ElementType = computed.dtype, constant: boolean = !isCapturing()): Value {
    return new Value(dtype, computed.shape, constant, computed, undefined);
  }

  /** A value that is known: a shape, an index, a folded constant. `numbers` in row-major order, not copied. */
  static known(dtype: ElementType, shape: Shape, numbers: ArrayLike<number>): Value {
    return new Value(dtype, shape, true, undefined, numbers);
  }

  /** A graph's constant. */
  static constant({ dtype, shape, data }: Constant): Value {
    return Value.known(dtype, shape, data);
  }

  /** An input of integers: its numbers come with every run. */
  static fed(dtype: ElementType, shape: Shape): Value {
    return new Value(dtype, shape, false, undefined, undefined);
  }

  /** The value as a float32 tensor for operations to read, owned by the value. Maps of rank 4 and 5 lie channels-last. */
  tensor(): Tensor {
    return this.#as("float32");
  }

  /** The value as an int32 tensor: indices and labels. */
  indices(): Tensor<"int32"> {
    return this.#as("int32");
  }

  /** The numbers in row-major order. @throws Unplanned while a plan is made, if only a run brings them. */
  numbers(): ArrayLike<number> {
    if (!this.#numbers) {
      if (isCapturing() && !this.constant) throw new Unplanned(`the numbers of a ${this.dtype} value are not known while a plan is made`);
      const held = this.#tensor!;
      this.#numbers = uncaptured(() => held.data());
    }
    return this.#numbers;
  }

  /** The tensor, if there is one: what its maker has to free. */
  get held(): Tensor<DType> | undefined {
    return this.#tensor;
  }

  /** Frees the tensor; one that was made from known numbers is made again where it is asked for. */
  dispose(): void {
    this.#tensor?.dispose();
    this.#tensor = undefined;
  }

  #as<D extends "float32" | "int32">(dtype: D): Tensor<D> {
    const held = this.#tensor;
    if (held?.dtype === dtype) return held as Tensor<D>;
    const numbers = this.numbers();
    this.dispose();
    const data = dtype === "int32" ? Int32Array.from(numbers) : numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
    return (this.#tensor = uncaptured(() => keep(tensor(data, this.shape)))) as Tensor<DType> as Tensor<D>;
  }
}

/** True for the kinds that are computed in float32. */
export function isFloat(dtype: ElementType): boolean {
  return dtype === "float32" || dtype === "float16" || dtype === "bfloat16" || dtype === "float64";
}
