// Pictures from files. The decoders are optional dependencies of the package.

import { flip, scope, type Tensor, transpose } from "adjoint";
import { imageToTensor } from "adjoint/image";
import { naming, readBytes } from "./model.ts";

/** Reads a PNG or JPEG file: red, green and blue from 0 to 1, [3, H, W]. What is transparent keeps its colour. */
export async function readPicture(file: string): Promise<Tensor> {
  const bytes = await readBytes(file);
  if (bytes[0] === 0x89 && bytes.toString("latin1", 1, 4) === "PNG") return naming(`${file} cannot be decoded`, () => png(bytes));
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return naming(`${file} cannot be decoded`, () => jpeg(bytes));
  throw new TypeError(`${file}: pictures must be PNG or JPEG, this is neither`);
}

async function png(bytes: Uint8Array): Promise<Tensor> {
  const { decode } = await optional("fast-png", () => import("fast-png"));
  const { width, height, depth, channels, palette, data: samples } = decode(bytes);
  const most = 2 ** depth - 1;
  // Samples of less than 8 bits share bytes, row by row, and are the only ones of their pixel.
  const rowBytes = Math.ceil((width * depth) / 8);
  const sample = (x: number, y: number, c: number): number => depth < 8
    ? (samples[y * rowBytes + ((x * depth) >> 3)]! >> (8 - depth - ((x * depth) & 7))) & most
    : samples[(y * width + x) * channels + c]!;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3), c = i % 3;
    const value = sample(pixel % width, Math.floor(pixel / width), channels < 3 ? 0 : c);
    data[i] = palette ? palette[value]?.[c] ?? 0 : Math.round((value * 255) / most);
  }
  return imageToTensor({ data, width, height }, { order: "rgb", dtype: "float32" });
}

async function jpeg(bytes: Buffer): Promise<Tensor> {
  const { decode } = (await optional("jpeg-js", () => import("jpeg-js"))).default;
  const { data, width, height } = decode(bytes, { useTArray: true });
  return scope(() => upright(imageToTensor({ data, width, height }, { dtype: "float32" }), orientation(bytes)));
}

// Turns and mirrors as Exif's orientation asks for: 2 to 4 mirror, 5 to 8 exchange rows and columns first.
function upright(x: Tensor, orientation: number): Tensor {
  const turned = orientation > 4 ? transpose(x, 1, 2) : x;
  const axes = [[], [], [2], [1, 2], [1], [], [2], [1, 2], [1]][orientation] ?? [];
  return axes.length > 0 ? flip(turned, axes) : turned;
}

/** Exif's tag 0x0112, in the first directory of the TIFF structure of segment APP1; 1 (upright) if there is none. */
function orientation(bytes: Buffer): number {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; at += 2 + bytes.readUInt16BE(at + 2)) {
    const segment = bytes.subarray(at + 4, at + 2 + bytes.readUInt16BE(at + 2));
    if (bytes[at + 1] !== 0xe1 || segment.length < 14 || segment.toString("latin1", 0, 6) !== "Exif\0\0") continue;
    const tiff = segment.subarray(6);
    const little = tiff[0] === 0x49;
    const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
    const directory = view.getUint32(4, little);
    const end = directory + 2 <= tiff.length ? Math.min(tiff.length, directory + 2 + 12 * view.getUint16(directory, little)) : 0;
    for (let entry = directory + 2; entry + 12 <= end; entry += 12) {
      if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
    }
  }
  return 1;
}

async function optional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new Error(`pictures of this kind need the package ${name}: npm install ${name}`, { cause: error });
  }
}
