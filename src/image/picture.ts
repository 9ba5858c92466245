// Pictures as tensors and back. Pixels come interleaved, a few bytes each; tensors are planes, [channels, height, width].

import { checkInteger, describe, format, ShapeError } from "../shape.ts";
import { type DType, Tensor, tensor } from "../tensor.ts";

/** Order of a pixel's bytes. Canvases give "rgba"; OpenCV and Windows bitmaps "bgr" or "bgra". */
export type ChannelOrder = "gray" | "rgb" | "bgr" | "rgba" | "bgra";

/** Pixels in rows from the top left, without gaps between rows. A canvas's `ImageData` is one. */
export interface Picture {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Options of `imageToTensor`. */
export interface ImageOptions<D extends DType = DType> {
  /** Order of the bytes, default "rgba". Alpha is dropped. */
  order?: ChannelOrder;
  /** "uint8" (default) keeps 0 to 255; "float32" divides by 255. */
  dtype?: D;
}

// Place of red, green and blue in a pixel, and bytes per pixel.
const orders: Record<ChannelOrder, { planes: number[]; bytes: number }> = {
  gray: { planes: [0], bytes: 1 },
  rgb: { planes: [0, 1, 2], bytes: 3 },
  bgr: { planes: [2, 1, 0], bytes: 3 },
  rgba: { planes: [0, 1, 2], bytes: 4 },
  bgra: { planes: [2, 1, 0], bytes: 4 },
};

/**
 * A picture as a tensor of planes, red first: [3, H, W], or [1, H, W] for grey ones.
 *
 * @param picture an `ImageData`, or raw bytes with width and height
 * @throws TypeError for an unknown order or element type; ShapeError if the bytes are not width x height pixels
 * @example
 * const x = imageToTensor(context.getImageData(0, 0, 224, 224)); // uint8 [3, 224, 224]
 * const y = imageToTensor({ data: frame, width: 640, height: 480 }, { order: "bgr", dtype: "float32" });
 */
export function imageToTensor(picture: Picture, options: ImageOptions<"float32"> & { dtype: "float32" }): Tensor;
export function imageToTensor(picture: Picture, options?: ImageOptions<"uint8">): Tensor<"uint8">;
export function imageToTensor(picture: Picture, options: ImageOptions = {}): Tensor<"float32" | "uint8"> {
  const { order = "rgba", dtype = "uint8" } = options;
  const { data, width, height } = picture;
  if (!(order in orders)) throw new TypeError(`imageToTensor: order must be one of ${Object.keys(orders).join(", ")}, got ${describe(order)}`);
  if (dtype !== "uint8" && dtype !== "float32") throw new TypeError(`imageToTensor: dtype must be uint8 or float32, got ${describe(dtype)}`);
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new TypeError(`imageToTensor: data must be a Uint8Array or a Uint8ClampedArray, got ${describe(data)}`);
  }
  checkInteger("imageToTensor", "width", width, 1);
  checkInteger("imageToTensor", "height", height, 1);
  const { planes, bytes } = orders[order];
  const pixels = width * height;
  if (data.length !== pixels * bytes) {
    throw new ShapeError(`imageToTensor: data has ${data.length} bytes, ${width} x ${height} pixels of ${bytes} (${order}) have ${pixels * bytes}`);
  }
  const shape = [planes.length, height, width];
  const values = dtype === "uint8" ? new Uint8Array(planes.length * pixels) : new Float32Array(planes.length * pixels);
  const scale = dtype === "uint8" ? 1 : 1 / 255;
  planes.forEach((place, plane) => {
    for (let i = 0; i < pixels; i++) values[plane * pixels + i] = data[i * bytes + place]! * scale;
  });
  return values instanceof Uint8Array ? tensor(values, shape) : tensor(values, shape);
}

/**
 * A tensor of planes as a picture, in a canvas's order: opaque RGBA. Numbers are rounded and clipped.
 *
 * @param x [3, H, W] or [1, H, W] (grey); uint8 from 0 to 255, float32 from 0 to 1
 * @throws ShapeError for any other shape
 * @example
 * const { data, width, height } = tensorToImage(x);
 * context.putImageData(new ImageData(data, width, height), 0, 0);
 */
export function tensorToImage(x: Tensor | Tensor<"uint8">): { data: Uint8ClampedArray<ArrayBuffer>; width: number; height: number } {
  if (!(x instanceof Tensor)) throw new TypeError(`tensorToImage: x must be a tensor, got ${describe(x)}`);
  const [channels, height, width] = x.shape as [number, number, number];
  if (x.shape.length !== 3 || (channels !== 3 && channels !== 1)) {
    throw new ShapeError(`tensorToImage: x must be [3, H, W] or [1, H, W], it is ${format(x.shape)}`);
  }
  const values = (x as Tensor).data();
  const pixels = width * height;
  const scale = x.dtype === "uint8" ? 1 : 255;
  const data = new Uint8ClampedArray(4 * pixels).fill(255);
  for (let plane = 0; plane < 3; plane++) {
    const from = channels === 1 ? 0 : plane * pixels;
    for (let i = 0; i < pixels; i++) data[4 * i + plane] = values[from + i]! * scale;
  }
  return { data, width, height };
}
