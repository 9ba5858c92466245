// Modules as text for the bundle; src/runtime/embedded.ts reads them back and tells the forms.

/**
 * Bytes as text.
 * @param {Uint8Array} bytes
 */
export function encode(bytes) {
  const character = (/** @type {number} */ digit) => String.fromCharCode(digit + (digit < 57 ? 35 : 36));
  return Array.from(bytes, (byte) => (byte < 88 ? "" : character(87 + Math.floor(byte / 88))) + character(byte % 88)).join("");
}

/**
 * What turns `base` into `target`: its length, pieces of `base`, and what is new between them. Greedy: at every byte the longest piece of base that
 * goes on from here, the nearest to where the last one ended if there are several.
 * @param {Buffer} base
 * @param {Buffer} target
 */
export function delta(base, target) {
  /** @type {Map<string, number[]>} */
  const places = new Map();
  for (let i = 0; i + KEY <= base.length; i++) {
    const key = base.toString("latin1", i, i + KEY);
    const list = places.get(key);
    if (list) list.push(i);
    else places.set(key, [i]);
  }
  /** @type {number[]} */
  const out = [];
  const number = (/** @type {number} */ value) => {
    for (; value > 127; value >>>= 7) out.push((value & 127) | 128);
    out.push(value);
  };
  number(target.length);
  /** @type {number[]} */
  let news = [];
  let end = 0;
  const piece = (/** @type {number} */ from, /** @type {number} */ length) => {
    number(news.length);
    out.push(...news);
    news = [];
    const move = from - end;
    number(move < 0 ? -2 * move - 1 : 2 * move);
    number(length);
    end = from + length;
  };
  for (let at = 0; at < target.length; ) {
    let from = 0, length = 0;
    for (const place of places.get(target.toString("latin1", at, at + KEY)) ?? []) {
      let same = 0;
      while (at + same < target.length && base[place + same] === target[at + same]) same++;
      if (same > length || (same === length && Math.abs(place - end) < Math.abs(from - end))) [from, length] = [place, same];
    }
    if (length >= LEAST) {
      piece(from, length);
      at += length;
    } else {
      news.push(/** @type {number} */ (target[at++]));
    }
  }
  if (news.length > 0) piece(end, 0);
  return Uint8Array.from(out);
}

/** Bytes by which places are found. */
const KEY = 8;
/** Shorter pieces cost more than they save (10 and 14 tried: 5.4 and 5.8 KB gzip for both deltas). */
const LEAST = 10;
