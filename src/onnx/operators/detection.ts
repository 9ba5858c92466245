// What detectors end with: decisions by the numbers themselves. They are made on the host.

import { type Call, GraphError } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { format, ShapeError } from "../../shape.ts";
import { axisOf, type Family, floats, input, int, scalar } from "./arguments.ts";
import { made, rowMajor } from "./numbers.ts";

function topK(call: Call): Value[] {
  const x = input(call, 0), axis = axisOf(call, -1, x.shape), length = x.shape[axis]!;
  const k = call.opset < 10 ? int(call, "k", -1) : scalar(call, 1) ?? -1;
  if (k < 0 || k > length) throw new GraphError(`k must be from 0 to ${length}, got ${k} (x ${format(x.shape)})`, call.node);
  const largest = int(call, "largest", 1) !== 0;
  const data = x.numbers(), inner = rowMajor(x.shape)[axis]!;
  const shape = x.shape.map((own, i) => (i === axis ? k : own));
  const count = k === 0 ? 0 : data.length / Math.max(1, length);
  const winners = Array.from({ length: count }, (_, line) => {
    const start = Math.floor(line / inner) * inner * length + (line % inner);
    const at = (i: number): number => data[start + i * inner]!;
    // Of equal ones the first comes first; NaN counts as the largest.
    const rank = (i: number): number => (Number.isNaN(at(i)) ? Infinity : at(i));
    const order = Array.from({ length }, (_, i) => i).sort((i, j) => {
      if (rank(i) === rank(j)) return i - j;
      return (rank(i) < rank(j)) === largest ? 1 : -1;
    });
    return { order, at };
  });
  const pick = (i: number): readonly [(at: number) => number, number] => {
    const { order, at } = winners[Math.floor(i / (inner * k)) * inner + (i % inner)]!;
    return [at, order[Math.floor(i / inner) % k]!];
  };
  return [
    made(x.dtype, shape, (i) => {
      const [at, place] = pick(i);
      return at(place);
    }),
    made("int64", shape, (i) => pick(i)[1]),
  ];
}

type Box = readonly [top: number, left: number, bottom: number, right: number];

function nonMaxSuppression(call: Call): Value {
  const boxes = floats(call, 0), scores = floats(call, 1);
  const [batches, count, four] = boxes.shape as [number, number, number];
  const [own, classes, spatial] = scores.shape as [number, number, number];
  if (boxes.shape.length !== 3 || scores.shape.length !== 3 || four !== 4 || own !== batches || spatial !== count) {
    throw new ShapeError(`boxes must be [N, B, 4], scores [N, C, B] (boxes ${format(boxes.shape)}, scores ${format(scores.shape)})`);
  }
  const most = scalar(call, 2) ?? 0, overlap = scalar(call, 3) ?? 0, least = scalar(call, 4) ?? -Infinity;
  const centered = int(call, "center_point_box", 0) !== 0;
  const places = boxes.numbers(), marks = scores.numbers();
  const box = (n: number, b: number): Box => {
    const [p, q, r, s] = [0, 1, 2, 3].map((i) => places[(n * count + b) * 4 + i]!) as [number, number, number, number];
    // [x, y, width, height], or two corners in either order.
    return centered ? [q - s / 2, p - r / 2, q + s / 2, p + r / 2] : [Math.min(p, r), Math.min(q, s), Math.max(p, r), Math.max(q, s)];
  };
  const selected: number[] = [];
  for (let n = 0; n < batches; n++) {
    const all = Array.from({ length: count }, (_, b) => box(n, b));
    for (let c = 0; c < classes; c++) {
      const score = (b: number): number => marks[(n * classes + c) * count + b]!;
      const candidates = all.map((_, b) => b).filter((b) => score(b) > least).sort((i, j) => score(j) - score(i) || i - j);
      const kept: number[] = [];
      for (const b of candidates) {
        if (kept.length >= most) break;
        if (kept.every((other) => intersectionOverUnion(all[b]!, all[other]!) <= overlap)) kept.push(b);
      }
      for (const b of kept) selected.push(n, c, b);
    }
  }
  return Value.known("int64", [selected.length / 3, 3], selected);
}

function intersectionOverUnion(a: Box, b: Box): number {
  const area = (box: Box): number => Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1]);
  const common = area([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]);
  const union = area(a) + area(b) - common;
  return union > 0 ? common / union : 0;
}

export const detections: Family = {
  NonMaxSuppression: nonMaxSuppression,
  TopK: topK,
};

