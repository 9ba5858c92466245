// Modules as text inside the bundle, smaller than gzip would make them. `scripts/embed.mjs` writes the texts, in the form told here.
//
// A text is a list of pieces, each a byte or a copy of what lies some distance back. The list is told in bits, and a bit takes the less of
// the text the more it was to be expected, by how often it was set before in its context (a range coder). Gzip finds nothing to shorten
// there, and spends on each of 64 characters the 6 bits that it holds. `simd` stands alone; the others lie behind it, so that they copy
// from it what they have in common. It is paid for at the first use, by some milliseconds of reading.

/** Contexts of bits: bytes by the one before, then by these. */
export const IS_COPY = 0x10000, IS_SAME = 0x10002, LENGTH = 0x11000, DISTANCE = 0x12000, SAME_LENGTH = 0x13000, CONTEXTS = 0x14000;

/** The chance of a one, times 2^16, after a bit was seen: a sixteenth nearer to it, and never quite certain. */
export function learned(chance: number, bit: number): number {
  return bit ? chance + ((65504 - chance) >> 4) : chance - ((chance - 32) >> 4);
}

/**
 * The module of a text.
 * @param base What lies before the module's first byte.
 */
export function decode(text: string, base: Uint8Array = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  // How likely a one is, by context.
  const chances = new Uint16Array(CONTEXTS).fill(32768);
  let at = 0, range = 1, code = 0;
  const bit = (context: number): number => {
    for (; range < 2 ** 24; range *= 64) {
      // Characters from # to c without the backslash are digits.
      const character = text.charCodeAt(at++);
      code = code * 64 + character - (character > 92 ? 36 : 35);
    }
    const chance = chances[context]!, share = (range >>> 16) * chance;
    const one = code < share ? 1 : 0;
    if (one) {
      range = share;
    } else {
      range -= share;
      code -= share;
    }
    chances[context] = learned(chance, one);
    return one;
  };
  // The bits of a number, highest first; those before are part of the context.
  const bits = (context: number, count: number): number => {
    let value = 1;
    for (let i = 0; i < count; i++) value = 2 * value + bit(context + value);
    return value - (1 << count);
  };
  // 1 or more: how many bits follow the highest, then these. Beyond the fifth, only their place is part of the context.
  const number = (context: number): number => {
    const count = bits(context, 5);
    let value = 1;
    for (let i = count - 1; i >= 0; i--) value = 2 * value + bit(context + 32 + 64 * count + Math.min(value, 32 + i));
    return value;
  };
  const start = base.length;
  const bytes = new Uint8Array(start + number(LENGTH) - 1);
  bytes.set(base);
  let distance = 0, copied = 0;
  for (let to = start; to < bytes.length; ) {
    if (bit(IS_COPY + copied)) {
      const same = bit(IS_SAME);
      if (!same) distance = number(DISTANCE);
      for (let length = number(same ? SAME_LENGTH : LENGTH) + 1; length > 0; length--, to++) bytes[to] = bytes[to - distance]!;
      copied = 1;
    } else {
      bytes[to] = bits((bytes[to - 1] ?? 0) << 8, 8);
      to++;
      copied = 0;
    }
  }
  return bytes.slice(start);
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
