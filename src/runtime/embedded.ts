// Modules as text inside the bundle (textForm.ts), smaller than gzip would make them.

import decoder from "../../dist/wasm/decoder.txt";
import { BYTES, TEXT } from "./textForm.ts";

/**
 * The module of a text.
 * @param base What lies before the module's first byte: it may copy from there.
 */
export function decode(text: string, base: Uint8Array = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  const module = new WebAssembly.Module(Uint8Array.from(atob(decoder), (character) => character.charCodeAt(0)));
  const { memory, decode } = new WebAssembly.Instance(module).exports as { memory: WebAssembly.Memory; decode(start: number): number };
  const bytes = new Uint8Array(memory.buffer as ArrayBuffer);
  new TextEncoder().encodeInto(text, bytes.subarray(TEXT));
  bytes.set(base, BYTES);
  const start = BYTES + base.length;
  return bytes.slice(start, decode(start));
}

/**
 * A module that imports a shared memory in place of its own kind. Nothing else in it depends on that: loads and stores are the same, and
 * threads meet outside of the kernels. The memory's limits are the last bytes of the import section: 0 (no maximum), the least pages.
 */
export function withSharedMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  // Sections follow the header of 8 bytes: a number that tells the kind, the length, the content. Imports are section 2.
  let at = 8, length = 0, start = 0;
  for (; at < module.length; at = start + length) {
    start = at + 1;
    length = 0;
    for (let shift = 0, byte = 128; byte >= 128; shift += 7) {
      byte = module[start++]!;
      length |= (byte & 127) << shift;
    }
    if (module[at] === 2) break;
  }
  const end = start + length;
  // 3: shared, with a maximum, here 65536 pages. The section grows by these three bytes, and its length still takes one.
  const pieces = [module.subarray(0, at + 1), [length + 3], module.subarray(start, end - 2), [3, module[end - 1]!, 128, 128, 4], module.subarray(end)];
  const bytes = new Uint8Array(module.length + 3);
  let to = 0;
  for (const piece of pieces) {
    bytes.set(piece, to);
    to += piece.length;
  }
  return bytes;
}
