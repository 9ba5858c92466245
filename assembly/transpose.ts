/**
 * y[b, j, i] = x[b, i, j]: turns channels-first storage into channels-last (rows = channels) and back (columns = channels).
 *
 * Shapes:   x [n, rows, columns], y [n, columns, rows]; elements of 4 bytes.
 * Writes:   overwrites y.
 * Requires: no overlap.
 * Adjoint:  itself, with rows and columns exchanged.
 */
export function transpose(n: i32, rows: i32, columns: i32, x: usize, y: usize): void {
  const rowBytes = <usize>columns << 2, columnBytes = <usize>rows << 2;
  for (; n > 0; n--) {
    transposePlane(rows, columns, x, rowBytes, y, columnBytes);
    x += <usize>rows * rowBytes;
    y += <usize>rows * rowBytes;
  }
}

/**
 * y[j, i] = x[i, j], where the rows of x lie rowBytes apart and those of y columnBytes.
 *
 * Shapes:   x [rows, columns], y [columns, rows]; elements of 4 bytes, next to each other in their rows.
 * Writes:   overwrites y.
 * Requires: no overlap.
 */
export function transposePlane(rows: i32, columns: i32, x: usize, rowBytes: usize, y: usize, columnBytes: usize): void {
  for (; columns > 0; columns -= STRIP, x += STRIP << 2, y += columnBytes * STRIP) {
    strip(rows, min(STRIP, columns), x, rowBytes, y, columnBytes);
  }
}

/**
 * Columns that are walked down together: a cache line of x, and as many lines of y, which must stay in the cache until they are
 * full. Where rows lie a power of two apart, all these lines fall into few sets of it. GB/s read and written in a transposition
 * of 512 x 512 / 1000 x 1000 / 1024 x 1024, one core of an AMD EPYC (Zen 5):
 *
 *   8 columns: 41 / 60 / 19      16: 52 / 65 / 14      32: 11 / 70 / 5      all: 7 / 45 / 5
 */
const STRIP: i32 = 16;

/** `transposePlane` of few columns, in blocks of 4 x 4 in registers. */
function strip(rows: i32, columns: i32, x: usize, rowBytes: usize, y: usize, columnBytes: usize): void {
  let i = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i <= rows - 4; i += 4) {
      let j = 0;
      let from = x + <usize>i * rowBytes, to = y + (<usize>i << 2);
      for (; j <= columns - 4; j += 4, from += 16) {
        const r0 = v128.load(from), r1 = v128.load(from + rowBytes);
        const r2 = v128.load(from + 2 * rowBytes), r3 = v128.load(from + 3 * rowBytes);
        const lo0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), hi0 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
        const lo1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), hi1 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<f32>(lo0, lo1, 0, 1, 4, 5));
        v128.store(to + columnBytes, v128.shuffle<f32>(lo0, lo1, 2, 3, 6, 7));
        v128.store(to + 2 * columnBytes, v128.shuffle<f32>(hi0, hi1, 0, 1, 4, 5));
        v128.store(to + 3 * columnBytes, v128.shuffle<f32>(hi0, hi1, 2, 3, 6, 7));
        to += 4 * columnBytes;
      }
      for (; j < columns; j++, from += 4, to += columnBytes) {
        for (let r: usize = 0; r < 4; r++) store<u32>(to + (r << 2), load<u32>(from + r * rowBytes));
      }
    }
  }
  for (; i < rows; i++) {
    let from = x + <usize>i * rowBytes, to = y + (<usize>i << 2);
    for (let j = 0; j < columns; j++, from += 4, to += columnBytes) store<u32>(to, load<u32>(from));
  }
}
