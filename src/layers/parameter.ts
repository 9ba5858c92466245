import { Random, defaultRandom } from "../random.ts";
import { floats } from "../runtime/memory.ts";
import { keep } from "../scope.ts";
import { checkShape, type Shape, sizeOf } from "../shape.ts";
import { defaultLayout, Tensor } from "../tensor.ts";

/**
 * A tensor that a module learns. Modules find their parameters by this class. A parameter belongs to no scope: it lives as long
 * as its module, or until `dispose`.
 *
 * Its memory is taken and filled at the first use, so a model that is only described, or whose weights are loaded from a file,
 * costs nothing to make. The numbers do not depend on when that is: each parameter draws a seed of its own when it is made.
 */
export class Parameter extends Tensor {
  /**
   * @param shape lengths of the axes
   * @param initialise fills the elements, in the order in which they are stored
   * @example
   * const gain = new Parameter([64], (values) => values.fill(1));
   */
  constructor(shape: Shape, initialise: (values: Float32Array) => void) {
    checkShape("Parameter", shape);
    super(Object.freeze([...shape]), "float32", defaultLayout(shape), (ptr) => initialise(floats(ptr, sizeOf(shape))));
    keep(this);
  }
}

/**
 * A parameter drawn from U(-1/sqrt(fanIn), 1/sqrt(fanIn)): what PyTorch's convolutional and linear layers start from (Kaiming
 * uniform with a = sqrt(5)), weights and biases alike.
 */
export function uniformParameter(shape: Shape, fanIn: number): Parameter {
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  const seed = defaultRandom().integer(2 ** 32);
  return new Parameter(shape, (values) => {
    const random = new Random(seed);
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(-bound, bound);
  });
}
