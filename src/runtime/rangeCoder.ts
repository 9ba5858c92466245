// A module as text, smaller than gzip would make it: for the build that is read least, since reading takes time.
//
// A text is a list of pieces, each a byte or a copy of what lies some distance back. The list is told in bits, and a bit takes the less of
// the text the more it was to be expected, by how often it was set before in its context (a range coder). Gzip finds nothing to shorten
// there, and spends on each of 64 characters the 6 bits that it holds. The module lies behind `base`, so that it copies from it what
// they have in common. `scripts/embed.mjs` writes the text.

/** Contexts of bits: bytes by the one before, then by these. */
export const IS_COPY = 0x10000, IS_SAME = 0x10002, LENGTH = 0x11000, DISTANCE = 0x12000, SAME_LENGTH = 0x13000, CONTEXTS = 0x14000;

/** What is known about bits: for each context the chance of a one, times 2^16, and how many bits there were, up to 16. */
export class Chances {
  private readonly chances = new Uint16Array(CONTEXTS).fill(32768);
  private readonly seen = new Uint8Array(CONTEXTS);

  /** The part of a range, 2^24 to 2^30, that stands for a one. */
  share(context: number, range: number): number {
    return (range >>> 16) * this.chances[context]!;
  }

  learn(context: number, bit: number): void {
    if (this.seen[context]! < 16) this.seen[context]!++;
    // Never quite certain; and the store drops what is below 1, on every engine the same.
    this.chances[context]! += Math.trunc(((bit ? 65504 : 32) - this.chances[context]!) / (this.seen[context]! + 1.5));
  }
}

/** The module of a text, `base` being what lies before its first byte. */
export function expand(text: string, base: Uint8Array): Uint8Array<ArrayBuffer> {
  const chances = new Chances();
  let at = 0, range = 1, code = 0;
  const bit = (context: number): number => {
    for (; range < 2 ** 24; range *= 64) {
      // Characters from # to c without the backslash are digits.
      const character = text.charCodeAt(at++);
      code = code * 64 + character - (character > 92 ? 36 : 35);
    }
    const share = chances.share(context, range);
    const one = code < share ? 1 : 0;
    if (one) {
      range = share;
    } else {
      range -= share;
      code -= share;
    }
    chances.learn(context, one);
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
