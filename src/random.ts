// Seeded random numbers, the same in every engine: xoshiro128** 1.1 (D. Blackman, S. Vigna, "Scrambled linear pseudorandom
// number generators", ACM TOMS 47:36, 2021; https://prng.di.unimi.it/xoshiro128starstar.c), seeded through splitmix64 as its
// authors advise (https://prng.di.unimi.it/splitmix64.c). Period 2^128 - 1. Not for secrets.

import { checkInteger } from "./shape.ts";

/**
 * A generator of random numbers. Equal seeds give equal numbers, in every engine.
 *
 * @example
 * const random = new Random(42);
 * const noise = tensor(Float32Array.from({ length: 784 }, () => random.normal()), [28, 28]);
 */
export class Random {
  /** The four words of state. A copy of them, put back with `state.set(copy)`, resumes the sequence. */
  readonly state: Uint32Array<ArrayBuffer> = new Uint32Array(4);

  /**
   * @param seed any non-negative safe integer, `Date.now()` for instance
   * @throws TypeError or RangeError if it is not one
   */
  constructor(seed: number) {
    this.seed(seed);
  }

  /** Starts the sequence of a seed. @throws as the constructor */
  seed(seed: number): void {
    checkInteger("Random", "seed", seed, 0);
    if (!Number.isSafeInteger(seed)) throw new RangeError(`Random: seed must be at most ${Number.MAX_SAFE_INTEGER}, got ${seed}`);
    let weyl = BigInt(seed);
    for (let word = 0; word < 4; word += 2) {
      weyl += 0x9e3779b97f4a7c15n;
      let mixed = BigInt.asUintN(64, weyl);
      mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
      mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
      mixed ^= mixed >> 31n;
      this.state[word] = Number(mixed & 0xffffffffn);
      this.state[word + 1] = Number(mixed >> 32n);
    }
  }

  /** The next 32 bits, as an integer from 0 to 2^32 - 1. */
  next(): number {
    const s = this.state;
    const s1 = s[1]!;
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= s1 << 9;
    s[3] = rotate(s[3]!, 11);
    return result;
  }

  /** Evenly distributed in [low, high), in steps of (high - low) / 2^32. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.next() / 2 ** 32);
  }

  /**
   * Normally distributed. The ratio of uniforms (A. J. Kinderman, J. F. Monahan, ACM TOMS 3:257, 1977): the value comes from
   * products and quotients only, which every engine rounds alike. The logarithm, whose last bit engines may disagree on, only
   * decides whether to try again.
   */
  normal(mean = 0, std = 1): number {
    for (;;) {
      const u = (this.next() + 1) / 2 ** 32; // in (0, 1]
      const x = (SPREAD * (this.next() / 2 ** 32 - 0.5)) / u;
      if (x * x <= -4 * Math.log(u)) return mean + std * x;
    }
  }

  /** An integer in [0, n), every one as likely. @throws TypeError or RangeError unless n is an integer from 1 to 2^32 */
  integer(n: number): number {
    checkInteger("integer", "n", n, 1);
    if (n > 2 ** 32) throw new RangeError(`integer: n must be at most ${2 ** 32}, got ${n}`);
    // Above the largest multiple of n the remainders would favour the small numbers.
    const limit = 2 ** 32 - (2 ** 32 % n);
    let x = this.next();
    while (x >= limit) x = this.next();
    return x % n;
  }

  /** Shuffles in place, every order as likely (Fisher and Yates), and returns the array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(array: T): T {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = array[i];
      array[i] = array[j];
      array[j] = item;
    }
    return array;
  }
}

// sqrt(8 / e): the width of the region of the ratio of uniforms.
const SPREAD = 1.7155277699214135;

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

let shared: Random | undefined;

/**
 * The generator that layers' initial weights, dropout and unseeded shuffles draw from. Without `manualSeed` it starts from
 * seed 0, so a program gives the same numbers on every run (PyTorch's starts from a random seed).
 */
export function defaultRandom(): Random {
  return (shared ??= new Random(0));
}

/**
 * Restarts the default generator from a seed, and returns it.
 *
 * @throws as `Random`
 * @example
 * manualSeed(Date.now()); // different weights on every run
 */
export function manualSeed(seed: number): Random {
  const random = defaultRandom();
  random.seed(seed);
  return random;
}
