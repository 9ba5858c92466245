// Arrays in double precision: what references compute with.

export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function ndarray(shape: readonly number[], data?: ArrayLike<number>): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: data ? Float64Array.from(data) : new Float64Array(size) };
}

/** Reads element [i, j, ...]; zero outside, so that references test membership once and in one place. */
export function at(x: NdArray, ...index: number[]): number {
  return inside(x, index) ? x.data[offset(x, index)]! : 0;
}

/** Adds to element [i, j, ...]. */
export function addAt(x: NdArray, value: number, ...index: number[]): void {
  x.data[offset(x, index)]! += value;
}

export function setAt(x: NdArray, value: number, ...index: number[]): void {
  x.data[offset(x, index)] = value;
}

export function inside(x: NdArray, index: readonly number[]): boolean {
  return index.every((i, axis) => i >= 0 && i < x.shape[axis]!);
}

/** Calls `visit` with every index of a shape, in row-major order. */
export function forEachIndex(shape: readonly number[], visit: (...index: number[]) => void): void {
  const index = shape.map(() => 0);
  if (shape.some((length) => length === 0)) return;
  for (;;) {
    visit(...index);
    let axis = shape.length - 1;
    while (axis >= 0 && ++index[axis]! === shape[axis]) index[axis--] = 0;
    if (axis < 0) return;
  }
}

function offset(x: NdArray, index: readonly number[]): number {
  let at = 0;
  index.forEach((i, axis) => (at = at * x.shape[axis]! + i));
  return at;
}

/** Seeded uniform numbers in [-1, 1), rounded to float32 so that both sides start from equal numbers. */
export function randomArray(shape: readonly number[], seed: number): NdArray {
  const x = ndarray(shape);
  let state = (seed * 0x9e3779b9) >>> 0;
  for (let i = 0; i < x.data.length; i++) {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    x.data[i] = Math.fround((((t ^ (t >>> 14)) >>> 0) / 2 ** 31) - 1);
  }
  return x;
}

/** a + t * b */
export function plus(a: NdArray, t: number, b: NdArray): NdArray {
  return { shape: a.shape, data: a.data.map((value, i) => value + t * b.data[i]!) };
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Every combination of the listed values: product({ a: [1, 2], b: [3] }) is [{ a: 1, b: 3 }, { a: 2, b: 3 }]. */
export function product<T extends Record<string, readonly unknown[]>>(lists: T): { [K in keyof T]: T[K][number] }[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [key, values] of Object.entries(lists)) all = all.flatMap((one) => values.map((value) => ({ ...one, [key]: value })));
  return all as { [K in keyof T]: T[K][number] }[];
}

/** The normal density. */
export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** The normal distribution function: near 0 the series 1/2 + phi(x) (x + x^3 / 3 + x^5 / 15 + ...), beyond a continued fraction. */
export function normal(x: number): number {
  if (x > 0) return 1 - normal(-x);
  const a = -x;
  if (a > 3) {
    let fraction = a;
    for (let k = 200; k >= 1; k--) fraction = a + k / fraction;
    return normalDensity(a) / fraction;
  }
  let term = a, sum = a;
  for (let k = 3; k < 200; k += 2) sum += term *= (a * a) / k;
  return 0.5 - normalDensity(a) * sum;
}
