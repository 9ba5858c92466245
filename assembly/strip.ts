import { MORE_ROWS } from "./gemmRows";
import { copyRows, fillRun } from "./runs";
import { MR, NR } from "./tile";
import { Window } from "./window";

// A convolution's input as its column matrix, block of output positions by block, for products that gather: the addresses of the
// positions' windows, and how far the taps lie from them. Without padding and groups the windows lie in the input itself. Else strips
// of it are copied, one group's channels with zeros around them: every element once, where the column matrix has it KH * KW times.
// A strip serves some rows of one output image (of one depth of a volume), else a part of a row, else a single position: it is
// a row of the column matrix then.

/**
 * Floats of a block's strips: they are read once per panel of filters and should stay in the L2 cache. All filters are read once per
 * block, in a network from far away: strides of 2 on maps of 512 or 1024 channels @14 take 6.1 and 5.5 ms with half the room, 5.2 and 4.9
 * with this, 4.7 and 4.3 with twice as much, which would leave little of a cache of 1 MB.
 */
const STRIP_FLOATS: i32 = 3 << 15;

/** The most positions of a block: with 1024 what is written leaves the L2 cache between one group and the next. */
const POSITIONS: i32 = 1 << 9;

/** How the output positions are cut into blocks: the head of the scratch. Then come the taps' offsets, addresses, strips. */
@unmanaged
class Plan {
  /** Output columns and rows of a strip, and strips of a block. */
  columns: i32; rows: i32; strips: i32;
  /** Pixels and lines of a strip in each depth of the kernel, and how far they lie apart in the input. */
  width: i32; height: i32; pixelStep: i32; lineStep: i32;
}
const PLAN_FLOATS: i32 = 7;

/** True where no window reaches into the padding, and no channels of other groups lie between its own. */
function isInside(win: Window): bool {
  return (win.pd | win.ph | win.pw | win.groups - 1) == 0 && (win.od - 1) * win.sd + (win.kd - 1) * win.ed < win.d &&
    (win.oh - 1) * win.sh + (win.kh - 1) * win.eh < win.h && (win.ow - 1) * win.sw + (win.kw - 1) * win.ew < win.w;
}

/** Contiguous floats in a window: a row of the kernel where nothing lies between its taps, else the channels of a tap. */
export function runLength(win: Window): i32 {
  return win.c / win.groups * (win.ew == 1 ? win.kw : 1);
}

/** Floats of a block's scratch. */
export function blockFloats(win: Window): i32 {
  const room = isInside(win) ? 0 : max(STRIP_FLOATS, MR * win.taps);
  return PLAN_FLOATS + win.taps + MR + POSITIONS + MORE_ROWS + room + NR;
}

/** Where the offsets of the taps lie in the scratch. */
// @ts-ignore: decorator
@inline
export function tapOffsets(scratch: usize): usize {
  return scratch + (PLAN_FLOATS << 2);
}

/** Where the addresses of the positions lie in the scratch. */
export function rowAddresses(win: Window, scratch: usize): usize {
  return tapOffsets(scratch) + (<usize>(win.taps + MR) << 2);
}

/** How many windows of the given extent, `step` apart, fit into the room: 0 to most. */
function fitting(most: i32, room: f64, extent: i32, step: i32): i32 {
  return i32(max<f64>(0, min<f64>(most, (room - extent) / step + 1)));
}

/** Writes the head of the scratch and the offsets of the taps, once for all blocks. */
export function planBlocks(win: Window, scratch: usize): void {
  const plan = changetype<Plan>(scratch);
  const ow = win.ow, c = win.c / win.groups;
  const lines = (win.kh - 1) * win.eh + 1, pixels = (win.kw - 1) * win.ew + 1;
  // In double precision, for far taps of a small input must not overflow.
  const room = <f64>STRIP_FLOATS / max(1, win.kd * c);
  let columns = ow, rows = fitting(POSITIONS / ow, room / (<f64>(ow - 1) * win.sw + pixels), lines, win.sh);
  if (rows < 1) {
    rows = 1;
    columns = fitting(min(ow, POSITIONS), room / win.kh, pixels, win.sw);
    if (columns < ow) columns = max(1, columns / MR * MR);
  }
  rows = min(rows, win.oh);
  plan.columns = columns;
  plan.rows = rows;
  plan.pixelStep = columns > 1 ? 1 : win.ew;
  plan.lineStep = rows > 1 ? 1 : win.eh;
  plan.width = columns > 1 ? (columns - 1) * win.sw + pixels : win.kw;
  plan.height = rows > 1 ? (rows - 1) * win.sh + lines : win.kh;
  // A register tile at least, where a strip serves one position.
  plan.strips = max(rows * columns > 1 ? 1 : MR, min(POSITIONS / (rows * columns), i32(room / plan.width / plan.height)));

  const inside = isInside(win);
  const pixel = c << 2;
  const line = pixel * (inside ? win.w : plan.width);
  const plane = line * (inside ? win.h * win.ed : plan.height);
  const lineOffset = inside || rows > 1 ? win.eh * line : line, pixelOffset = inside || columns > 1 ? win.ew * pixel : pixel;
  let to = tapOffsets(scratch);
  for (let z = 0; z < win.kd; z++) {
    for (let y = 0; y < win.kh; y++) {
      for (let u = 0; u < win.kw; u++) {
        const tap = z * plane + y * lineOffset + u * pixelOffset;
        for (let j = 0; j < c; j++, to += 4) store<i32>(to, tap + (j << 2));
      }
    }
  }
  for (let i = 0; i < MR; i++, to += 4) store<i32>(to, 0);
}

/**
 * Writes the addresses of the windows of one group's channels at the output positions from q up to at most `to`, and the strips
 * that they lie in. Returns how many positions these are. The last address is repeated, for a register tile reads as many at the
 * end as anywhere.
 */
export function makeBlock(win: Window, group: i32, q: i32, to: i32, x: usize, scratch: usize): i32 {
  const plan = changetype<Plan>(scratch);
  const first = q;
  const inside = isInside(win);
  const ow = win.ow, columns = plan.columns;
  const pixel = win.c / win.groups << 2;
  const lineBytes = pixel * (inside ? win.w : plan.width);
  const imageLine = <usize>(win.w * win.c) << 2;
  x += <usize>(group * pixel);
  let address = rowAddresses(win, scratch);
  let strip = address + ((POSITIONS + MORE_ROWS) << 2);
  for (let s = plan.strips; s > 0 && q < to; s--) {
    const row = q / ow, volume = row / win.oh;
    let ox = q - row * ow;
    const oy = row % win.oh, z0 = volume % win.od * win.sd - win.pd, y0 = oy * win.sh - win.ph;
    const stop = min(to, columns < ow ? q + min(columns, ow - ox) : (row + min(plan.rows, win.oh - oy)) * ow);
    const left = columns < ow ? ox : 0;
    const x0 = left * win.sw - win.pw;
    const image = x + <usize>(volume / win.od * win.d) * win.h * imageLine;
    let base = strip;
    if (inside) base = image + <usize>(z0 * win.h + y0) * imageLine + <usize>(x0 * pixel);
    else strip = copyStrip(win, plan, image, z0, y0, x0, strip);
    ox -= left;
    for (; q < stop; q++, ox++, address += 4) {
      if (ox == ow) {
        ox = 0;
        base += <usize>(win.sh * lineBytes);
      }
      store<u32>(address, <u32>(base + <usize>(ox * win.sw * pixel)));
    }
  }
  for (let i = 0; i < MORE_ROWS; i++, address += 4) store<u32>(address, load<u32>(address - 4));
  return q - first;
}

/** Copies the strip that begins at (z0, y0, x0) of an image, 0 outside of it, and returns where it ends. */
function copyStrip(win: Window, plan: Plan, image: usize, z0: i32, y0: i32, x0: i32, strip: usize): usize {
  const c = win.c / win.groups, width = plan.width, step = plan.pixelStep;
  // Pixels of a line that lie inside the image: first <= i < last.
  const first = min(width, x0 < 0 ? (step - 1 - x0) / step : 0);
  const last = max(first, x0 < win.w ? min(width, (win.w - x0 + step - 1) / step) : 0);
  const joined = step == 1 && win.groups == 1;
  for (let kz = 0; kz < win.kd; kz++) {
    const z = z0 + kz * win.ed;
    for (let i = 0; i < plan.height; i++, strip += <usize>(width * c) << 2) {
      const y = y0 + i * plan.lineStep;
      // A line outside of the image is nothing but zeros.
      const inside = <u32>z < <u32>win.d && <u32>y < <u32>win.h;
      const zeros = inside ? first : width, n = inside ? last - first : 0;
      fillRun(zeros * c, 0, strip);
      fillRun((width - last) * c, 0, strip + (<usize>(last * c) << 2));
      const from = image + (<usize>((z * win.h + y) * win.w + x0 + first * step) * <usize>win.c << 2), to = strip + (<usize>(first * c) << 2);
      copyRows(joined ? 1 : n, joined ? n * c : c, from, <usize>(step * win.c) << 2, to, <usize>c << 2);
    }
  }
  return strip;
}
