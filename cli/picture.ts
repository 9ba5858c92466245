// Pictures from files. The decoders are optional dependencies of the package.

import { readFile } from "node:fs/promises";
import type { Tensor } from "adjoint";
import { imageToTensor } from "adjoint/image";

/** Reads a PNG or JPEG file: red, green and blue from 0 to 1, [3, H, W]. */
export async function readPicture(file: string): Promise<Tensor> {
  const bytes = await readFile(file);
  if (bytes[0] === 0x89 && bytes.toString("latin1", 1, 4) === "PNG") return png(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpeg(bytes);
  throw new TypeError(`${file} is neither PNG nor JPEG`);
}

async function png(bytes: Uint8Array): Promise<Tensor> {
  const { convertIndexedToRgb, decode } = await optional("fast-png", () => import("fast-png"));
  const picture = decode(bytes);
  const { width, height, depth } = picture;
  const channels = picture.palette ? picture.palette[0]!.length : picture.channels;
  const samples = picture.palette ? convertIndexedToRgb(picture) : picture.data;
  const most = picture.palette ? 255 : 2 ** Math.max(8, depth) - 1;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round((samples[i * channels + (channels < 3 ? 0 : c)]! * 255) / most);
  }
  return imageToTensor({ data, width, height }, { order: "rgb", dtype: "float32" });
}

async function jpeg(bytes: Uint8Array): Promise<Tensor> {
  const { decode } = (await optional("jpeg-js", () => import("jpeg-js"))).default;
  const { data, width, height } = decode(bytes, { useTArray: true });
  return imageToTensor({ data, width, height }, { dtype: "float32" });
}

async function optional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new Error(`pictures of this kind need the package ${name}: npm install ${name}`, { cause: error });
  }
}
