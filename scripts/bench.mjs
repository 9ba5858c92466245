// Builds the bench (bench/index.ts, and bench/peak.ts once per build) and runs it. Arguments name the operations to time.
//   npm run bench [-- conv2d matmul]

import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import asc from "assemblyscript/asc";
import { build } from "esbuild";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const peaks = {};
for (const target of ["scalar", "simd", "relaxed"]) {
  const outFile = `dist/bench/peak-${target}.wasm`;
  const { error, stderr } = await asc.main(["bench/peak.ts", "--target", target, "--outFile", outFile]);
  process.stderr.write(stderr.toString());
  if (error) process.exit(1);
  peaks[target] = readFileSync(outFile).toString("base64");
}
await build({
  entryPoints: ["bench/index.ts"],
  outfile: "dist/bench/index.mjs",
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2022",
  define: { PEAK_MODULES: JSON.stringify(peaks) },
});
await import(pathToFileURL("dist/bench/index.mjs").href);
