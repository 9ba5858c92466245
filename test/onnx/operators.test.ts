import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memory, type MemoryReport } from "../../src/index.ts";
import type { AttributeSpec, TensorSpec } from "./encode.ts";
import { counting, ints, type Outcome, runModel, runNode } from "./run.ts";

// Operators against their definitions as plain loops, and small cases worked out by hand. ONNX's own tests are run by
// scripts/onnxNodeTests.mjs.

let before: MemoryReport;
beforeEach(() => void (before = memory()));
afterEach(() => expect(memory()).toEqual({ ...before, capacity: expect.any(Number) }));

type Attributes = Record<string, AttributeSpec>;

const wavy = (shape: readonly number[]): TensorSpec => ({ shape, data: counting(shape).data!.map((i) => Math.sin(1.7 * i + 0.3)) });

function close(got: Outcome, shape: readonly number[], expected: readonly number[]): void {
  expect(got.shape).toEqual(shape);
  expected.forEach((value, i) => expect(Math.abs(got.data[i]! - value),
    `element ${i}`).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(value))));
}

/** What the windows along one axis see: for every output the taps, by their place in the input; null in the padding. */
function windows(length: number, { kernel, stride = 1, dilation = 1, pads = [0, 0], auto = "NOTSET", ceil = false }: {
  kernel: number; stride?: number; dilation?: number; pads?: [number, number]; auto?: string; ceil?: boolean;
}): (number | null | undefined)[][] {
  const extent = dilation * (kernel - 1) + 1;
  let [front, back] = pads;
  if (auto === "VALID") [front, back] = [0, 0];
  if (auto.startsWith("SAME")) {
    const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + extent - length);
    front = auto === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
    back = total - front;
  }
  const found: (number | null | undefined)[][] = [];
  const end = length + back;
  // With ceil_mode one more window starts before the end padding, and reaches beyond it.
  const another = (start: number): boolean => (ceil && start > -front ? start < length && start - stride + extent < end : start + extent <= end);
  for (let start = -front; another(start); start += stride) {
    // null in the padding, undefined beyond it.
    const place = (at: number): number | null | undefined => (at >= end ? undefined : at < 0 || at >= length ? null : at);
    found.push(Array.from({ length: kernel }, (_, k) => place(start + k * dilation)));
  }
  return found;
}

const geometries: [string, Attributes, Parameters<typeof windows>[1]][] = [
  ["plain", {}, { kernel: 3 }],
  ["strides", { strides: [2, 2] }, { kernel: 3, stride: 2 }],
  ["uneven pads", { pads: [0, 0, 2, 2] }, { kernel: 3, pads: [0, 2] }],
  ["pads wider than half the kernel", { pads: [2, 2, 2, 2], strides: [2, 2] }, { kernel: 3, pads: [2, 2], stride: 2 }],
  ["dilations", { dilations: [2, 2] }, { kernel: 3, dilation: 2 }],
  ["dilations and pads", { dilations: [2, 2], pads: [1, 1, 2, 2], strides: [2, 2] }, { kernel: 3, dilation: 2, pads: [1, 2], stride: 2 }],
  ["SAME_UPPER", { auto_pad: "SAME_UPPER", strides: [2, 2] }, { kernel: 3, stride: 2, auto: "SAME_UPPER" }],
  ["SAME_LOWER", { auto_pad: "SAME_LOWER", strides: [2, 2] }, { kernel: 3, stride: 2, auto: "SAME_LOWER" }],
  ["VALID", { auto_pad: "VALID", strides: [3, 3] }, { kernel: 3, stride: 3, auto: "VALID" }],
];
const ceiled: typeof geometries = [
  ["ceil_mode", { ceil_mode: 1, strides: [2, 2] }, { kernel: 3, stride: 2, ceil: true }],
  ["ceil_mode with uneven pads", { ceil_mode: 1, strides: [3, 3], pads: [1, 1, 2, 2] }, { kernel: 3, stride: 3, pads: [1, 2], ceil: true }],
];

/** y[c, i, j] of a square window over maps [1, channels, n, n], from the taps that lie in the input and their number of either kind. */
function pool(x: TensorSpec, along: ReturnType<typeof windows>,
  reduce: (values: number[], places: number[], padded: number) => number): number[] {
  const n = x.shape[2]!, y: number[] = [];
  for (let c = 0; c < x.shape[1]!; c++) {
    for (const rows of along) for (const columns of along) {
      const values: number[] = [], places: number[] = [];
      let padded = 0;
      for (const row of rows) for (const column of columns) {
        if (row === undefined || column === undefined) continue;
        padded++;
        if (row === null || column === null) continue;
        places.push((c * n + row) * n + column);
        values.push(x.data![places.at(-1)!]!);
      }
      y.push(reduce(values, places, padded));
    }
  }
  return y;
}

describe.each([6, 7])("windows over %i x %i", (n) => {
  const x = wavy([1, 2, n, n]);
  describe.each([...geometries, ...ceiled])("%s", (_, attributes, geometry) => {
    const along = windows(n, geometry), shape = [1, 2, along.length, along.length];
    const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
    test("MaxPool", () => {
      const { y } = runNode("MaxPool", { x }, { attributes: { kernel_shape: [3, 3], ...attributes } });
      close(y!, shape, pool(x, along, (values) => Math.max(...values)));
    });
    test("indices of MaxPool", () => {
      const options = { attributes: { kernel_shape: [3, 3], ...attributes }, outputs: ["y", "at"] };
      if (pool(x, along, (values) => values.length).includes(0)) {
        return expect(() => runNode("MaxPool", { x }, options)).toThrow("a window lies wholly in the padding");
      }
      expect(runNode("MaxPool", { x }, options)["at"]!.data).toEqual(pool(x, along,
        (values, places) => places[values.indexOf(Math.max(...values))]!));
    });
    test.each([0, 1])("AveragePool, count_include_pad %i", (count_include_pad) => {
      const { y } = runNode("AveragePool", { x }, { opset: 19, attributes: { kernel_shape: [3, 3], count_include_pad, ...attributes } });
      const expected = pool(x, along, (values, places, padded) => sum(values) / (count_include_pad ? padded : places.length));
      close({ ...y!, data: y!.data.map((value) => value || 0) }, shape, expected.map((value) => value || 0));
    });
    test("LpPool", () => {
      const { y } = runNode("LpPool", { x }, { attributes: { kernel_shape: [3, 3], p: 3, ...attributes } });
      close(y!, shape, pool(x, along, (values) => sum(values.map((value) => Math.abs(value) ** 3)) ** (1 / 3)));
    });
  });
  test.each(geometries)("Conv, %s", (_, attributes, geometry) => {
    const along = windows(n, geometry), w = wavy([3, 2, 3, 3]), b = wavy([3]);
    const { y } = runNode("Conv", { x }, { constants: { w, b }, attributes });
    const expected: number[] = [];
    for (let o = 0; o < 3; o++) for (const rows of along) for (const columns of along) {
      let total = b.data![o]!;
      rows.forEach((row, u) => columns.forEach((column, v) => {
        if (typeof row !== "number" || typeof column !== "number") return;
        for (let c = 0; c < 2; c++) total += w.data![((o * 2 + c) * 3 + u) * 3 + v]! * x.data![(c * n + row) * n + column]!;
      }));
      expected.push(total);
    }
    close(y!, [1, 3, along.length, along.length], expected);
  });
});

describe("ConvTranspose", () => {
  const cases: [string, Attributes, { stride?: number; front: number; size: number; dilation?: number }][] = [
    ["strides", { strides: [2] }, { stride: 2, front: 0, size: 9 }],
    ["uneven pads", { strides: [2], pads: [2, 1] }, { stride: 2, front: 2, size: 6 }],
    ["output_padding", { strides: [3], output_padding: [2], pads: [1, 1] }, { stride: 3, front: 1, size: 12 }],
    ["dilations", { dilations: [2], pads: [0, 1] }, { dilation: 2, front: 0, size: 7 }],
    ["output_shape, larger", { strides: [2], output_shape: [12] }, { stride: 2, front: 0, size: 12 }],
    ["output_shape, smaller", { strides: [2], output_shape: [6] }, { stride: 2, front: 2, size: 6 }],
    ["output_shape, SAME_UPPER", { strides: [2], output_shape: [6], auto_pad: "SAME_UPPER" }, { stride: 2, front: 1, size: 6 }],
    ["SAME_LOWER", { strides: [2], auto_pad: "SAME_LOWER" }, { stride: 2, front: 1, size: 8 }],
  ];
  test.each(cases)("%s", (_, attributes, { stride = 1, front, size, dilation = 1 }) => {
    const x = wavy([1, 4, 4]), w = wavy([4, 1, 3]), b = wavy([2]);
    const { y } = runNode("ConvTranspose", { x }, { constants: { w, b }, attributes: { ...attributes, group: 2 } });
    const expected = Array.from({ length: 2 * size }, (_, i) => b.data![Math.floor(i / size)]!);
    for (let c = 0; c < 4; c++) for (let i = 0; i < 4; i++) for (let k = 0; k < 3; k++) {
      const at = i * stride + k * dilation - front;
      if (at >= 0 && at < size) expected[Math.floor(c / 2) * size + at]! += x.data![c * 4 + i]! * w.data![c * 3 + k]!;
    }
    close(y!, [1, 2, size], expected);
  });
});

describe("Resize", () => {
  const at: Record<string, (i: number, scale: number, length: number, output: number) => number> = {
    half_pixel: (i, scale) => (i + 0.5) / scale - 0.5,
    pytorch_half_pixel: (i, scale, _, output) => (output > 1 ? (i + 0.5) / scale - 0.5 : 0),
    asymmetric: (i, scale) => i / scale,
    align_corners: (i, _, length, output) => (output > 1 ? (i * (length - 1)) / (output - 1) : 0),
  };
  const rounds: Record<string, (x: number) => number> = {
    floor: Math.floor, ceil: Math.ceil, round_prefer_floor: (x) => Math.ceil(x - 0.5), round_prefer_ceil: (x) => Math.floor(x + 0.5),
  };
  const x = wavy([1, 2, 5, 4]);
  const clamp = (i: number, length: number): number => Math.min(Math.max(i, 0), length - 1);
  const cubic = (d: number, a = -0.75): number => {
    d = Math.abs(d);
    return d <= 1 ? (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1 : d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
  };
  /** Along one axis: weights of the inputs for each output. */
  function matrix(mode: string, place: string, round: string, length: number, output: number): number[][] {
    return Array.from({ length: output }, (_, i) => {
      const s = at[place]!(i, output / length, length, output), row = new Array<number>(length).fill(0);
      if (mode === "nearest") row[clamp(rounds[round]!(s), length)]! += 1;
      else for (let k = Math.floor(s) - 1; k <= Math.floor(s) + 2; k++) row[clamp(k, length)]! += mode === "linear" ? Math.max(0,
        1 - Math.abs(k - s)) : cubic(k - s);
      return row;
    });
  }
  const sizes = [[10, 8], [3, 2], [7, 9], [5, 3], [1, 1]];
  const methods = [...Object.keys(rounds).map((round) => ["nearest", round]), ["linear", "floor"], ["cubic", "floor"]] as [string,
    string][];
  test.each(methods)("%s, %s", (mode, round) => {
    for (const place of Object.keys(at)) for (const [oh, ow] of sizes as [number, number][]) {
      const { y } = runNode("Resize", { x }, {
        order: ["x", "", "", "sizes"], constants: { sizes: ints(1, 2, oh, ow) },
        attributes: { mode, nearest_mode: round, coordinate_transformation_mode: place },
      });
      const rows = matrix(mode, place, round, 5, oh), columns = matrix(mode, place, round, 4, ow), expected: number[] = [];
      for (let c = 0; c < 2; c++) for (const row of rows) for (const column of columns) {
        let total = 0;
        row.forEach((a, i) => column.forEach((b, j) => (total += a * b * x.data![(c * 5 + i) * 4 + j]!)));
        expected.push(total);
      }
      close(y!, [1, 2, oh, ow], expected);
    }
  });
  test("by scales, of some axes, as of version 18", () => {
    const { y } = runNode("Resize", { x: counting([1, 1, 2, 2]) }, {
      order: ["x", "", "scales"], constants: { scales: { shape: [1], data: [2] } }, attributes: { axes: [3], mode: "nearest" },
    });
    expect(y).toEqual({ shape: [1, 1, 2, 4], data: [0, 0, 1, 1, 2, 2, 3, 3] });
  });
  test("Upsample by attribute, as of version 7", () => {
    const { y } = runNode("Upsample", { x: counting([1, 1, 1, 2]) }, { opset: 7, attributes: { scales: { floats: [1, 1, 2, 2] } } });
    expect(y).toEqual({ shape: [1, 1, 2, 4], data: [0, 0, 1, 1, 0, 0, 1, 1] });
  });
});

describe("by hand", () => {
  const bool = (shape: readonly number[], data: readonly number[]): TensorSpec => ({ type: "bool", shape, data });
  const f = (shape: readonly number[], ...data: number[]): TensorSpec => ({ shape, data });
  type Case = [string, string, Record<string, TensorSpec>, Parameters<typeof runNode>[2], Record<string,
    { shape: number[]; data: number[] }>];
  const of = (shape: number[], ...data: number[]) => ({ y: { shape, data } });
  const cases: Case[] = [
    ["Add", "integers wrap", { a: { type: "int8", shape: [1], data: [100] } },
      { constants: { b: { type: "int8", shape: [1], data: [100] } } }, of([1], -56)],
    ["Div", "integers round to zero", { a: ints(-7, 7) }, { constants: { b: ints(2) } }, of([2], -3, 3)],
    ["Mod", "the divisor's sign", { a: ints(-7, 7) }, { constants: { b: ints(3, -3) } }, of([2], 2, -2)],
    ["Mod", "the dividend's sign", { a: ints(-7, 7) }, { constants: { b: ints(3, -3) }, attributes: { fmod: 1 } }, of([2], -1, 1)],
    ["Add", "axis, as before version 7", { a: counting([2, 2, 1]) },
      { opset: 6, constants: { b: f([2], 10, 20) }, attributes: { broadcast: 1, axis: 1 } }, of([2, 2, 1], 10, 21, 12, 23)],
    ["Pow", "a power of integers", { a: ints(2, 3) }, { constants: { b: f([], 3) } }, of([2], 8, 27)],
    ["Round", "halves to even", { a: f([4], 0.5, 1.5, 2.5, -0.5) }, {}, of([4], 0, 2, 2, -0)],
    ["Clip", "attributes, as before version 11", { x: f([3], -9, 2, 9) },
      { opset: 6, attributes: { min: { float: -1 }, max: { float: 5 } } }, of([3], -1, 2, 5)],
    ["Clip", "inputs that are fed", { x: f([3], -9, 2, 9), a: f([], -1), b: f([], 5) }, {}, of([3], -1, 2, 5)],
    ["Where", "a fed condition", { c: bool([2], [1, 0]), a: f([1], 5), b: f([2], 6, 7) }, {}, of([2], 5, 7)],
    ["Not", "a fed condition", { c: bool([2], [1, 0]) }, {}, of([2], 0, 1)],
    ["Cast", "floats to integers", { x: f([3], -1.7, 1.7, 300) }, { attributes: { to: 2 } }, of([3], 255, 1, 44)],
    ["Cast", "floats to conditions", { x: f([3], 0, 0.5, -2) }, { attributes: { to: 9 } }, of([3], 0, 1, 1)],
    ["Slice", "backwards", { x: counting([2, 4]) }, { constants: { s: ints(-1), e: ints(-9), a: ints(1), t: ints(-2) } },
      of([2, 2], 3, 1, 7, 5)],
    ["Slice", "integers backwards", { x: counting([4], "int64") }, { constants: { s: ints(9), e: ints(-9), a: ints(0), t: ints(-3) } },
      of([2], 3, 0)],
    ["Slice", "attributes, as before version 10", { x: counting([2, 4]) },
      { opset: 9, attributes: { starts: [1], ends: [3], axes: [1] } }, of([2, 2], 1, 2, 5, 6)],
    ["Gather", "indices counted from the end", { x: counting([3, 2]) },
      { constants: { i: { type: "int64", shape: [1, 2], data: [-1, 0] } } }, of([1, 2, 2], 4, 5, 0, 1)],
    ["Gather", "a fed index", { x: counting([3, 2]), i: { type: "int64", shape: [], data: [1] } }, {}, of([2], 2, 3)],
    ["GatherElements", "along axis 1", { x: counting([2, 2]) },
      { constants: { i: { type: "int64", shape: [2, 2], data: [0, 0, -1, 0] } }, attributes: { axis: 1 } }, of([2, 2], 0, 0, 3, 2)],
    ["GatherND", "batch_dims", { x: counting([2, 2, 2]) }, { constants: { i: { type: "int64", shape: [2, 1], data: [1, 0] } },
      attributes: { batch_dims: 1 } }, of([2, 2], 2, 3, 4, 5)],
    ["ScatterND", "the last one stays", { x: counting([4]) }, { constants: { i: { type: "int64", shape: [3, 1], data: [1, 3, 1] },
      u: f([3], 10, 11, 12) } }, of([4], 0, 12, 2, 11)],
    ["ScatterND", "sums", { x: counting([4]) }, { constants: { i: { type: "int64", shape: [3, 1], data: [1, 3, 1] },
      u: f([3], 10, 11, 12) }, attributes: { reduction: "add" } }, of([4], 0, 23, 2, 14)],
    ["ScatterElements", "along axis 1", { x: counting([1, 5]) },
      { constants: { i: { type: "int64", shape: [1, 2], data: [1, -2] }, u: f([1, 2], 10, 20) }, attributes: { axis: 1 } },
        of([1, 5], 0, 10, 2, 20, 4)],
    ["Pad", "reflect, wider than the axis", { x: counting([3]) }, { constants: { p: ints(5, 0) }, attributes: { mode: "reflect" } },
      of([8], 1, 0, 1, 2, 1, 0, 1, 2)],
    ["Pad", "wrap", { x: counting([3]) }, { opset: 19, constants: { p: ints(2, 1) }, attributes: { mode: "wrap" } },
      of([6], 1, 2, 0, 1, 2, 0)],
    ["Pad", "a negative border", { x: counting([4]) }, { constants: { p: ints(-1, 2), v: f([], 7) } }, of([5], 1, 2, 3, 7, 7)],
    ["Pad", "integers", { x: counting([2], "int64") }, { constants: { p: ints(1, 1), v: { type: "int64", shape: [], data: [9] } } },
      of([4], 9, 0, 1, 9)],
    ["Pad", "attributes, as before version 11", { x: counting([2]) }, { opset: 10, attributes: { pads: [1, 0], value: { float: 3 } } },
      of([3], 3, 0, 1)],
    ["Tile", "along both axes", { x: counting([1, 2]) }, { constants: { r: ints(2, 2) } }, of([2, 4], 0, 1, 0, 1, 0, 1, 0, 1)],
    ["Tile", "integers", { x: ints(3, 4) }, { constants: { r: ints(2) } }, of([4], 3, 4, 3, 4)],
    ["Reshape", "0 and -1", { x: counting([2, 3, 2]) }, { constants: { s: ints(0, -1) } }, of([2, 6], ...counting([12]).data!)],
    ["Expand", "integers", { x: ints(1, 2) }, { constants: { s: ints(2, 1) } }, of([2, 2], 1, 2, 1, 2)],
    ["ReduceProd", "an odd number of elements", { x: f([5], 1, 2, 3, 4, 5) }, {}, of([1], 120)],
    ["ReduceSum", "integers", { x: counting([2, 2], "int64") }, { constants: { a: ints(0) }, attributes: { keepdims: 0 } }, of([2], 2, 4)],
    ["ReduceMax", "nothing", { x: f([0, 2]) }, { constants: { a: ints(0) } }, of([1, 2], -Infinity, -Infinity)],
    ["ReduceL2", "of no axes", { x: f([2], -3, 4) }, { constants: { a: ints() }, attributes: { noop_with_empty_axes: 1 } }, of([2], 3, 4)],
    ["ArgMax", "the last of equal ones", { x: f([4], 3, 5, 5, 1) }, { attributes: { select_last_index: 1 } }, of([1], 2)],
    ["CumSum", "backwards, without the element itself", { x: counting([4]) },
      { constants: { a: { type: "int64", shape: [], data: [0] } }, attributes: { reverse: 1, exclusive: 1 } }, of([4], 6, 5, 3, 0)],
    ["CumSum", "forwards along the first axis, an infinite element among them", { x: f([3, 2], 1, 2, Infinity, 4, 5, 6) },
      { constants: { a: { type: "int64", shape: [], data: [0] } } }, of([3, 2], 1, 2, Infinity, 6, Infinity, 12)],
    ["CumSum", "of five, backwards", { x: counting([1, 5]) },
      { constants: { a: { type: "int64", shape: [], data: [-1] } }, attributes: { reverse: 1 } }, of([1, 5], 10, 10, 9, 7, 4)],
    ["EyeLike", "above the diagonal, of another kind", { x: counting([2, 3]) }, { attributes: { k: 1, dtype: 7 } }, of([2, 3], 0, 1, 0, 0, 0, 1)],
    ["Unique", "sorted", { x: f([5], 2, 1, 2, 3, 1) }, { outputs: ["y", "first", "inverse", "counts"] }, {
      ...of([3], 1, 2, 3), first: { shape: [3], data: [1, 0, 3] }, inverse: { shape: [5], data: [1, 0, 1, 2, 0] }, counts: { shape: [3], data: [2, 2, 1] },
    }],
    ["Unique", "columns as they come", { x: f([2, 3], 5, 1, 5, 6, 2, 6) }, { attributes: { axis: 1, sorted: 0 } }, of([2, 2], 5, 1, 6, 2)],
    ["OneHot", "along axis 0", { i: ints(1, -1) }, { constants: { d: { type: "int64", shape: [], data: [3] }, v: f([2], 2, 5) },
      attributes: { axis: 0 } }, of([3, 2], 2, 2, 5, 2, 2, 5)],
    ["NonZero", "of a matrix", { x: f([2, 2], 0, 1, 2, 0) }, {}, of([2, 2], 0, 1, 1, 0)],
    ["Trilu", "the lower part", { x: counting([2, 2]) }, { attributes: { upper: 0 } }, of([2, 2], 0, 0, 2, 3)],
    ["DepthToSpace", "DCR", { x: counting([1, 8, 1, 1]) }, { attributes: { blocksize: 2 } }, of([1, 2, 2, 2], 0, 2, 4, 6, 1, 3, 5, 7)],
    ["DepthToSpace", "CRD", { x: counting([1, 8, 1, 1]) }, { attributes: { blocksize: 2, mode: "CRD" } },
      of([1, 2, 2, 2], 0, 1, 2, 3, 4, 5, 6, 7)],
    ["SpaceToDepth", "the other way", { x: counting([1, 2, 2, 2]) }, { attributes: { blocksize: 2 } },
      of([1, 8, 1, 1], 0, 4, 1, 5, 2, 6, 3, 7)],
    ["LRN", "an even window", { x: f([1, 3, 1], 1, 2, 3) }, { attributes: { size: 2, alpha: { float: 2 }, beta: { float: 1 },
      bias: { float: 1 } } }, of([1, 3, 1], Math.fround(1 / 6), Math.fround(2 / 14), Math.fround(3 / 10))],
    ["Hardmax", "the first of equal ones", { x: f([1, 3], 1, 4, 4) }, {}, of([1, 3], 0, 1, 0)],
    ["Hardmax", "all axes from 1 on, as before version 13", { x: f([1, 2, 2], 1, 4, 2, 3) }, { opset: 11 }, of([1, 2, 2], 0, 1, 0, 0)],
    ["PRelu", "a slope for each channel", { x: f([1, 2, 1, 2], -1, 2, -3, 4) }, { constants: { s: f([2, 1, 1], 10, 100) } },
      of([1, 2, 1, 2], -10, 2, -300, 4)],
    ["Gemm", "all attributes", { a: counting([2, 2]), b: counting([2, 2]) },
      { constants: { c: f([2, 1], 1, 2) }, attributes: { alpha: { float: 2 }, beta: { float: 10 }, transA: 1, transB: 1 } },
      of([2, 2], 14, 22, 26, 42)],
    ["Einsum", "a bilinear form", { a: counting([2, 2]), b: counting([2, 3]) }, { attributes: { equation: "ij, jk -> ki" } },
      of([3, 2], 3, 9, 4, 14, 5, 19)],
    ["Einsum", "a trace of a product, implied", { a: counting([2, 3]), b: counting([2, 3]) }, { attributes: { equation: "ab,ab" } },
      of([], 55)],
    ["TopK", "the smallest", { x: f([4], 3, 1, 2, 1) }, { constants: { k: ints(3) }, attributes: { largest: 0 }, outputs: ["y", "at"] },
      { y: { shape: [3], data: [1, 1, 2] }, at: { shape: [3], data: [1, 3, 2] } }],
    ["Split", "parts", { x: counting([5]) }, { constants: { s: ints(2, 3) }, outputs: ["y", "z"] },
      { y: { shape: [2], data: [0, 1] }, z: { shape: [3], data: [2, 3, 4] } }],
    ["Split", "a shorter last part", { x: counting([5]) }, { attributes: { num_outputs: 2 }, outputs: ["y", "z"] },
      { y: { shape: [3], data: [0, 1, 2] }, z: { shape: [2], data: [3, 4] } }],
    ["Shape", "a part", { x: counting([2, 3, 4]) }, { attributes: { start: -2 } }, of([2], 3, 4)],
    ["MaxUnpool", "where the maxima came from", { x: f([1, 1, 1, 2], 5, 6) },
      { constants: { i: { type: "int64", shape: [1, 1, 1, 2], data: [1, 6] } }, attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
      of([1, 1, 2, 4], 0, 5, 0, 0, 0, 0, 6, 0)],
    ["NonMaxSuppression", "corners in any order", { b: f([1, 3, 4], 0, 0, 1, 1, 1, 1, 0, 0.1, 0, 2, 1, 3), s: f([1, 1, 3], 0.8, 0.9, 0.7) },
      { constants: { m: { type: "int64", shape: [1], data: [5] }, o: f([1], 0.5) } }, of([2, 3], 0, 0, 1, 0, 0, 2)],
    ["RoiAlign", "means of samples", { x: counting([1, 1, 3, 3]), r: f([1, 4], 0, 0, 2, 2) }, {
      opset: 16, constants: { b: ints(0) }, attributes: { output_height: 1, output_width: 2, sampling_ratio: 1 },
    }, of([1, 1, 1, 2], 1.5, 2.5)],
    ["GridSample", "zeros outside, corners aligned", { x: counting([1, 1, 2, 2]), g: f([1, 1, 3, 2], -1, -1, 0, 0, 3, 1) }, {
      opset: 16, attributes: { align_corners: 1 },
    }, of([1, 1, 1, 3], 0, 1.5, 0)],
  ];
  test.each(cases)("%s: %s", (op, _, inputs, options, expected) => {
    const got = runNode(op, inputs, options);
    for (const [name, outcome] of Object.entries(expected)) expect(got[name]).toEqual(outcome);
  });

  test("numbers of a graph inside of a node that become a tensor", () => {
    const inside = { graph: {
      nodes: [{ op: "Cast", inputs: ["k"], outputs: ["f"], attributes: { to: 1 } }, { op: "Add", inputs: ["x", "f"], outputs: ["s"] }],
      outputs: ["s"],
    } };
    const run = (data: number[]): number[] => runModel({
      inputs: { x: { shape: [3] } }, initializers: { k: { type: "int64", shape: [3], data: [1, 2, 3] }, nothing: { shape: [1], data: [0] } },
      nodes: [
        { op: "ReduceSum", inputs: ["x"], outputs: ["sum"], attributes: { keepdims: 0 } },
        { op: "Greater", inputs: ["sum", "nothing"], outputs: ["c"] },
        { op: "If", inputs: ["c"], outputs: ["y"], attributes: {
          then_branch: inside, else_branch: { graph: { nodes: [{ op: "Neg", inputs: ["x"], outputs: ["n"] }], outputs: ["n"] } },
        } },
      ],
      outputs: ["y"],
    }, { x: { shape: [3], data } })["y"]!.data;
    expect(run([4, 5, 6])).toEqual([5, 7, 9]);
    expect(run([4, 5, -16])).toEqual([-4, -5, 16]);
  });

  test("results that lie where an operand lay", () => {
    const x = wavy([1, 3, 2, 2]), of = (fn: (x: number, i: number) => number): number[] => x.data!.map(fn);
    const { max, clip, norm } = runModel({
      inputs: { x: { shape: x.shape }, p: { shape: [1] }, q: { shape: [1] } },
      initializers: { s: f([3], 1, 2, 3), b: f([3], 4, 5, 6), m: f([3], 0.1, 0.2, 0.3), v: f([3], 1, 4, 9), two: f([], 2) },
      nodes: [
        { op: "Mul", inputs: ["x", "two"], outputs: ["twice"] },
        { op: "Neg", inputs: ["x"], outputs: ["minus"] },
        { op: "Max", inputs: ["x", "minus", "twice"], outputs: ["max"] },
        { op: "Mul", inputs: ["q", "two"], outputs: ["top"] },
        { op: "Clip", inputs: ["p", "q", "top"], outputs: ["clip"] },
        { op: "Abs", inputs: ["x"], outputs: ["size"] },
        { op: "BatchNormalization", inputs: ["size", "s", "b", "m", "v"], outputs: ["norm"], attributes: { epsilon: { float: 0 } } },
      ],
      outputs: ["max", "clip", "norm"],
    }, { x, p: f([1], 9), q: f([1], 3) });
    close(max!, x.shape, of((value) => Math.max(2 * value, -value)));
    expect(clip!.data).toEqual([6]);
    close(norm!, x.shape, of((value, i) => {
      const c = Math.floor(i / 4);
      return ((Math.abs(value) - [0.1, 0.2, 0.3][c]!) / (c + 1)) * (c + 1) + c + 4;
    }));
  });

  test.each([["Sin", Math.sin], ["Cos", Math.cos]] as const)("%s", (op, exact) => {
    const data = Array.from({ length: 4001 }, (_, i) => Math.fround((i - 2000) / 20));
    const { y } = runNode(op, { x: f([data.length], ...data) });
    data.forEach((x, i) => expect(Math.abs(y!.data[i]! - exact(x)), `${op}(${x})`).toBeLessThan(2.5e-7));
  });

  test("Erf", () => {
    // Abramowitz and Stegun, table 7.1, and its odd reflection.
    const table = [[0, 0], [0.02, 0.0225645747], [0.1, 0.1124629160], [0.49, 0.5116682612], [0.5, 0.5204998778], [1, 0.8427007929],
      [2, 0.9953222650]];
    const data = table.flatMap(([x]) => [x!, -x!]);
    const { y } = runNode("Erf", { x: f([data.length], ...data) });
    table.flatMap(([, y]) => [y!, -y!]).forEach((value, i) => expect(Math.abs(y!.data[i]! - value)).toBeLessThan(2.5e-7));
  });
});
