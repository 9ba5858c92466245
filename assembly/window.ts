/**
 * The geometry of one sliding window over a channels-last volume: what convolutions and poolings read.
 *
 * Written by the host (`src/window.ts`, same order), read by kernels through a pointer. One- and two-dimensional
 * windows have depth (and height) 1. All fields are i32, counted in elements.
 *
 *   byte  0: n                batch
 *         4: c  d  h  w       input: channels, depth, height, width
 *        20: o  od oh ow      output: channels, depth, height, width
 *        36: kd kh kw         kernel
 *        48: sd sh sw         stride
 *        60: pd ph pw         padding in front, above, left (what lies behind, below, right follows from the output size)
 *        72: ed eh ew         dilation ("expansion"; d is taken)
 *        84: groups
 */
@unmanaged
export class Window {
  n: i32;
  c: i32; d: i32; h: i32; w: i32;
  o: i32; od: i32; oh: i32; ow: i32;
  kd: i32; kh: i32; kw: i32;
  sd: i32; sh: i32; sw: i32;
  pd: i32; ph: i32; pw: i32;
  ed: i32; eh: i32; ew: i32;
  groups: i32;

  /** Output positions in the whole batch. */
  get positions(): i32 { return this.n * this.od * this.oh * this.ow; }

  /** Length of one row of the column matrix: kernel taps times channels of one group. */
  get taps(): i32 { return this.kd * this.kh * this.kw * (this.c / this.groups); }

  /** True where the column matrix is the input itself: a 1x1x1 kernel that visits each position once. */
  get pointwise(): bool {
    return this.kd * this.kh * this.kw * this.sd * this.sh * this.sw == 1 &&
      (this.pd | this.ph | this.pw | this.od ^ this.d | this.oh ^ this.h | this.ow ^ this.w) == 0;
  }
}

/** The first tap along an axis that does not lie in front of the image, for a window from `start`, with taps `step` apart. */
export function firstTap(start: i32, step: i32): i32 {
  return start >= 0 ? 0 : (step - 1 - start) / step;
}

/** One more than the last of `taps` that does not lie behind the image. */
export function endTap(start: i32, step: i32, taps: i32, length: i32): i32 {
  return start + (taps - 1) * step < length ? taps : (length - start + step - 1) / step;
}
