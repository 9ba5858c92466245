// Seeded random numbers.

/** xoshiro128** (Blackman, Vigna, 2018), seeded through splitmix32. */
export class Random {
  readonly #s: Uint32Array;

  constructor(seed: number) {
    let z = seed >>> 0;
    this.#s = Uint32Array.from({ length: 4 }, () => {
      z = (z + 0x9e3779b9) >>> 0;
      let t = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      t = Math.imul(t ^ (t >>> 15), 0x735a2d97);
      return (t ^ (t >>> 15)) >>> 0;
    });
  }

  #next(): number {
    const s = this.#s;
    const r = Math.imul(s[1]!, 5);
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  uniform(low: number = 0, high: number = 1): number {
    return low + (high - low) * (this.#next() / 2 ** 32);
  }

  integer(n: number): number {
    return Math.floor(this.uniform(0, n));
  }
}

let shared = new Random(0);

export function defaultRandom(): Random {
  return shared;
}

export function manualSeed(seed: number): void {
  shared = new Random(seed);
}
