// Modules as text for the bundle, in the form of src/runtime/textForm.ts; assembly/decoder.ts reads them back.

/**
 * Bytes as text.
 * @param {typeof import("../src/runtime/textForm.ts")} form
 * @param {Buffer} target
 * @param {Buffer} base What `decode` is to be given as its base.
 */
export function encode({ CONTEXTS, DISTANCE, IS_COPY, IS_SAME, LEAST, LENGTH, MOST_MET, SAME_LENGTH }, target, base = Buffer.alloc(0)) {
  const chances = new Uint16Array(CONTEXTS).fill(32768), met = new Uint16Array(CONTEXTS);
  /** @type {number[]} */
  const digits = [];
  let low = 0, range = 2 ** 24;
  const shift = () => {
    digits.push(low >>> 24);
    low = (low & (2 ** 24 - 1)) * 64;
  };
  const bit = (/** @type {number} */ context, /** @type {number} */ value) => {
    for (; range < 2 ** 24; range *= 64) shift();
    const chance = chances[context], share = (range >>> 16) * chance;
    if (!value) low += share;
    range = value ? share : range - share;
    if (low >= 2 ** 30) {
      low -= 2 ** 30;
      let i = digits.length - 1;
      for (; digits[i] === 63; i--) digits[i] = 0;
      digits[i]++;
    }
    chances[context] = chance + (((value ? 65536 - LEAST : LEAST) - chance) >> (31 - Math.clz32(met[context] + 3)));
    met[context] = Math.min(met[context] + 1, MOST_MET);
  };
  // In these contexts a reader knows what of the value it has.
  const bits = (/** @type {number} */ context, /** @type {number} */ count, /** @type {number} */ most, /** @type {number} */ value) => {
    for (let i = count - 1; i >= 0; i--) bit(context + Math.min((1 << (count - 1 - i)) + (value >> (i + 1)), most + i), (value >> i) & 1);
  };
  const flag = (/** @type {number} */ context, /** @type {boolean} */ value) => bits(context, 1, 2, value ? 1 : 0);
  const number = (/** @type {number} */ context, /** @type {number} */ value) => {
    const count = 31 - Math.clz32(value);
    bits(context, 5, 32, count);
    bits(context + 32 + 64 * count, count, 32, value - (1 << count));
  };

  const bytes = Buffer.concat([base, target]);
  number(LENGTH, target.length + 1);
  let at = base.length, last = 0, copied = 0;
  for (const { length, distance } of pieces(bytes, base.length)) {
    flag(IS_COPY + copied, distance > 0);
    copied = distance > 0 ? 1 : 0;
    if (distance > 0) {
      const same = distance === last;
      flag(IS_SAME, same);
      if (!same) number(DISTANCE, distance);
      number(same ? SAME_LENGTH : LENGTH, length - 1);
      last = distance;
    } else {
      bits((bytes[at - 1] ?? 0) << 8, 8, 256, /** @type {number} */ (bytes[at]));
    }
    at += length;
  }
  for (let i = 0; i < 5; i++) shift();
  // The first digit is 0: the range was 2^24 of 2^30.
  return digits.slice(1).map((digit) => String.fromCharCode(digit + (digit < 57 ? 35 : 36))).join("");
}

/**
 * The cheapest list of bytes and copies that makes `bytes` from `start` on: a shortest path, in bits as they will cost roughly.
 * @param {Buffer} bytes
 * @param {number} start
 */
function pieces(bytes, start) {
  const literal = literalCosts(bytes, start);
  /** @type {Map<string, number>} */
  const places = new Map();
  // The last place with the same three bytes, and from there the one before.
  const earlier = new Int32Array(bytes.length).fill(-1);
  // The best way to each byte: its cost, the length and distance of its last piece (0 for a byte by itself), the last distance of all.
  const costs = new Float64Array(bytes.length + 1).fill(Infinity, start + 1);
  const lengths = new Int32Array(bytes.length + 1), distances = new Int32Array(bytes.length + 1), lasts = new Int32Array(bytes.length + 1);
  for (let i = 0; i < bytes.length; i++) {
    if (i + LEAST <= bytes.length) {
      const key = bytes.toString("latin1", i, i + LEAST);
      earlier[i] = places.get(key) ?? -1;
      places.set(key, i);
    }
    if (i < start) continue;
    /** @type {(length: number, distance: number, last: number, cost: number) => void} */
    const reach = (length, distance, last, cost) => {
      const to = i + length;
      if (costs[i] + cost >= costs[to]) return;
      costs[to] = costs[i] + cost;
      lengths[to] = length;
      distances[to] = distance;
      lasts[to] = last;
    };
    const same = (/** @type {number} */ distance) => {
      let length = 0;
      while (i + length < bytes.length && length < MOST && bytes[i + length] === bytes[i + length - distance]) length++;
      return length;
    };
    const last = lasts[i];
    reach(1, 0, last, literal[i]);
    for (let length = last > 0 ? same(last) : 0; length > 1; length--) reach(length, last, last, 4 + 2 * Math.log2(length - 1));
    for (let j = earlier[i], longest = LEAST - 1; j >= 0 && longest < MOST; j = earlier[j]) {
      const length = same(i - j);
      for (; longest < length; longest++) reach(longest + 1, i - j, i - j, 5.5 + Math.log2(i - j) + 2 * Math.log2(longest));
    }
  }
  /** @type {{ length: number, distance: number }[]} */
  const list = [];
  for (let at = bytes.length; at > start; at -= lengths[at]) list.push({ length: lengths[at], distance: distances[at] });
  return list.reverse();
}

/**
 * Bits that a byte by itself costs, by how often it follows the one before, and what tells that it is one.
 * @param {Buffer} bytes
 * @param {number} start
 */
function literalCosts(bytes, start) {
  const pairs = new Float64Array(65536).fill(0.02), firsts = new Float64Array(256).fill(5);
  const before = (/** @type {number} */ i) => bytes[i - 1] ?? 0;
  for (let i = start; i < bytes.length; i++) {
    pairs[before(i) * 256 + bytes[i]]++;
    firsts[before(i)]++;
  }
  return Float64Array.from(bytes, (byte, i) => 1.2 + 0.9 * Math.min(9, Math.log2(firsts[before(i)] / pairs[before(i) * 256 + byte])));
}

/** Bytes by which places are found, and the longest copy. */
const LEAST = 3;
const MOST = 4096;
