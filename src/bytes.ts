// What a file is to the readers: bytes that somebody else has fetched or read.

import { describe } from "./shape.ts";

/** A file's content. Node's `readFile` and a response's `arrayBuffer()` give one. */
export type Bytes = Uint8Array | ArrayBuffer;

/** Checks that an argument is a file's content, and gives it as bytes without copying. */
export function toBytes(op: string, value: Bytes): Uint8Array<ArrayBuffer> {
  if (value instanceof Uint8Array) return value as Uint8Array<ArrayBuffer>;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(`${op}: bytes must be a Uint8Array or an ArrayBuffer, got ${describe(value)}`);
}
