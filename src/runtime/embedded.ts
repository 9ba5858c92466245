// Modules as text inside the bundle. The builds have most of their bytes in common, but too far apart for gzip to see it: so `simd` is
// embedded whole, and the others as what differs from it. Base64 would hide from gzip that bytes repeat. `scripts/embed.mjs` writes
// both forms; together they take 21 KB after gzip, in base64 58 KB.

/**
 * The bytes of a text. Characters from # to ~ without the backslash are digits: 0 to 87 stand for a byte, 88 and 89 add 88 and 176 to
 * the one that follows.
 */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const digit = code - (code > 92 ? 36 : 35);
    if (digit < 88) {
      bytes[length++] = high + digit;
      high = 0;
    } else {
      high = (digit - 87) * 88;
    }
  }
  return bytes.slice(0, length);
}

/**
 * A module from what differs. The delta is the module's length, then a list of: number of new bytes, these bytes, how far to move in
 * `base` from the end of the last piece (twice the distance, less 1 if backwards), length of the piece to copy. Numbers have 7 bits in
 * a byte, lowest first.
 */
export function patch(base: Uint8Array, delta: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0;
  let end = 0;
  let length = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = delta[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const bytes = new Uint8Array(number());
  const append = (piece: Uint8Array): void => {
    bytes.set(piece, length);
    length += piece.length;
  };
  while (at < delta.length) {
    const news = number();
    append(delta.subarray(at, (at += news)));
    const move = number();
    const from = end + (move & 1 ? -(move + 1) : move) / 2;
    end = from + number();
    append(base.subarray(from, end));
  }
  return bytes;
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
