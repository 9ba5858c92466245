import { expect, test } from "vitest";
import { ints } from "../../src/runtime/memory.ts";
import { type Window, windowPtr } from "../../src/window.ts";
import source from "../../assembly/window.ts?raw";

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
  // An unmanaged class lies in memory as it is declared.
  const declared = source.slice(source.indexOf("export class Window"), source.indexOf("/** Output positions"));
  const fields = [...declared.matchAll(/(\w+): i32;/g)].map(([, name]) => name);
  const written = [...ints(windowPtr(win), 22)];
  expect(Object.fromEntries(fields.map((name, i) => [name, written[i]]))).toEqual({
    n: 1, c: 2, d: 3, h: 4, w: 5, o: 6, od: 7, oh: 8, ow: 9, kd: 10, kh: 11, kw: 12, sd: 13, sh: 14, sw: 15, pd: 16, ph: 17, pw: 18,
    ed: 19, eh: 20, ew: 21, groups: 22,
  });
});
