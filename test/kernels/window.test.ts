import { expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { ints } from "../../src/runtime/memory.ts";
import { type Window, windowPtr } from "../../src/window.ts";
import { withBuffers } from "./buffers.ts";

test("the host writes every field where the kernels read it", () => {
  const win: Window = {
    n: 1,
    c: 2, input: [3, 4, 5],
    o: 6, output: [7, 8, 9],
    kernel: [10, 11, 12],
    stride: [13, 14, 15],
    padding: [16, 17, 18],
    dilation: [19, 20, 21],
    groups: 22,
    inputShape: [], outputShape: [],
  };
  withBuffers((buffers) => {
    const out = buffers.output(22);
    kernels().windowProbe(windowPtr(win), out.ptr);
    expect([...ints(out.ptr, 22)]).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
  });
});
