import { storeLanes } from "./lanes";

// Elementwise functions of up to three operands that need not lie alike: each may be repeated along some axes, or lie in another
// order than the result. The result is dense; the walk follows it.

/** Axes that a walk can have. */
const MAX_RANK: i32 = 8;
/** Floats of a run that are gathered, or repeated, at a time. */
const RUN: i32 = 256;

/**
 * The geometry of one walk over a dense result: lengths of the axes, outermost first, and for each operand the distance between
 * neighbours along each axis, in elements; 0 repeats the operand along the axis.
 *
 * Written by the host (`src/broadcast.ts`, same order), read by kernels through a pointer.
 *
 *   byte  0: rank         i32      1 to 8
 *         4: lengths      i32[8]
 *        36: a            i32[8]
 *        68: b            i32[8]
 *       100: c            i32[8]
 *       132: numbers      f32[3]   operands that are numbers; pointers point here
 *       144: index        i32[8]   scratch: where the walk stands
 *       176: runs         f32[768] scratch: 256 floats for each operand
 */
@unmanaged
export class Broadcast {
  rank: i32;

  @inline length(axis: i32): i32 { return this.at(axis, 4); }
  @inline a(axis: i32): i32 { return this.at(axis, 36); }
  @inline b(axis: i32): i32 { return this.at(axis, 68); }
  @inline c(axis: i32): i32 { return this.at(axis, 100); }
  @inline run(operand: usize): usize { return changetype<usize>(this) + 176 + operand * (RUN << 2); }

  @inline at(axis: i32, offset: usize): i32 { return load<i32>(changetype<usize>(this) + (<usize>axis << 2) + offset); }

  @inline resetIndex(): void { memory.fill(changetype<usize>(this) + 144, 0, MAX_RANK << 2); }
  /** Goes one further along an axis; true if that was the last, and the axis begins anew. */
  @inline advance(axis: i32): bool {
    const at = changetype<usize>(this) + (<usize>axis << 2);
    const next = load<i32>(at, 144) + 1;
    const done = next == load<i32>(at, 4);
    store<i32>(at, done ? 0 : next, 144);
    return done;
  }
}

/** What is done to a run of n elements: each operand lies dense (step 1), or is one value that lies there four times (step 0). */
type Run = (n: i32, a: usize, aStep: usize, b: usize, bStep: usize, c: usize, cStep: usize, y: usize) => void;

/** Calls `run` for every run of the result: an innermost row, a piece of one, or several short ones at once. */
function walk(geometry: usize, a: usize, b: usize, c: usize, y: usize, run: Run): void {
  const shape = changetype<Broadcast>(geometry);
  const last = shape.rank - 1, outer = max(last - 1, 0);
  const n = shape.length(last), rows = last > 0 ? shape.length(outer) : 1;
  const aStep = shape.a(last), bStep = shape.b(last), cStep = shape.c(last);
  const aRow = last > 0 ? shape.a(outer) : 0, bRow = last > 0 ? shape.b(outer) : 0, cRow = last > 0 ? shape.c(outer) : 0;
  // What is neither dense nor one value is gathered in pieces.
  const most = <u32>(aStep | bStep | cStep) > 1 ? RUN : n;
  // Where rows are short and either follow each other or are the same, the same is repeated once and they become one run: maps of
  // 64 channels times a factor for each take half the time, maps of 3 an eighteenth (V8 14.6, AMD EPYC).
  const fold = joins(n, aStep, aRow) && joins(n, bStep, bRow) && joins(n, cStep, cRow) ? min(RUN / n, rows) : 1;
  shape.resetIndex();
  for (;;) {
    if (fold > 1) {
      const aRun = repeated(fold, n, a, aStep, aRow, shape.run(0));
      const bRun = repeated(fold, n, b, bStep, bRow, shape.run(1));
      const cRun = repeated(fold, n, c, cStep, cRow, shape.run(2));
      for (let i = 0; i < rows; i += fold) {
        const count = min(fold, rows - i) * n;
        run(
          count, aRun + (<usize>(i * aRow) << 2), <usize>(aStep != 0), bRun + (<usize>(i * bRow) << 2), <usize>(bStep != 0),
          cRun + (<usize>(i * cRow) << 2), <usize>(cStep != 0), y,
        );
        y += <usize>count << 2;
      }
    } else {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < n; j += most) {
          const count = min(most, n - j);
          run(
            count,
            operand(count, a + (<usize>(i * aRow + j * aStep) << 2), aStep, shape.run(0)), <usize>(aStep != 0),
            operand(count, b + (<usize>(i * bRow + j * bStep) << 2), bStep, shape.run(1)), <usize>(bStep != 0),
            operand(count, c + (<usize>(i * cRow + j * cStep) << 2), cStep, shape.run(2)), <usize>(cStep != 0),
            y,
          );
          y += <usize>count << 2;
        }
      }
    }
    let axis = outer;
    for (;;) {
      if (--axis < 0) return;
      a += <usize>(shape.a(axis)) << 2;
      b += <usize>(shape.b(axis)) << 2;
      c += <usize>(shape.c(axis)) << 2;
      if (!shape.advance(axis)) break;
      const length = shape.length(axis);
      a -= <usize>(length * shape.a(axis)) << 2;
      b -= <usize>(length * shape.b(axis)) << 2;
      c -= <usize>(length * shape.c(axis)) << 2;
    }
  }
}

/** True if the rows of an operand are one run, or all the same. */
// @ts-ignore: decorator
@inline
function joins(n: i32, step: i32, row: i32): bool {
  return row == 0 || (step == 1 && row == n);
}

/** An operand where its rows are one run; otherwise its row, as many times as rows are joined. */
function repeated(rows: i32, n: i32, from: usize, step: i32, row: i32, run: usize): usize {
  if (row != 0) return from;
  if (step == 0) return operand(n, from, 0, run);
  let to = run;
  for (; rows > 0; rows--, to += <usize>n << 2) {
    for (let j = 0; j < n; j++) store<u32>(to + (<usize>j << 2), load<u32>(from + (<usize>(j * step) << 2)));
  }
  return run;
}

/** Where a run can read an operand as `Run` has it. */
function operand(n: i32, from: usize, step: i32, run: usize): usize {
  if (step == 1) return from;
  if (ASC_FEATURE_SIMD && step == 0) {
    v128.store(run, v128.load32_splat(from));
    return run;
  }
  const bytes = <usize>step << 2;
  let to = run;
  for (let i = step == 0 ? 4 : n; i > 0; i--, from += bytes, to += 4) store<u32>(to, load<u32>(from));
  return run;
}

/**
 * y = F(a, b) over the whole walk.
 *
 * Writes:   overwrites the dense result y.
 * Requires: a geometry without empty axes; y may be an operand that lies as y does.
 */
// @ts-ignore: decorator
@inline
export function over2<F>(geometry: usize, a: usize, b: usize, y: usize): void {
  walk(geometry, a, b, b, y, (n: i32, a: usize, aStep: usize, b: usize, bStep: usize, c: usize, cStep: usize, y: usize) => {
    const f = changetype<F>(0);
    if (ASC_FEATURE_SIMD) {
      aStep <<= 4;
      bStep <<= 4;
      for (; ; a += aStep, b += bStep, y += 16) {
        const v = f.lanes(v128.load(a), v128.load(b));
        if ((n -= 4) <= 0) return storeLanes(n, v, y);
        v128.store(y, v);
      }
    } else {
      for (; n > 0; n--, a += aStep << 2, b += bStep << 2, y += 4) store<f32>(y, f.one(load<f32>(a), load<f32>(b)));
    }
  });
}

/** y = F(a, b, c), otherwise as `over2`. */
// @ts-ignore: decorator
@inline
export function over3<F>(geometry: usize, a: usize, b: usize, c: usize, y: usize): void {
  walk(geometry, a, b, c, y, (n: i32, a: usize, aStep: usize, b: usize, bStep: usize, c: usize, cStep: usize, y: usize) => {
    const f = changetype<F>(0);
    if (ASC_FEATURE_SIMD) {
      aStep <<= 4;
      bStep <<= 4;
      cStep <<= 4;
      for (; ; a += aStep, b += bStep, c += cStep, y += 16) {
        const v = f.lanes(v128.load(a), v128.load(b), v128.load(c));
        if ((n -= 4) <= 0) return storeLanes(n, v, y);
        v128.store(y, v);
      }
    } else {
      for (; n > 0; n--, a += aStep << 2, b += bStep << 2, c += cStep << 2, y += 4) {
        store<f32>(y, f.one(load<f32>(a), load<f32>(b), load<f32>(c)));
      }
    }
  });
}
