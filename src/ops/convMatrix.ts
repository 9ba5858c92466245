import { scope } from "../scope.ts";
import { checkShape, format, type Shape, ShapeError, sizeOf } from "../shape.ts";
import { checkTensor, type Tensor, tensor } from "../tensor.ts";
import { type ConvOptions, convWindow } from "../window.ts";
import { convNdInputAdjoint } from "./convNd.ts";
import { reshape } from "./reshape.ts";

/**
 * The matrix W^ of a convolution, for which y = W^ x with x and y flattened: a sparse (Toeplitz) matrix, here with its zeros. Its
 * transpose is the convolution with the flipped filter, at stride 1; in general `conv2dInputAdjoint`. For small sizes: it is
 * the definition, and nothing computes with it.
 *
 * @param w filters [O, C/groups, KH, KW] ([O, C/groups, K], [O, C/groups, KD, KH, KW])
 * @param inputShape one image, [C, H, W] ([C, L], [C, D, H, W])
 * @param options stride, padding, dilation, groups, as for `conv2d`
 * @returns [O OH OW, C H W]: a row per element of y, a column per element of x, both in the order of `data()`
 * @throws as `conv2d`
 * @example
 * convMatrix(tensor([1, 2, 3], [1, 1, 3]), [1, 5], { padding: 1 }); // [[2, 3, 0, 0, 0], [1, 2, 3, 0, 0], ...
 */
export function convMatrix(w: Tensor, inputShape: Shape, options: ConvOptions = {}): Tensor {
  checkTensor("convMatrix", "w", w);
  checkShape("convMatrix", inputShape);
  const spatial = w.shape.length - 2;
  if (spatial < 1 || spatial > 3) {
    throw new ShapeError(`convMatrix: w must have 3, 4 or 5 axes [O, C/groups, kernel axes], it has ${w.shape.length} (w ${format(w.shape)})`);
  }
  const { outputShape } = convWindow("convMatrix", spatial, [1, ...inputShape], w.shape, options);
  const rows = sizeOf(outputShape), columns = sizeOf(inputShape);
  checkShape("convMatrix", [rows, Math.max(rows, columns)]);
  return scope(() => {
    // Row q is the gradient of y[q]: W^' applied to a vector that is 1 there.
    const unit = new Float32Array(rows * rows);
    for (let q = 0; q < rows; q++) unit[q * rows + q] = 1;
    const dy = tensor(unit, [rows, ...outputShape.slice(1)]);
    return reshape(convNdInputAdjoint("convMatrix", spatial, dy, w, [rows, ...inputShape], options), [rows, columns]);
  });
}
