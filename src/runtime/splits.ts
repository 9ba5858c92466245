// How a kernel's call is split among threads. Most of the work of a call lies in rows that do not depend on one another: output positions
// of a convolution, rows of a product, elements, images of a batch. A part of the rows is the same call with other arguments; every
// element of the result is still made by one thread, by the same instructions in the same order, so it is the same to the last bit.
//
// What is not listed here, or whose parts would have to be put together afterwards, is done by the calling thread alone.

import type { Kernels } from "./kernels.ts";

type Arguments = readonly number[];
/** Arguments that are pointers, and by how many floats they move from one row to the next. */
type Steps = readonly (readonly [argument: number, floats: number])[];

/** How one call is split. */
export interface Plan {
  /** What there is to share out. */
  rows: number;
  /** Rows that belong together: parts begin at multiples of it. */
  grain: number;
  /** The most parts that pay. */
  most?: number;
  /** Chunks for each thread, where every chunk repeats some work: fewer than usual. */
  each?: number;
  /** What the whole call takes, roughly, in nanoseconds on a SIMD build. */
  cost: number;
  /** The arguments for the rows from <= row < to. At `struct` is room for a geometry of their own. */
  part: (from: number, to: number, struct: number) => number[];
  /** The argument that is scratch, of which every thread has its own, and its floats. */
  scratch?: readonly [argument: number, floats: number];
}

type Split = (args: Arguments, kernels: Kernels) => Plan;

/** Where calls' geometries lie. */
let memory: WebAssembly.Memory;

/** Tells the memory that the kernels' pointers are addresses in, before anything is split. */
export function splitIn(shared: WebAssembly.Memory): void {
  memory = shared;
}

/** Bytes of the largest geometry, with its scratch. */
export const STRUCT_BYTES = 3328;

// Nanoseconds (simd, V8 14.6, AMD EPYC): a multiply-add in a register tile, a float that goes through memory, one that goes through a
// series, a tap of a pooling or a depthwise convolution, and what either costs at a position beside its taps.
const MULTIPLY_ADD = 0.035, FLOAT = 0.15, SERIES = 1, TAP = 0.08, POSITION = 8;
/** Floats of two cache lines: threads do not write to the same one, and every part but the last is a whole number of vectors. */
const LINES = 32;
/** Rows of whole register tiles, in any build. */
const TILE = 12;
/** Columns of a packed panel. */
const PANEL = 8;

/** The kernels that split, by name. */
export const splits: { [K in keyof Kernels]?: Split } = {
  conv: (args, kernels) => {
    const { o, taps } = windowAt(args[0]!);
    const plan = range(args, 1, TILE, o * taps * MULTIPLY_ADD);
    // Every chunk reads all filters: dear where it has few positions (3x3 stride 2, 256 -> 512 @14, two threads: 1.40 ms, or 1.20).
    return { ...plan, ...(plan.rows < LEAST_TILES * TILE && { each: 1 }), scratch: [7, kernels.convFloats(args[0]!)] };
  },
  convFilterAdjoint: (args, kernels) => {
    const { n, o, output, taps } = windowAt(args[0]!);
    const parts = args[1]!;
    const plan = range(args, 2, parts > 1 ? o : TILE, ((n * output) / parts) * taps * MULTIPLY_ADD);
    // Those who share the channels of one part each gather its windows anew: products must outweigh it.
    return { ...plan, ...(parts === 1 && { most: Math.ceil(o / (2 * TILE)) }), scratch: [7, kernels.convFloats(args[0]!)] };
  },
  winograd: (args, kernels) => {
    const { o, taps, groups } = windowAt(args[0]!);
    // About a third of the products of a sum over the taps.
    const side = args[1]!, tiles = args[3]! - args[2]!, cost = (side ** 2 * taps * o * MULTIPLY_ADD) / 3;
    // Few tiles are left whole: every thread reads its own filters, once, and transforms the input anew. 3x3 layers by two threads
    // instead of one, relaxed build in Node 26, AMD EPYC (Zen 5):
    //
    //                     tiles of 12   channels, chunks for each thread: 4      2      1
    //   64 -> 64 @56         1.91                                                      1.71
    //   128 -> 128 @28       1.79                                                      1.85
    //   256 -> 256 @14       1.32                                        1.60   1.80   1.92
    //   512 -> 512 @7        1.00                                        1.31   1.58   1.82
    const plan = tiles >= LEAST_TILES * TILE
      ? range(args, 2, TILE, cost)
      : { ...range(args, 4, groups > 1 ? o / groups : 2 * PANEL, (cost * tiles) / o), each: 1 };
    return { ...plan, scratch: [10, kernels.winogradFloats(args[0]!, side)] };
  },
  winogradFilterAdjoint: (args, kernels) => {
    const { n, c, o, output } = windowAt(args[0]!);
    const plan = range(args, 1, TILE, (n * output * 36 * c * MULTIPLY_ADD) / 16);
    // Every thread transforms the whole input.
    return { ...plan, most: Math.ceil(o / (4 * TILE)), scratch: [6, kernels.winogradFilterAdjointFloats(args[0]!)] };
  },
  packFilters: (args) => {
    const { groups, o, taps } = windowAt(args[0]!);
    // Panels hold the filters of one group.
    return range(args, 1, groups > 1 ? o / groups : PANEL, FLOAT * 4 * taps);
  },
  convInputAdjoint: (args, kernels) => {
    const { n, o, output, taps } = windowAt(args[0]!);
    const plan = images([4], [1])(args, kernels);
    return { ...plan, cost: n * output * o * taps * MULTIPLY_ADD, scratch: [5, kernels.columnFloats(args[0]!)] };
  },
  depthwise: (args, kernels) => {
    const { o, groups, taps } = windowAt(args[0]!);
    return { ...range(args, 1, TILE, POSITION + o * taps * TAP), scratch: [7, o > groups ? kernels.groupedFloats(args[0]!) : 0] };
  },
  depthwiseInputAdjoint: images([4], [1]),
  maxPool: pooled,
  avgPool: pooled,
  maxPoolAdjoint: images([3], [1, 2]),
  maxPoolSelect: images([2], [1, 3]),
  maxUnpool: images([3], [1, 2]),
  avgPoolAdjoint: images([4], [3]),
  resample: images([3], [4], 2),
  resampleAdjoint: images([4], [3], 2),

  gemm: (args) => finished(args, product(args, args[2]! * PANEL), 7, 8),
  gemmInPlace: (args) => product(args, PANEL),
  gemv: (args) => {
    const [m, , k] = args as [number, number, number];
    // Rows of the result lie one behind the other: its columns are shared out where there is one row.
    if (m > 1) return whole(args);
    return finished(args, moved(args, 1, LINES, k * FLOAT, [[4, k], [6, 1]]), 5, 6);
  },
  packB: (args) => {
    const [k, n, , , cs] = args as [number, number, number, number, number];
    return { ...panels(args, n, FLOAT * 4 * k * PANEL), part: columns(args, [[2, PANEL * cs], [5, PANEL * k]]) };
  },

  normalise: normalised([4, 11], [5, 6, 7], 10, 3),
  normaliseInputAdjoint: normalised([4, 11, 13], [5, 6, 7, 9, 10], 12, 5),

  softmax: vectors(2, 3),
  softmaxAdjoint: vectors(2, 3, 4),
  logSoftmax: vectors(2, 3),
  logSoftmaxAdjoint: vectors(2, 3, 4),

  addBroadcast: walked(FLOAT), subBroadcast: walked(FLOAT), mulBroadcast: walked(FLOAT), divBroadcast: walked(FLOAT),
  maximumBroadcast: walked(FLOAT), minimumBroadcast: walked(FLOAT), powBroadcast: walked(SERIES), where: walked(FLOAT), expand: walked(FLOAT),

  add: elements(FLOAT, 1, 2, 3), scale: elements(FLOAT, 2, 3), axpy: elements(FLOAT, 2, 3),
  copy: elements(FLOAT, 1, 2), fill: elements(FLOAT, 2), clamp: elements(FLOAT, 3, 4), clampAdjoint: elements(FLOAT, 3, 4, 5),
  abs: elements(FLOAT, 1, 2), sqrt: elements(FLOAT, 1, 2), rsqrt: elements(FLOAT, 1, 2), exp: elements(SERIES, 1, 2), log: elements(SERIES, 1, 2),
  relu: elements(FLOAT, 1, 2), reluAdjoint: elements(FLOAT, 1, 2, 3),
  leakyRelu: elements(FLOAT, 2, 3), leakyReluAdjoint: elements(FLOAT, 2, 3, 4), hardtanhAdjoint: elements(FLOAT, 3, 4, 5),
  hardsigmoid: elements(FLOAT, 1, 2), hardsigmoidAdjoint: elements(FLOAT, 1, 2, 3),
  hardswish: elements(FLOAT, 1, 2), hardswishAdjoint: elements(FLOAT, 1, 2, 3),
  sigmoid: elements(SERIES, 1, 2), sigmoidAdjoint: elements(SERIES, 1, 2, 3), silu: elements(SERIES, 1, 2), siluAdjoint: elements(SERIES, 1, 2, 3),
  tanh: elements(SERIES, 1, 2), tanhAdjoint: elements(SERIES, 1, 2, 3), elu: elements(SERIES, 3, 4), eluAdjoint: elements(SERIES, 3, 4, 5),
  gelu: elements(SERIES, 1, 2), geluAdjoint: elements(SERIES, 1, 2, 3), geluTanh: elements(SERIES, 1, 2), geluTanhAdjoint: elements(SERIES, 1, 2, 3),
  softplus: elements(SERIES, 3, 4), softplusAdjoint: elements(SERIES, 3, 4, 5),
  sgd: elements(2 * FLOAT, 6, 7, 8), adam: elements(FLOAT, 9, 10, 11, 12, 13), rmsprop: elements(FLOAT, 7, 8, 9, 10, 11),
};

/** A product is split by rows where it has as many tiles: enough to share out evenly among a few threads. */
const LEAST_TILES = 8;

/** The first argument is a number of elements, those at `pointers` move along; 0 stands for no array. */
function elements(cost: number, ...pointers: number[]): Split {
  const steps = pointers.map((at) => [at, 1] as const);
  return (args) => moved(args, 0, LINES, cost, steps);
}

/** args[0] rows of args[1] floats. */
function vectors(...pointers: number[]): Split {
  return (args) => moved(args, 0, 1, args[1]! * SERIES, pointers.map((at) => [at, args[1]!]));
}

/** args[count] rows; the pointers move by so many floats from one row to the next. */
function moved(args: Arguments, count: number, grain: number, cost: number, steps: Steps): Plan {
  const rows = args[count]!;
  return {
    rows,
    grain,
    cost: rows * cost,
    part: (from, to) => {
      const part = [...args];
      part[count] = to - from;
      move(part, steps, from);
      return part;
    },
  };
}

function move(args: number[], steps: Steps, rows: number): void {
  for (const [at, step] of steps) if (args[at] !== 0) args[at]! += rows * step * 4;
}

/** Rows from args[at] to args[at + 1]. */
function range(args: Arguments, at: number, grain: number, cost: number): Plan {
  const first = args[at]!, rows = args[at + 1]! - first;
  return {
    rows,
    grain,
    cost: rows * cost,
    part: (from, to) => {
      const part = [...args];
      part[at] = first + from;
      part[at + 1] = first + to;
      return part;
    },
  };
}

/** A product with many rows is split by rows, any other by columns; `panel` is the number of floats from one panel of b to the next. */
function product(args: Arguments, panel: number): Plan {
  const m = args[0]!, n = args[1]!, cost = m * n * args[2]! * MULTIPLY_ADD;
  if (m >= LEAST_TILES * TILE || m >= n) return moved(args, 0, TILE, cost / m, [[3, args[5] ? 1 : args[4]!], [8, args[9]!]]);
  return { ...panels(args, n, (cost / n) * PANEL), part: columns(args, [[6, panel], [8, PANEL]]) };
}

/** Parts with an epilogue (assembly/epilogue.ts) of their own: the bias goes on by columns, the residual lies as the result does. */
function finished(args: Arguments, plan: Plan, epilogue: number, result: number): Plan {
  if (args[epilogue] === 0) return plan;
  return {
    ...plan,
    part: (from, to, struct) => {
      const part = plan.part(from, to, struct);
      copy(args[epilogue]!, struct);
      const fields = ints(struct, 2);
      const moved = part[result]! - args[result]!;
      // Parts of the columns: the result begins as many columns further on as the bias.
      if (fields[0] !== 0 && part[1] !== args[1]) fields[0]! += moved;
      if (fields[1] !== 0) fields[1]! += moved;
      part[epilogue] = struct;
      return part;
    },
  };
}

/** Columns of a product in panels of 8; cost of a panel. */
function panels(args: Arguments, n: number, cost: number): Plan {
  const rows = Math.ceil(n / PANEL);
  return { ...whole(args), rows, cost: rows * cost };
}

/** Parts of a product's args[1] columns; the pointers move by so many floats from one panel to the next. */
function columns(args: Arguments, steps: Steps): Plan["part"] {
  return (from, to) => {
    const part = [...args];
    part[1] = Math.min(to * PANEL, args[1]!) - from * PANEL;
    move(part, steps, from);
    return part;
  };
}

/** A call that is not split. */
function whole(args: Arguments): Plan {
  return { rows: 1, grain: 1, cost: 0, part: () => [...args] };
}

function pooled(args: Arguments): Plan {
  const { o, seen } = windowAt(args[0]!);
  return range(args, 1, 1, POSITION + o * seen * TAP);
}

/** Images of a window's batch; which arguments are inputs and outputs of the window, and how many floats wide its scratch. */
function images(inputs: number[], outputs: number[], scratch?: number): Split {
  return (args) => {
    const { n, c, o, w, input, output, seen } = windowAt(args[0]!);
    const steps = [...inputs.map((at) => [at, input * c] as const), ...outputs.map((at) => [at, output * o] as const)];
    return {
      rows: n,
      grain: 1,
      cost: n * output * (POSITION + o * seen * TAP),
      part: (from, to, struct) => {
        copy(args[0]!, struct);
        ints(struct, 1)[0] = to - from;
        const part = [struct, ...args.slice(1)];
        move(part, steps, from);
        return part;
      },
      ...(scratch !== undefined && { scratch: [scratch, w * c] as const }),
    };
  };
}

/** Normalisation: blocks where there are several, else rows. `maps` move by rows, `statistics` by blocks. */
function normalised(maps: number[], statistics: number[], scratch: number, factor: number): Split {
  return (args) => {
    const [blocks, rows, width, groups] = args as [number, number, number, number];
    const size = blocks > 1 ? rows * width : width;
    const steps = [...maps.map((at) => [at, size] as const), ...(blocks > 1 ? statistics.map((at) => [at, groups] as const) : [])];
    const grain = blocks > 1 ? 1 : Math.ceil(LINES / Math.max(width, 1));
    return { ...moved(args, blocks > 1 ? 0 : 1, grain, size * FLOAT, steps), scratch: [scratch, factor * width] };
  };
}

/** The outermost axis of a walk over several operands (assembly/broadcast.ts); the last argument is the dense result. */
function walked(cost: number): Split {
  return (args) => {
    const fields = ints(args[0]!, 33);
    const rank = fields[0]!, rows = fields[1]!;
    let size = 1;
    for (let axis = 1; axis < rank; axis++) size *= fields[1 + axis]!;
    const steps: (readonly [number, number])[] = [[args.length - 1, size]];
    for (let operand = 1; operand < args.length - 1; operand++) steps.push([operand, fields[1 + 8 * operand]!]);
    return {
      rows,
      grain: rank === 1 ? LINES : 1,
      cost: rows * size * cost,
      part: (from, to, struct) => {
        copy(args[0]!, struct);
        ints(struct, 2)[1] = to - from;
        const part = [struct, ...args.slice(1)];
        move(part, steps, from);
        return part;
      },
    };
  };
}

/** What plans need to know of a window (assembly/window.ts); `seen` is the number of inputs that one output sees. */
function windowAt(ptr: number): Record<"n" | "c" | "w" | "o" | "groups" | "input" | "output" | "taps" | "seen", number> {
  const fields = ints(ptr, 22);
  const at = (i: number): number => fields[i]!;
  const kernel = at(9) * at(10) * at(11), input = at(2) * at(3) * at(4), output = at(6) * at(7) * at(8);
  return {
    n: at(0), c: at(1), w: at(4), o: at(5), groups: at(21), input, output,
    taps: (kernel * at(1)) / at(21),
    // A kernel of 0 shares the input out among the outputs.
    seen: Math.max(kernel, input / Math.max(output, 1), 1),
  };
}

/** Copies a geometry without its scratch. */
function copy(from: number, to: number): void {
  ints(to, 36).set(ints(from, 36));
}

function ints(ptr: number, length: number): Int32Array {
  return new Int32Array(memory.buffer, ptr, length);
}
