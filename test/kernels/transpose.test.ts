import { test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { ints } from "../../src/runtime/memory.ts";
import { product } from "../array.ts";
import { expectWords, withBuffers } from "./buffers.ts";

const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 13];

test("moves every 4-byte element to its place, and back", () => {
  for (const { n, rows, columns } of product({ n: [0, 1, 2, 3], rows: lengths, columns: lengths })) {
    withBuffers((buffers) => {
      const size = n * rows * columns;
      const x = buffers.output(size), y = buffers.output(size), again = buffers.output(size);
      // Words that are integers, and NaN with payloads: the kernel moves labels as well as floats.
      ints(x.ptr, size).forEach((_, i, words) => (words[i] = i % 3 === 0 ? 0x7f800001 + i : i * 0x01010101));
      const from = x.bits();
      kernels().transpose(n, rows, columns, x.ptr, y.ptr);
      const expected = new Uint32Array(size);
      for (let b = 0; b < n; b++) {
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) expected[(b * columns + j) * rows + i] = from[(b * rows + i) * columns + j]!;
        }
      }
      expectWords(`${n} x ${rows} x ${columns}`, y.bits(), expected);
      expectWords("x", x.bits(), from);
      kernels().transpose(n, columns, rows, y.ptr, again.ptr);
      expectWords(`${n} x ${rows} x ${columns} and back`, again.bits(), from);
    });
  }
});
