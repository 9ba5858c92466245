import { describe, expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { product } from "../array.ts";
import { checkClose } from "../check.ts";
import { type Buffers, epilogueOf, expectWords, random, withBuffers } from "./buffers.ts";

interface Product {
  m: number;
  n: number;
  k: number;
  transA: boolean;
  /** Elements between the end of a row and the next one, in A, B (read in place) and C. */
  gaps?: { a?: number; b?: number; c?: number };
}

// Around the tiles of 4 x 8 and 6 x 8 and the vector of 4, primes, and nothing at all; groups of panels, of 128 columns and of 32, and of
// one, and more than a block of rows.
const sizes = [
  ...product({ m: [0, 1, 3, 4, 5, 6, 7, 12, 13], n: [0, 1, 3, 4, 5, 7, 8, 9, 13, 16, 17], k: [0, 1, 2, 7, 13, 48] }),
  { m: 13, n: 131, k: 512 }, { m: 37, n: 75, k: 2048 }, { m: 14, n: 17, k: 9001 },
];
const modes = product({ transA: [false, true], mode: ["overwrite", "bias", "accumulate"] as const });

/** C by three loops, in the row distance of C; the gaps keep what c holds. */
function reference({ m, n, k, transA, gaps }: Product, a: ArrayLike<number>, b: ArrayLike<number>, c: Float64Array, bias?: ArrayLike<number>): void {
  const lda = (transA ? m : k) + (gaps?.a ?? 0), ldc = n + (gaps?.c ?? 0);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = bias ? bias[j]! : 0;
      for (let p = 0; p < k; p++) sum += a[transA ? p * lda + i : i * lda + p]! * b[p * n + j]!;
      c[i * ldc + j]! += sum;
    }
  }
}

/** rows x columns with a gap of NaN behind every row but the last. */
function spread(rows: number, columns: number, gap: number, values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(rows === 0 ? 0 : rows * (columns + gap) - gap).fill(NaN);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[i * (columns + gap) + j] = values[i * columns + j]!;
  return out;
}

function operands(buffers: Buffers, one: Product, numbers: typeof random) {
  const { m, n, k, transA, gaps } = one;
  const [rows, columns] = transA ? [k, m] : [m, k];
  const a = spread(rows, columns, gaps?.a ?? 0, numbers(rows * columns, 1));
  const b = numbers(k * n, 2);
  const lda = columns + (gaps?.a ?? 0), ldc = n + (gaps?.c ?? 0);
  const cLength = m === 0 ? 0 : (m - 1) * ldc + n;
  return { a, b, lda, ldc, cLength, aPtr: buffers.input(a) };
}

/** Multiples of 1/16: every sum of their products is exact in float32, fused or not, so that results can be compared as such. */
function exact(length: number, seed: number): Float64Array {
  return random(length, seed).map((value) => Math.round(value * 16) / 16);
}

function expectExactly(what: string, got: Float32Array, expected: Float64Array): void {
  const wrong = got.findIndex((value, i) => value !== expected[i]);
  if (wrong >= 0) throw new Error(`${what}: element ${wrong} is ${got[wrong]}, expected ${expected[wrong]}`);
}

function pack(buffers: Buffers, k: number, n: number, b: ArrayLike<number>): number {
  const packed = buffers.output(Math.ceil(n / 8) * k * 8);
  kernels().packB(k, n, buffers.input(b), n, 1, packed.ptr);
  return packed.ptr;
}

// What the gaps of C must still hold afterwards, and what an accumulating product starts from.
function before(length: number, one: Product, mode: string): Float64Array {
  const c = exact(length, 3);
  const ldc = one.n + (one.gaps?.c ?? 0);
  if (mode !== "accumulate") for (let i = 0; i < length; i++) if (i % ldc < one.n) c[i] = NaN;
  return c;
}

function start(c: Float64Array): Float64Array {
  return c.map((value) => (Number.isNaN(value) ? 0 : value));
}

describe("gemm", () => {
  for (const { transA, mode } of modes) {
    test.each([{ a: 0, c: 0 }, { a: 3, c: 5 }])(`transA ${transA}, ${mode}, gaps %o`, (gaps) => {
      for (const size of sizes) {
        const one: Product = { ...size, transA, gaps };
        withBuffers((buffers) => {
          const { a, b, lda, ldc, cLength, aPtr } = operands(buffers, one, exact);
          const bias = mode === "bias" ? exact(one.n, 4) : undefined;
          const initial = before(cLength, one, mode);
          const c = buffers.output(cLength, initial);
          kernels().gemm(
            one.m, one.n, one.k, aPtr, lda, transA, pack(buffers, one.k, one.n, b), epilogueOf(bias ? buffers.input(bias) : 0), c.ptr, ldc, mode === "accumulate",
          );
          const expected = start(initial);
          reference(one, a, b, expected, bias);
          expectExactly(JSON.stringify(one), c.data(), expected);
        });
      }
    });

    if (mode === "bias") continue;
    test(`in place: transA ${transA}, ${mode}, rows of B apart`, () => {
      for (const size of sizes) {
        const one: Product = { ...size, transA, gaps: { a: 1, b: 3, c: 2 } };
        withBuffers((buffers) => {
          const { a, b, lda, ldc, cLength, aPtr } = operands(buffers, one, exact);
          const initial = before(cLength, one, mode);
          const c = buffers.output(cLength, initial);
          const bPtr = buffers.input(spread(one.k, one.n, 3, b));
          kernels().gemmInPlace(one.m, one.n, one.k, aPtr, lda, transA, bPtr, one.n + 3, c.ptr, ldc, mode === "accumulate");
          const expected = start(initial);
          reference(one, a, b, expected);
          expectExactly(JSON.stringify(one), c.data(), expected);
        });
      }
    });
  }

  // 2 ** 17 bytes of A make a block: about 32 rows of 1000 floats, and of 40000 no more than one tile.
  test.each([
    { m: 67, n: 17, k: 1000, transA: false },
    { m: 67, n: 17, k: 1000, transA: true },
    { m: 13, n: 9, k: 40000, transA: false },
  ])("more rows than a cache block holds: %o", (one) => {
    withBuffers((buffers) => {
      const { a, b, lda, ldc, cLength, aPtr } = operands(buffers, one, random);
      const packed = pack(buffers, one.k, one.n, b);
      const whole = buffers.output(cLength);
      kernels().gemm(one.m, one.n, one.k, aPtr, lda, one.transA, packed, 0, whole.ptr, ldc, false);
      const expected = new Float64Array(cLength);
      reference(one, a, b, expected);
      checkClose("in one call", whole.data(), expected, one.k);

      // Every element is one sum over k in ascending order: no split of the rows may change a bit.
      const split = buffers.output(cLength);
      for (let i = 0, step = 1; i < one.m; i += step, step = step % 7 + 1) {
        const rows = Math.min(step, one.m - i);
        const from = aPtr + 4 * (one.transA ? i : i * lda);
        kernels().gemm(rows, one.n, one.k, from, lda, one.transA, packed, 0, split.ptr + 4 * i * ldc, ldc, false);
      }
      expectWords("split", split.bits(), whole.bits());
      const inPlace = buffers.output(cLength);
      kernels().gemmInPlace(one.m, one.n, one.k, aPtr, lda, one.transA, buffers.input(b), one.n, inPlace.ptr, ldc, false);
      expectWords("B read in place", inPlace.bits(), whole.bits());
    });
  });

  test("infinities and NaN reach their row and column and nothing else", () => {
    const m = 7, n = 9, k = 5;
    withBuffers((buffers) => {
      const a = random(m * k, 1), b = random(k * n, 2);
      a[3 * k + 2] = NaN;
      b[4 * n + 8] = Infinity;
      const c = buffers.output(m * n);
      kernels().gemm(m, n, k, buffers.input(a), k, false, pack(buffers, k, n, b), 0, c.ptr, n, false);
      const got = c.data();
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          const value = got[i * n + j]!;
          if (i === 3) expect(value).toBeNaN();
          else if (j === 8) expect(value).toBe(a[i * k + 4]! > 0 ? Infinity : -Infinity);
          else expect(Number.isFinite(value)).toBe(true);
        }
      }
    });
  });
});

test("packB: panels of 8 columns from rows, from columns and from a part of a larger matrix, the last filled with zeros", () => {
  for (const { k, n } of product({ k: [0, 1, 2, 7], n: [0, 1, 7, 8, 9, 16, 19] })) {
    for (const [rs, cs] of [[n, 1], [n + 3, 1], [1, k], [1, k + 2]] as const) {
      withBuffers((buffers) => {
        const length = k === 0 || n === 0 ? 0 : (k - 1) * rs + (n - 1) * cs + 1;
        const b = random(length, 5);
        const out = buffers.output(Math.ceil(n / 8) * k * 8);
        kernels().packB(k, n, buffers.input(b), rs, cs, out.ptr);
        const expected = new Float32Array(Math.ceil(n / 8) * k * 8);
        for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) expected[(Math.floor(j / 8) * k + p) * 8 + (j % 8)] = b[p * rs + j * cs]!;
        expectWords(`k ${k}, n ${n}, strides ${rs} ${cs}`, out.bits(), new Uint32Array(expected.buffer));
      });
    }
  }
});
