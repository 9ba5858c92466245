// A model from a file, and shapes for its inputs.

import { closeSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loadOnnx, type Session, type ValueInfo } from "adjoint/onnx";

/** Reads a model. Weights in files of their own are looked for beside it. */
export async function load(file: string): Promise<Session> {
  return loadOnnx(await readFile(file), { external: externalBeside(file) });
}

/** Reads numbers that lie in other files, of the model's own directory. */
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

/** The shape of an input, with numbers in the place of what the model leaves free: the batch, and the two last axes. */
export function shapeOf({ name, shape }: ValueInfo, batch: number, size: readonly number[] | undefined): number[] {
  if (!shape) throw new RangeError(`input "${name}" may have any shape; this command needs one that the model names`);
  return shape.map((length, axis) => {
    if (typeof length === "number") return length;
    const spatial = size?.[axis - shape.length + 2];
    if (axis > 1 && spatial !== undefined) return spatial;
    if (axis === 0) return batch;
    throw new RangeError(`input "${name}" [${shape.join(", ")}] leaves axis ${axis} free: give --size H,W`);
  });
}
