import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decode } from "../src/runtime/embedded.ts";

test.each(["scalar", "simd", "relaxed"])("the text in the bundle is the module %s, byte for byte", (build) => {
  const text = readFileSync(`dist/wasm/${build}.txt`, "utf8");
  expect(text).toMatch(/^[#-[\]-~]*$/);
  expect(Buffer.compare(decode(text), readFileSync(`dist/wasm/${build}.wasm`))).toBe(0);
});
