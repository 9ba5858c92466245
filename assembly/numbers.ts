// Numbers that four lanes are compared and combined with, kept in memory: V8 14.6 builds a v128 constant anew at every use, which takes
// a fifth of the speed of a loop, and it costs 18 bytes of code where a load costs 7.

const NUMBERS: usize = memory.data<f32>([
  0, 1, -1, 2, -2, 3, -3, 4, 6, 0.5, -0.5, 16, -16, -Infinity,
]);

/** Where each of them lies, for `four` and `one`. */
export const ZERO: usize = 0, ONE: usize = 4, MINUS_ONE: usize = 8, TWO: usize = 12, MINUS_TWO: usize = 16, THREE: usize = 20;
export const MINUS_THREE: usize = 24, FOUR: usize = 28, SIX: usize = 32, HALF: usize = 36, MINUS_HALF: usize = 40;
export const SIXTEEN: usize = 44, MINUS_SIXTEEN: usize = 48, MINUS_INFINITY: usize = 52;

/** One of the numbers, four times. */
// @ts-ignore: decorator
@inline
export function four(at: usize): v128 { return v128.load32_splat(NUMBERS + at); }
