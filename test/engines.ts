// The engines that the tests run in: this Node and the system's browsers, each once per build that it validates.

import { existsSync } from "node:fs";

export type Build = "scalar" | "simd" | "relaxed";
export const builds: Build[] = ["scalar", "simd", "relaxed"];

/** The system's Chromium, or undefined. */
export const chromium: string | undefined = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && existsSync(path));

/** (module (func (result v128) (f32x4.relaxed_madd 0 0 0))): does this Node have relaxed SIMD? */
export const nodeHasRelaxed: boolean = WebAssembly.validate(
  Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 17, 1, 15, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11),
);
