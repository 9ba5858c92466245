// Filters: one small kernel, swept over every channel of a picture.

import { add } from "../ops/add.ts";
import { conv2d } from "../ops/conv2d.ts";
import { mul } from "../ops/mul.ts";
import { reshape } from "../ops/reshape.ts";
import { sqrt } from "../ops/functions.ts";
import { scope } from "../scope.ts";
import { describe, format, ShapeError } from "../shape.ts";
import { Tensor, tensor } from "../tensor.ts";

const borders = ["replicate", "reflect", "circular", "zeros", "valid"] as const;

/** Rows of a filter's weights. */
export type Kernel = readonly (readonly number[])[];

/** Options of the filters. */
export interface FilterOptions {
  /**
   * What lies beyond the border: "replicate" (default) repeats it, "reflect" mirrors the picture in it, "circular" goes on at the
   * other end, "zeros" is black; "valid" computes only where the whole kernel lies inside.
   */
  border?: (typeof borders)[number];
}

/** The binomial kernel of 3 x 3, over 16. */
export const gaussian3: Kernel = divided(16, [[1, 2, 1], [2, 4, 2], [1, 2, 1]]);

/** The Gaussian kernel of 5 x 5 with standard deviation 1, over 273. */
export const gaussian5: Kernel = divided(273, [[1, 4, 7, 4, 1], [4, 16, 26, 16, 4], [7, 26, 41, 26, 7], [4, 16, 26, 16, 4], [1, 4, 7, 4, 1]]);

/** Sobel's horizontal derivative: positive where it gets brighter to the right. */
export const sobelX: Kernel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]];

/** Sobel's vertical derivative: positive where it gets brighter downwards. */
export const sobelY: Kernel = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]];

/**
 * Sweeps one kernel over every channel of a picture (cross-correlation, as `conv2d`):
 *
 *   y[c, i, j] = sum over k, l of kernel[k, l] x[c, i + k - floor((KH - 1) / 2), j + l - floor((KW - 1) / 2)]
 *
 * @param x picture [C, H, W] or pictures [N, C, H, W]; uint8 ones are taken as numbers from 0 to 255
 * @param kernel rows of weights, or a tensor [KH, KW]
 * @returns float32, of the shape of x; with border "valid" smaller by the kernel's size less 1
 * @throws ShapeError if x or the kernel has another rank, or the kernel does not fit; TypeError for what is no number
 * @example
 * const edges = filter2d(x, [[0, 1, 0], [1, -4, 1], [0, 1, 0]]);
 */
export function filter2d(x: Tensor | Tensor<"uint8">, kernel: Kernel | Tensor, options: FilterOptions = {}): Tensor {
  return sweep("filter2d", x, kernel, options);
}

/**
 * Blurs with a Gaussian: `gaussian5` over 273.
 *
 * @throws as `filter2d`
 * @example
 * const soft = gaussianBlur(x);
 */
export function gaussianBlur(x: Tensor | Tensor<"uint8">, options: FilterOptions = {}): Tensor {
  return sweep("gaussianBlur", x, gaussian5, options);
}

/**
 * Magnitude of Sobel's gradient, sqrt((x * sobelX)^2 + (x * sobelY)^2): bright where the picture changes. Its own derivative is NaN
 * where the picture is flat, as that of a square root at 0 is infinite.
 *
 * @throws as `filter2d`
 * @example
 * const edges = sobel(x);
 */
export function sobel(x: Tensor | Tensor<"uint8">, options: FilterOptions = {}): Tensor {
  return scope(() => {
    const right = sweep("sobel", x, sobelX, options);
    const down = sweep("sobel", x, sobelY, options);
    return sqrt(add(mul(right, right), mul(down, down)));
  });
}

function sweep(op: string, x: Tensor | Tensor<"uint8">, kernel: Kernel | Tensor, { border = "replicate" }: FilterOptions): Tensor {
  if (!(x instanceof Tensor)) throw new TypeError(`${op}: x must be a tensor, got ${describe(x)}`);
  const { shape } = x;
  if (shape.length !== 3 && shape.length !== 4) {
    throw new ShapeError(`${op}: x must have 3 axes [C, H, W] or 4 axes [N, C, H, W], it has ${shape.length} (x ${format(shape)})`);
  }
  if (!borders.includes(border)) throw new TypeError(`${op}: border must be one of ${borders.join(", ")}, got ${describe(border)}`);
  return scope(() => {
    const w = kernel instanceof Tensor ? kernel : tensor(kernel);
    if (w.shape.length !== 2) throw new ShapeError(`${op}: kernel must have 2 axes [KH, KW], it has ${w.shape.length} (kernel ${format(w.shape)})`);
    // Every channel is a picture of its own: one filter with one channel serves all.
    const planes = reshape(toFloat(x), [-1, 1, shape.at(-2)!, shape.at(-1)!]);
    const filter = reshape(w, [1, 1, w.shape[0]!, w.shape[1]!]);
    const y = border === "valid" ? conv2d(planes, filter) : conv2d(planes, filter, { padding: "same", paddingMode: border });
    return reshape(y, [...shape.slice(0, -2), y.shape[2]!, y.shape[3]!]);
  });
}

function toFloat(x: Tensor | Tensor<"uint8">): Tensor {
  return x.dtype === "float32" ? (x as Tensor) : tensor(Float32Array.from(x.data()), x.shape);
}

function divided(by: number, rows: Kernel): Kernel {
  return rows.map((row) => row.map((value) => value / by));
}
