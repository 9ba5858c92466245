// `pad` as layers: PyTorch's names, one for every mode and number of axes.

import { checkPadding, pad, type PadMode } from "../ops/pad.ts";
import { ShapeError } from "../shape.ts";
import type { DType, Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** A number for every side, or [left, right], [left, right, top, bottom], [left, right, top, bottom, front, back]. */
export type PadSizes = number | readonly number[];

/** What the layers below have in common. */
abstract class Pad extends Module {
  /** Elements before and after, from the last axis backwards. */
  readonly padding: readonly number[];
  readonly mode: PadMode;
  readonly value: number;

  constructor(op: string, rank: number, mode: PadMode, padding: PadSizes, value: number = 0) {
    super();
    const list = typeof padding === "number" ? new Array<number>(2 * rank).fill(padding) : padding;
    checkPadding(op, list, mode);
    if (list.length !== 2 * rank) throw new ShapeError(`${op}: padding must have ${2 * rank} numbers, got ${list.length}`);
    this.padding = Object.freeze([...list]);
    this.mode = mode;
    this.value = value;
  }

  forward<D extends DType = "float32">(x: Tensor<D>): Tensor<D> {
    return pad(x, this.padding, { mode: this.mode, value: this.value });
  }
}

/** Zeros around [N, C, L]. */
export class ZeroPad1d extends Pad {
  constructor(padding: PadSizes) {
    super("ZeroPad1d", 1, "constant", padding);
  }
}

/** A value around [N, C, L]. */
export class ConstantPad1d extends Pad {
  constructor(padding: PadSizes, value: number) {
    super("ConstantPad1d", 1, "constant", padding, value);
  }
}

/** [N, C, L] mirrored in its first and last elements. */
export class ReflectionPad1d extends Pad {
  constructor(padding: PadSizes) {
    super("ReflectionPad1d", 1, "reflect", padding);
  }
}

/** The border's elements of [N, C, L] again and again. */
export class ReplicationPad1d extends Pad {
  constructor(padding: PadSizes) {
    super("ReplicationPad1d", 1, "replicate", padding);
  }
}

/** [N, C, L] continued from its other end. */
export class CircularPad1d extends Pad {
  constructor(padding: PadSizes) {
    super("CircularPad1d", 1, "circular", padding);
  }
}

/** Zeros around [N, C, H, W]. */
export class ZeroPad2d extends Pad {
  constructor(padding: PadSizes) {
    super("ZeroPad2d", 2, "constant", padding);
  }
}

/** A value around [N, C, H, W]. */
export class ConstantPad2d extends Pad {
  constructor(padding: PadSizes, value: number) {
    super("ConstantPad2d", 2, "constant", padding, value);
  }
}

/** [N, C, H, W] mirrored in its first and last elements. */
export class ReflectionPad2d extends Pad {
  constructor(padding: PadSizes) {
    super("ReflectionPad2d", 2, "reflect", padding);
  }
}

/** The border's elements of [N, C, H, W] again and again. */
export class ReplicationPad2d extends Pad {
  constructor(padding: PadSizes) {
    super("ReplicationPad2d", 2, "replicate", padding);
  }
}

/** [N, C, H, W] continued from its other end. */
export class CircularPad2d extends Pad {
  constructor(padding: PadSizes) {
    super("CircularPad2d", 2, "circular", padding);
  }
}

/** Zeros around [N, C, D, H, W]. */
export class ZeroPad3d extends Pad {
  constructor(padding: PadSizes) {
    super("ZeroPad3d", 3, "constant", padding);
  }
}

/** A value around [N, C, D, H, W]. */
export class ConstantPad3d extends Pad {
  constructor(padding: PadSizes, value: number) {
    super("ConstantPad3d", 3, "constant", padding, value);
  }
}

/** [N, C, D, H, W] mirrored in its first and last elements. */
export class ReflectionPad3d extends Pad {
  constructor(padding: PadSizes) {
    super("ReflectionPad3d", 3, "reflect", padding);
  }
}

/** The border's elements of [N, C, D, H, W] again and again. */
export class ReplicationPad3d extends Pad {
  constructor(padding: PadSizes) {
    super("ReplicationPad3d", 3, "replicate", padding);
  }
}

/** [N, C, D, H, W] continued from its other end. */
export class CircularPad3d extends Pad {
  constructor(padding: PadSizes) {
    super("CircularPad3d", 3, "circular", padding);
  }
}
