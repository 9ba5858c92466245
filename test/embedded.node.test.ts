import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encode } from "../scripts/embed.mjs";
import * as form from "../src/runtime/embedded.ts";

const text = (build: string): string => readFileSync(`dist/wasm/${build}.txt`, "utf8");
const file = (build: string): Buffer => readFileSync(`dist/wasm/${build}.wasm`);

test("the texts in the bundle are the modules, byte for byte", () => {
  const simd = form.decode(text("simd"));
  expect(Buffer.compare(simd, file("simd"))).toBe(0);
  for (const build of ["scalar", "relaxed"]) expect(Buffer.compare(form.decode(text(build), simd), file(build))).toBe(0);
});

test("texts are of characters that nobody escapes", () => {
  for (const build of ["scalar", "simd", "relaxed"]) expect(text(build)).toMatch(/^[#-[\]-~]*$/);
});

test("every byte, alone and after any other thing", () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const things = [Buffer.alloc(0), all, Buffer.from([...all].reverse()), Buffer.concat([all.subarray(100), all, all.subarray(0, 50)]), Buffer.alloc(300, 7)];
  for (const base of things) {
    for (const target of things) expect(form.decode(encode(form, target, base), base)).toEqual(new Uint8Array(target));
  }
});
