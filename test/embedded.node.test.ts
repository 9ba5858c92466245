import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encode } from "../scripts/embed.mjs";
import { decode } from "../src/runtime/embedded.ts";
import * as form from "../src/runtime/textForm.ts";

const text = (build: string): string => readFileSync(`dist/wasm/${build}.txt`, "utf8");
const file = (build: string): Buffer => readFileSync(`dist/wasm/${build}.wasm`);

test("the texts in the bundle are the modules, byte for byte", () => {
  const relaxed = decode(text("relaxed"));
  expect(Buffer.compare(relaxed, file("relaxed"))).toBe(0);
  for (const build of ["scalar", "simd"]) expect(Buffer.compare(decode(text(build), relaxed), file(build))).toBe(0);
});

test("texts are of characters that nobody escapes", () => {
  for (const build of ["scalar", "simd", "relaxed"]) expect(text(build)).toMatch(/^[#-[\]-~]*$/);
});

test("every byte, alone and after any other thing", () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const things = [Buffer.alloc(0), all, Buffer.from([...all].reverse()), Buffer.concat([all.subarray(100), all, all.subarray(0, 50)]), Buffer.alloc(300, 7)];
  for (const base of things) {
    for (const target of things) expect(decode(encode(form, target, base), base)).toEqual(new Uint8Array(target));
  }
});
