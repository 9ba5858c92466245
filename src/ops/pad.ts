import { checkInteger, checkOptions, checkShape, describe, format, type Shape, ShapeError } from "../shape.ts";
import type { Block, Walk } from "../strides.ts";
import { checkTensor, type DType, type Tensor } from "../tensor.ts";
import { traced } from "../trace.ts";
import { move } from "./movement.ts";

/** What stands around a padded tensor; the names are PyTorch's. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Options of `pad`; the defaults are PyTorch's. */
export interface PadOptions {
  /**
   * "constant": `value`; "reflect": the tensor mirrored in its first and last element, which are not repeated; "replicate": the
   * border's element again and again; "circular": the tensor from its other end.
   */
  mode?: PadMode;
  /** What stands in the border in mode "constant", default 0. */
  value?: number;
}

/**
 * Makes axes longer on both sides. With x extended beyond its ends as the mode says, y[i] = x[i - before] along every axis.
 *
 * @param x [N, C, H, W], or any other tensor
 * @param padding elements before and after, from the last axis backwards as in PyTorch: [left, right, top, bottom, front, back];
 *   axes that it does not reach stay as they are. Negative numbers cut off, in mode "constant".
 * @returns for a map and [left, right, top, bottom]: [N, C, top + H + bottom, left + W + right]
 * @throws ShapeError if the padding has more pairs than x axes, is too wide for the mode (reflect: below the axis's length,
 *   circular: at most that) or cuts off more than there is; RangeError if a number is out of its range
 * @example
 * const y = pad(x, [1, 1, 1, 1], { mode: "reflect" });
 */
export function pad<D extends DType>(x: Tensor<D>, padding: readonly number[], options: PadOptions = {}): Tensor<D> {
  checkTensor("pad", "x", x, x?.dtype);
  checkOptions("pad", options);
  const { mode = "constant", value = 0 } = options;
  checkPadding("pad", padding, mode);
  if (typeof value !== "number") throw new TypeError(`pad: value must be a number, got ${describe(value)}`);
  const rank = x.shape.length;
  const shapes = `(x ${format(x.shape)}, padding ${format(padding)})`;
  if (padding.length > 2 * rank) throw new ShapeError(`pad: padding has ${padding.length / 2} pairs, x has ${rank} axes ${shapes}`);
  const shape: number[] = [];
  const pieces = x.shape.map((length, axis) => {
    const at = 2 * (rank - 1 - axis);
    const before = padding[at] ?? 0, after = padding[at + 1] ?? 0;
    checkLength(length, axis, before, after, mode, shapes);
    shape.push(before + length + after);
    return axisPieces(length, before, after, mode);
  });
  checkShape("pad", shape);
  const sides = [0, 1].flatMap((side) => x.shape.map((_, axis) => padding[2 * (rank - 1 - axis) + side] ?? 0));
  return traced(move(x, combine(pieces), shape, x.layout, value), "Pad", [x, sides, value], { mode: onnxModes[mode] });
}

/** Checks padding and mode, apart from the tensor that they will be used on. */
export function checkPadding(op: string, padding: readonly number[], mode: PadMode): void {
  if (!modes.includes(mode)) throw new TypeError(`${op}: mode must be one of ${modes.join(", ")}, got ${describe(mode)}`);
  if (!Array.isArray(padding)) throw new TypeError(`${op}: padding must be a list of numbers, got ${describe(padding)}`);
  if (padding.length % 2 !== 0) throw new ShapeError(`${op}: padding must have two numbers per axis, got ${padding.length} (${format(padding)})`);
  for (const size of padding) {
    checkInteger(op, "padding", size, mode === "constant" ? -MAX_PADDING : 0);
    if (size > MAX_PADDING) throw new RangeError(`${op}: padding must be at most ${MAX_PADDING}, got ${size}`);
  }
}

const modes: readonly PadMode[] = ["constant", "reflect", "replicate", "circular"];

const onnxModes = { constant: "constant", reflect: "reflect", replicate: "edge", circular: "wrap" } as const;
// Kernels compute with 32-bit integers.
const MAX_PADDING = 2 ** 28;

function checkLength(length: number, axis: number, before: number, after: number, mode: PadMode, shapes: string): void {
  const widest = Math.max(before, after), cut = Math.max(0, -before) + Math.max(0, -after);
  if (cut > length) throw new ShapeError(`pad: padding cuts off ${cut} elements of axis ${axis}, it has ${length} ${shapes}`);
  if (mode === "constant" || widest === 0) return;
  if (length === 0) throw new ShapeError(`pad: axis ${axis} is empty, it has no elements to pad it with ${shapes}`);
  if (mode === "reflect" && widest >= length) {
    throw new ShapeError(`pad: reflected padding must be less than the axis's length, got ${widest} for axis ${axis} of length ${length} ${shapes}`);
  }
  if (mode === "circular" && widest > length) {
    throw new ShapeError(`pad: circular padding must be at most the axis's length, got ${widest} for axis ${axis} of length ${length} ${shapes}`);
  }
}

/** A part of a padded axis: `length` elements of y from `to` on are those of x from `from` on, in steps of 1, -1 or 0. */
interface Piece {
  length: number;
  from: number;
  step: number;
  to: number;
}

/** The inside, then the borders before and after it. */
function axisPieces(length: number, before: number, after: number, mode: PadMode): Piece[] {
  const cut = Math.max(0, -before);
  const inside: Piece = { length: length - cut - Math.max(0, -after), from: cut, step: 1, to: Math.max(0, before) };
  const borders: Piece[] = {
    constant: [],
    reflect: [{ from: before, step: -1 }, { from: length - 2, step: -1 }],
    replicate: [{ from: 0, step: 0 }, { from: length - 1, step: 0 }],
    circular: [{ from: length - before, step: 1 }, { from: 0, step: 1 }],
  }[mode].map((border, i) => ({ ...border, length: i === 0 ? before : after, to: i === 0 ? 0 : before + length }));
  return [inside, ...borders].filter((piece) => piece.length > 0);
}

/** Every piece of an axis with every piece of the others: edges and corners. The insides of all axes come first. */
function combine(pieces: Piece[][]): Block[] {
  let blocks: Piece[][] = [[]];
  for (const axis of pieces) blocks = blocks.flatMap((block) => axis.map((piece) => [...block, piece]));
  return blocks.map((block) => {
    const axes = block.map((_, axis) => axis);
    const walk = (start: Shape, steps: readonly number[]): Walk => ({ start, axes, steps });
    return {
      lengths: block.map(({ length }) => length),
      x: walk(block.map(({ from }) => from), block.map(({ step }) => step)),
      y: walk(block.map(({ to }) => to), axes.map(() => 1)),
    };
  });
}
