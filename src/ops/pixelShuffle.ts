import { checkInteger, format, type Shape, ShapeError } from "../shape.ts";
import { type Block, copyBlock } from "../strides.ts";
import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { record } from "../tape.ts";
import { traced, tracedBetween } from "../trace.ts";

/**
 * Deals out channels to positions, each group of r r channels to a square of r x r:
 *
 *   y[n, c, h r + i, w r + j] = x[n, c r r + i r + j, h, w]
 *
 * The last step of networks that enlarge pictures (Shi et al., 2016). Its adjoint, which is its inverse too, is `pixelUnshuffle`.
 *
 * @param x [N, C r r, H, W]
 * @param upscaleFactor r
 * @returns [N, C, H r, W r]
 * @throws ShapeError if x has not 4 axes or its channels are no multiple of r r; RangeError if r is no positive integer
 * @example
 * const picture = pixelShuffle(conv2d(x, w), 2); // w [3 * 4, C, 3, 3]
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  checkTensor("pixelShuffle", "x", x);
  checkInteger("pixelShuffle", "upscaleFactor", upscaleFactor, 1);
  const [n, c, h, w] = checkMap("pixelShuffle", x.shape), r = upscaleFactor;
  if (c % (r * r) !== 0) {
    throw new ShapeError(`pixelShuffle: x has ${c} channels, no multiple of ${r} x ${r} = ${r * r} (x ${format(x.shape)})`);
  }
  const y = empty([n, c / (r * r), h * r, w * r], x.layout);
  copyBlock(x, y, squares(y.shape, r));
  return traced(record(y, [x, (dy) => pixelUnshuffle(dy, r)]), "DepthToSpace", [x], { blocksize: r, mode: "CRD" });
}

/**
 * Deals out positions to channels, the inverse of `pixelShuffle`:
 *
 *   y[n, c r r + i r + j, h, w] = x[n, c, h r + i, w r + j]
 *
 * @param x [N, C, H r, W r]
 * @param downscaleFactor r
 * @returns [N, C r r, H, W]
 * @throws ShapeError if x has not 4 axes or its height or width is no multiple of r; RangeError if r is no positive integer
 * @example
 * const y = pixelUnshuffle(picture, 2);
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  checkTensor("pixelUnshuffle", "x", x);
  checkInteger("pixelUnshuffle", "downscaleFactor", downscaleFactor, 1);
  const [n, c, h, w] = checkMap("pixelUnshuffle", x.shape), r = downscaleFactor;
  for (const [name, length] of [["height", h], ["width", w]] as const) {
    if (length % r !== 0) throw new ShapeError(`pixelUnshuffle: x has ${name} ${length}, no multiple of ${r} (x ${format(x.shape)})`);
  }
  const y = empty([n, c * r * r, h / r, w / r], x.layout);
  const { lengths, x: channels, y: places } = squares(x.shape, r);
  copyBlock(x, y, { lengths, x: places, y: channels });
  record(y, [x, (dy) => pixelShuffle(dy, r)]);
  const squares6 = tracedBetween("Reshape", [x, [0, c, h / r, r, w / r, r]]);
  return traced(y, "Reshape", [tracedBetween("Transpose", [squares6], { perm: [0, 1, 3, 5, 2, 4] }), [0, c * r * r, h / r, w / r]]);
}

// The movement of `pixelShuffle`, from channels to the squares of y: over n, c, h, i, w, j.
function squares(y: Shape, r: number): Block {
  const [n, c, height, width] = y as [number, number, number, number];
  const start = [0, 0, 0, 0];
  return {
    lengths: [n, c, height / r, r, width / r, r],
    x: { start, axes: [0, 1, 2, 1, 3, 1], steps: [1, r * r, 1, r, 1, 1] },
    y: { start, axes: [0, 1, 2, 2, 3, 3], steps: [1, 1, r, 1, r, 1] },
  };
}

function checkMap(op: string, x: Shape): readonly [number, number, number, number] {
  if (x.length !== 4) throw new ShapeError(`${op}: x must have 4 axes [N, C, H, W], it has ${x.length} (x ${format(x)})`);
  return x as unknown as readonly [number, number, number, number];
}
