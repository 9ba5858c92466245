// A module of its own that reads the kernels out of the text in the bundle (src/runtime/textForm.ts), in 4 ms, where JavaScript that nothing
// has compiled yet takes 13 to 24 (49 KB, V8 14.6, AMD EPYC). Every text has an instance of its own, whose memory is 0 at first.

import { BYTES, DISTANCE, IS_COPY, IS_SAME, LEAST, LENGTH, MOST_MET, SAME_LENGTH, TEXT } from "../src/runtime/textForm";

let at: usize = 0, range: u32 = 1, code: u32 = 0;

/**
 * Writes what the text at TEXT tells from `start` on, behind bytes that it may copy from, and returns its end.
 *
 * @param start BYTES, or as far behind as there are such bytes
 */
export function decode(start: usize): usize {
  const end = start + number(LENGTH) - 1;
  let distance: usize = 0, copied = 0;
  for (let to = start; to < end; ) {
    if (flag(IS_COPY + copied)) {
      const same = flag(IS_SAME);
      if (!same) distance = number(DISTANCE);
      for (let length = number(same ? SAME_LENGTH : LENGTH) + 1; length > 0; length--, to++) store<u8>(to, load<u8>(to - distance));
      copied = 1;
    } else {
      store<u8>(to, bits(<i32>load<u8>(to - 1) << 8, 8, 256));
      to++;
      copied = 0;
    }
  }
  return end;
}

function flag(context: i32): i32 {
  return bits(context, 1, 2) & 1;
}

/** 1 or more: how many bits follow the highest, then these. */
function number(context: i32): i32 {
  const count = bits(context, 5, 32) & 31;
  return bits(context + 32 + (count << 6), count, 32);
}

/** A one and `count` bits. Those before are part of a bit's context while they make less than `most`, then only its place is. */
function bits(context: i32, count: i32, most: i32): i32 {
  let value = 1, width = range, rest = code;
  while (--count >= 0) {
    for (; width < 1 << 24; width <<= 6) {
      // Characters from # to c without the backslash are digits.
      const character = <u32>load<u8>(at++, TEXT);
      rest = (rest << 6) + character - (character > 92 ? 36 : 35);
    }
    // The chance of a one less a half, and how often the context was met: 0 at first.
    const place = <usize>(context + min(value, most + count)) << 2;
    const met = <i32>load<u16>(place), chance = 32768 + <i32>load<i16>(place, 2), share = (width >> 16) * chance;
    const one = i32(rest < share), zero = <u32>(one - 1);
    rest -= share & zero;
    width = (width & zero) + (share ^ zero) - zero;
    store<u16>(place, <u16>(met + i32(met < MOST_MET)));
    store<i16>(place, <i16>(chance - 32768 + ((one * (65536 - 2 * LEAST) + LEAST - chance) >> (31 - clz(met + 3)))), 2);
    value = (value << 1) + one;
  }
  range = width;
  code = rest;
  return value;
}
