// A model from a file, and what its inputs may be fed.

import { closeSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type DType, tensor, type Tensor } from "adjoint";
import { loadOnnx, type Session, type ValueInfo } from "adjoint/onnx";

/** Reads a model. Weights in files of their own are looked for beside it. */
export async function load(file: string): Promise<Session> {
  const bytes = await readBytes(file);
  return naming(file, () => loadOnnx(bytes, { external: externalBeside(file) }));
}

/** The bytes of a file that a user named. */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: "there is no such file", EISDIR: "this is a folder", EACCES: "reading it is not allowed",
    };
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new Error(`${file}: ${reasons[code] ?? message}`, { cause: error });
  }
}

/** What `fn` gives; whatever it throws begins with the name of the file. */
export async function naming<T>(file: string, fn: () => T | Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Reads numbers that lie in other files beside the model; the package has refused paths that lead elsewhere. */
export function externalBeside(file: string): (location: string, offset: number, length: number) => Uint8Array {
  return (location, offset, length) => {
    const bytes = new Uint8Array(length);
    const descriptor = openSync(join(dirname(file), location), "r");
    try {
      if (readSync(descriptor, bytes, 0, length, offset) !== length) throw new RangeError(`${location} ends before ${offset} + ${length}`);
    } finally {
      closeSync(descriptor);
    }
    return bytes;
  };
}

/** True if an input of pictures has its channels on the last axis. */
export function channelsLast({ shape }: ValueInfo): boolean {
  const colours = (length: number | string | undefined): boolean => length === 1 || length === 3;
  return shape?.length === 4 && !colours(shape[1]) && colours(shape[3]);
}

/** The shape of an input, with numbers in the place of what the model leaves free: the batch, and a map's height and width. */
export function shapeOf(info: ValueInfo, batch: number, size: readonly number[] | undefined): number[] {
  const { name, shape } = info;
  if (!shape) throw new RangeError(`input "${name}" may have any shape; this command needs one that the model names`);
  const height = channelsLast(info) ? 1 : shape.length - 2;
  return shape.map((length, axis) => {
    if (typeof length === "number") return length;
    if (axis === 0) return batch;
    const given = shape.length > 2 ? size?.[axis - height] : undefined;
    if (given !== undefined) return given;
    const way = shape.length > 2 && axis >= height && axis < height + 2 ? ": give --size H,W" : ", which this command cannot choose";
    throw new RangeError(`input "${name}" [${shape.join(", ")}] leaves axis ${axis} free${way}`);
  });
}

type Feeds = Record<string, Tensor<DType>>;

/** Tensors for all inputs: floats as `fill` gives them, zeros for integers. */
export function feedsOf(session: Session, batch: number, size: readonly number[] | undefined, fill: () => number): Feeds {
  return Object.fromEntries(session.inputs.map((info): [string, Tensor<DType>] => {
    const shape = shapeOf(info, batch, size);
    const elements = shape.reduce((a, b) => a * b, 1);
    const floats = info.dtype.includes("float");
    return [info.name, floats ? tensor(Float32Array.from({ length: elements }, fill), shape) : tensor(new Int32Array(elements), shape)];
  }));
}
