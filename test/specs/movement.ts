// What the specs of operations that move elements share.

import type { Layout, Shape, Tensor } from "../../src/index.ts";
import { withLayout } from "../../src/tape.ts";
import { at, forEachIndex, type NdArray, ndarray, setAt } from "../array.ts";
import type { Case } from "./spec.ts";

/** An option of every case: how x lies in memory; as `tensor` makes it by default. */
export interface Laid {
  layout?: Layout | undefined;
}

export function lay(x: Tensor, { layout }: Laid): Tensor {
  return layout ? withLayout(x, layout) : x;
}

/** Each case in every layout that there is for the rank of its first argument. */
export function inLayouts<O extends object>(cases: Case<O>[]): Case<O & Laid>[] {
  return cases.flatMap(({ shapes, options }) => {
    const rank = shapes[0]!.length;
    const layouts: (Layout | undefined)[] = rank < 3 || rank > 5 ? [undefined] : ["rowMajor", "channelsLast"];
    return layouts.map((layout) => ({ shapes, options: layout ? { ...options, layout } : options }));
  });
}

/** y[i] = x[source(i)] */
export function pick(x: NdArray, shape: Shape, source: (index: number[]) => number[]): NdArray {
  const y = ndarray(shape);
  forEachIndex(shape, (...index) => setAt(y, at(x, ...source(index)), ...index));
  return y;
}
