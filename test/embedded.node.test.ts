import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { delta, encode } from "../scripts/embed.mjs";
import { decode, patch } from "../src/runtime/embedded.ts";

const text = (build: string): string => readFileSync(`dist/wasm/${build}.txt`, "utf8");
const file = (build: string): Buffer => readFileSync(`dist/wasm/${build}.wasm`);

test("the texts in the bundle are the modules, byte for byte", () => {
  const simd = decode(text("simd"));
  expect(Buffer.compare(simd, file("simd"))).toBe(0);
  for (const build of ["scalar", "relaxed"]) expect(Buffer.compare(patch(simd, decode(text(build))), file(build))).toBe(0);
});

test("texts are of characters that nobody escapes", () => {
  for (const build of ["scalar", "simd", "relaxed"]) expect(text(build)).toMatch(/^[#-[\]-~]*$/);
});

test("every byte, and deltas between any two things", () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  expect(decode(encode(all))).toEqual(new Uint8Array(all));
  const things = [Buffer.alloc(0), all, Buffer.from([...all].reverse()), Buffer.concat([all.subarray(100), all, all.subarray(0, 50)]), Buffer.alloc(300, 7)];
  for (const base of things) {
    for (const target of things) expect(patch(base, delta(base, target))).toEqual(new Uint8Array(target));
  }
});
