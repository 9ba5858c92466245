import { floats, ints } from "../runtime/memory.ts";
import { keep } from "../scope.ts";
import { checkShape, type Shape, sizeOf } from "../shape.ts";
import { type Arrays, defaultLayout, Tensor } from "../tensor.ts";

/** Options of a `Buffer`. */
export interface BufferOptions<D> {
  /** Kind of element, default "float32". */
  dtype?: D;
  /** Name in state dictionaries, default the field's. */
  name?: string;
}

/**
 * A tensor that belongs to a module's state but is not learned: running statistics, counters. Modules find their buffers by this
 * class, as they find parameters: state dictionaries hold them, optimisers do not see them. A buffer lives as long as its module.
 */
export class Buffer<D extends "float32" | "int32" = "float32"> extends Tensor<D> {
  /** Name in state dictionaries, where it is not the field's. */
  readonly stateName: string | undefined;

  /**
   * @param shape lengths of the axes
   * @param initialise fills the elements, in the order in which they are stored, at the first use
   * @example
   * runningMean = new Buffer([64], (values) => values.fill(0), { name: "running_mean" });
   */
  constructor(shape: Shape, initialise: (values: Arrays[D]) => void, { dtype = "float32" as D, name }: BufferOptions<D> = {}) {
    checkShape("Buffer", shape);
    const values = (ptr: number) => (dtype === "int32" ? ints : floats)(ptr, sizeOf(shape)) as Arrays[D];
    super(Object.freeze([...shape]), dtype, defaultLayout(shape), (ptr) => initialise(values(ptr)));
    this.stateName = name;
    keep(this);
  }
}
