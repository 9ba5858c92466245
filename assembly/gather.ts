import { addRun, copyRun } from "./runs";

// What an axis of indices picks from an axis of x: whole rows, or single elements. `outer` counts what lies around the axis in
// memory, `inner` what lies within; both follow from the layout, so any axis of any layout is the middle one of three.

/**
 * y[o, r, :] = x[o, index[r], :]; zeros where index[r] < 0.
 *
 * Shapes:   x [outer, size, rowBytes], index [count] int32, y [outer, count, rowBytes]; rows are bytes, whatever their elements.
 * Writes:   overwrites y.
 * Requires: index[r] < size; no overlap.
 * Adjoint:  `scatterRows`.
 */
export function gatherRows(outer: i32, size: i32, count: i32, rowBytes: i32, x: usize, index: usize, y: usize): void {
  for (; outer > 0; outer--, x += <usize>size * <usize>rowBytes) {
    for (let r = 0; r < count; r++, y += <usize>rowBytes) {
      const at = load<i32>(index + (<usize>r << 2));
      const row = x + <usize>at * <usize>rowBytes;
      if (at < 0) memory.fill(y, 0, <usize>rowBytes);
      else if ((rowBytes & 3) == 0) copyRun(rowBytes >> 2, row, y);
      else memory.copy(y, row, <usize>rowBytes);
    }
  }
}

/**
 * dx[o, index[r], :] += dy[o, r, :], in the order of r; rows with index[r] < 0 are left out.
 *
 * Shapes:   as `gatherRows`, with rows of `inner` floats.
 * Writes:   accumulates into dx.
 * Adjoint:  `gatherRows`.
 */
export function scatterRows(outer: i32, size: i32, count: i32, inner: i32, dy: usize, index: usize, dx: usize): void {
  const rowBytes = <usize>inner << 2;
  for (; outer > 0; outer--, dx += <usize>size * rowBytes) {
    for (let r = 0; r < count; r++, dy += rowBytes) {
      const at = load<i32>(index + (<usize>r << 2));
      if (at >= 0) addRun(inner, dy, dx + <usize>at * rowBytes);
    }
  }
}

/**
 * y[o, r, i] = x[o, index[o, r, i], i].
 *
 * Shapes:   x [outer, size, inner], index and y [outer, count, inner]; elements of 4 bytes.
 * Writes:   overwrites y.
 * Requires: 0 <= index[o, r, i] < size; no overlap.
 * Adjoint:  `scatterElements`.
 */
export function gatherElements(outer: i32, size: i32, count: i32, inner: i32, x: usize, index: usize, y: usize): void {
  for (; outer > 0; outer--, x += <usize>size * <usize>inner << 2) {
    for (let r = 0; r < count; r++) {
      for (let i = 0; i < inner; i++, index += 4, y += 4) {
        store<u32>(y, load<u32>(x + (<usize>(load<i32>(index) * inner + i) << 2)));
      }
    }
  }
}

/**
 * dx[o, index[o, r, i], i] += dy[o, r, i], in the order of r.
 *
 * Shapes:   as `gatherElements`, float32.
 * Writes:   accumulates into dx.
 * Adjoint:  `gatherElements`.
 */
export function scatterElements(outer: i32, size: i32, count: i32, inner: i32, dy: usize, index: usize, dx: usize): void {
  for (; outer > 0; outer--, dx += <usize>size * <usize>inner << 2) {
    for (let r = 0; r < count; r++) {
      for (let i = 0; i < inner; i++, index += 4, dy += 4) {
        const to = dx + (<usize>(load<i32>(index) * inner + i) << 2);
        store<f32>(to, load<f32>(to) + load<f32>(dy));
      }
    }
  }
}
