import { addRun, copyRun } from "./runs";
import { transposePlane } from "./transpose";

/**
 * One axis of a rectangular movement: how often it steps, and how far each step goes in x and in y, in bytes. Strides may be
 * negative, and 0 where all steps read or add to one element.
 *
 * Written by the host (`src/strides.ts`, same order), outermost axis first; at least two of them:
 *
 *   byte  0: n  sx  sy      outermost axis
 *        12: n  sx  sy      ...
 */
@unmanaged
class Axis {
  n: i32;
  sx: i32;
  sy: i32;
}

/** Bytes from one axis to the next. */
const AXIS: usize = 12;

/**
 * y[i_1 sy_1 + i_2 sy_2 + ...] = x[i_1 sx_1 + i_2 sx_2 + ...] for all 0 <= i_k < n_k. Permutations, slices, flips and paddings
 * are this with different strides.
 *
 * Shapes:   `axes` structs at `at`; x and y point to the elements where all i are 0; elements of 4 bytes.
 * Writes:   overwrites what the strides reach, and leaves the rest.
 * Requires: axes >= 2; no overlap of x and y; no element of y reached twice.
 * Adjoint:  `stridedAdd` with x and y exchanged.
 */
export function stridedCopy(at: usize, axes: i32, x: usize, y: usize): void {
  walk(COPY, at, axes, x, y);
}

/** `stridedCopy` for elements of 1 byte. */
export function stridedCopyBytes(at: usize, axes: i32, x: usize, y: usize): void {
  walk(COPY_BYTES, at, axes, x, y);
}

/**
 * y[i_1 sy_1 + i_2 sy_2 + ...] += x[i_1 sx_1 + i_2 sx_2 + ...]: `stridedCopy` that adds, float32, where elements of y may be
 * reached many times, in the order of the axes.
 */
export function stridedAdd(at: usize, axes: i32, x: usize, y: usize): void {
  walk(ADD, at, axes, x, y);
}

/** What is done to an element. Bits are moved as integers, so that NaN keeps its payload. */
const COPY = 0, COPY_BYTES = 1, ADD = 2;

// One walk for all three: a copy of it for each would take 400 bytes.
function walk(how: i32, at: usize, axes: i32, x: usize, y: usize): void {
  const axis = changetype<Axis>(at);
  if (axes == 2) return plane(how, axis, changetype<Axis>(at + AXIS), x, y);
  for (let i = axis.n; i > 0; i--, x += <usize>axis.sx, y += <usize>axis.sy) walk(how, at + AXIS, axes - 1, x, y);
}

// @ts-ignore: decorator
@inline
function plane(how: i32, outer: Axis, inner: Axis, x: usize, y: usize): void {
  const size = how == COPY_BYTES ? 1 : 4, n = inner.n, sx = inner.sx, sy = inner.sy;
  if (how == COPY) {
    if (sx == 4 && sy != 4 && outer.sy == 4) return transposePlane(outer.n, n, x, <usize>outer.sx, y, <usize>sy);
    if (sy == 4 && sx != 4 && outer.sx == 4) return transposePlane(n, outer.n, x, <usize>sx, y, <usize>outer.sy);
  }
  const dense = sx == size && sy == size, xStep = <usize>outer.sx, yStep = <usize>outer.sy;
  for (let i = outer.n; i > 0; i--, x += xStep, y += yStep) {
    let from = x, to = y, j = n;
    if (dense) {
      if (how == ADD) addRun(n, x, y);
      else if (how == COPY) copyRun(n, x, y);
      else memory.copy(y, x, <usize>n);
    } else if (how == COPY) {
      for (; j > 0; j--, from += <usize>sx, to += <usize>sy) store<u32>(to, load<u32>(from));
    } else if (how == ADD) {
      for (; j > 0; j--, from += <usize>sx, to += <usize>sy) store<f32>(to, load<f32>(to) + load<f32>(from));
    } else {
      for (; j > 0; j--, from += <usize>sx, to += <usize>sy) store<u8>(to, load<u8>(from));
    }
  }
}
