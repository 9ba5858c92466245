// The engines that the tests run in: this Node and the system's Chromium, each once per build that it validates. Plain
// JavaScript, because scripts/test.mjs reads it too and Node 20 runs no TypeScript.

import { existsSync } from "node:fs";

/** @typedef {"scalar" | "simd" | "relaxed"} Build */

/** @type {Build[]} */
export const builds = ["scalar", "simd", "relaxed"];

const named = process.env["CHROMIUM_PATH"];

/** The system's Chromium, or undefined. @type {string | undefined} */
export const chromium = (named ? [named] : [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]).find((path) => existsSync(path));

// (module (func (result v128) (f32x4.relaxed_madd 0 0 0))): does this Node have relaxed SIMD?
const nodeHasRelaxed = WebAssembly.validate(
  Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11),
);

/** The builds that this Node validates. */
export const nodeBuilds = builds.filter((build) => build !== "relaxed" || nodeHasRelaxed);

/**
 * What the tests cannot run here, and why. `missing` is what an installation can mend, as opposed to what the engine at hand
 * was never able to do: Node 20 is the last one without relaxed SIMD.
 *
 * @type {{ what: string, why: string, missing: boolean }[]}
 */
export const notRun = [];
if (!nodeHasRelaxed) {
  const [major] = process.versions.node.split(".");
  notRun.push({ what: `relaxed in Node ${major}`, why: "no relaxed SIMD", missing: Number(major) > 20 });
}
if (!chromium) {
  notRun.push({
    what: "chromium",
    why: named ? `CHROMIUM_PATH is ${named}, which does not exist` : "not found; install Debian's chromium or set CHROMIUM_PATH",
    missing: true,
  });
}
