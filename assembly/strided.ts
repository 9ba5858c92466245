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
  walk<u32>(at, axes, x, y);
}

/** `stridedCopy` for elements of 1 byte. */
export function stridedCopyBytes(at: usize, axes: i32, x: usize, y: usize): void {
  walk<u8>(at, axes, x, y);
}

/**
 * y[i_1 sy_1 + i_2 sy_2 + ...] += x[i_1 sx_1 + i_2 sx_2 + ...]: `stridedCopy` that adds, float32, where elements of y may be
 * reached many times, in the order of the axes.
 */
export function stridedAdd(at: usize, axes: i32, x: usize, y: usize): void {
  walk<f32>(at, axes, x, y);
}

// Bits are moved as integers, T = u32 or u8, so that NaN keeps its payload; T = f32 adds.
function walk<T>(at: usize, axes: i32, x: usize, y: usize): void {
  const axis = changetype<Axis>(at);
  if (axes == 2) {
    plane<T>(axis, changetype<Axis>(at + AXIS), x, y);
  } else {
    for (let i = axis.n; i > 0; i--, x += <usize>axis.sx, y += <usize>axis.sy) walk<T>(at + AXIS, axes - 1, x, y);
  }
}

// @ts-ignore: decorator
@inline
function plane<T>(outer: Axis, inner: Axis, x: usize, y: usize): void {
  if (inner.sx == sizeof<T>() && inner.sy == sizeof<T>()) {
    for (let i = outer.n; i > 0; i--, x += <usize>outer.sx, y += <usize>outer.sy) {
      if (isFloat<T>()) addRun(inner.n, x, y);
      else if (sizeof<T>() == 4) copyRun(inner.n, x, y);
      else memory.copy(y, x, <usize>inner.n);
    }
    return;
  }
  if (sizeof<T>() == 4 && !isFloat<T>()) {
    if (inner.sx == 4 && outer.sy == 4) return transposePlane(outer.n, inner.n, x, <usize>outer.sx, y, <usize>inner.sy);
    if (inner.sy == 4 && outer.sx == 4) return transposePlane(inner.n, outer.n, x, <usize>inner.sx, y, <usize>outer.sy);
  }
  for (let i = outer.n; i > 0; i--, x += <usize>outer.sx, y += <usize>outer.sy) {
    let from = x, to = y;
    for (let j = inner.n; j > 0; j--, from += <usize>inner.sx, to += <usize>inner.sy) {
      if (isFloat<T>()) store<T>(to, load<T>(to) + load<T>(from));
      else store<T>(to, load<T>(from));
    }
  }
}
